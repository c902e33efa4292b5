import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads with java.net.http.HttpClient as it comes, so that its requests over plain HTTP offer "Upgrade: h2c".
 * Arguments: the media type of the answers, or "frames" for a WebSocket; the address; the cursor to start with; and how
 * many milliseconds to wait between two polls. The cursor is appended to the address; an event stream takes it as
 * Last-Event-ID instead.
 *
 * <p>Prints what it receives, one JSON value a line: a batch, a frame, a line of NDJSON, or {"id", "event", "data"} for
 * an event of an event stream; and {"cut": …} for each connection that is lost. Ends when stdin does.
 */
public final class HttpClientReader {
    private static final Pattern SEQ = Pattern.compile("^\\{\"seq\":(\\d+)");
    private static final Pattern CURSOR = Pattern.compile("^\\{\"control\".*\"cursor\":\"([^\"]+)\"");

    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final HttpClient client = HttpClient.newHttpClient();
    private final String address;
    private final long pauseMs;
    private String cursor;
    private volatile long receivedAtNanos;

    private HttpClientReader(String address, String cursor, long pauseMs) {
        this.address = address;
        this.cursor = cursor;
        this.pauseMs = pauseMs;
    }

    public static void main(String[] args) throws Exception {
        HttpClientReader reader = new HttpClientReader(args[1], args[2], Long.parseLong(args[3]));
        Thread thread = new Thread(() -> reader.readForever(args[0]));
        thread.setDaemon(true);
        thread.start();
        System.in.readAllBytes();
        System.exit(0);
    }

    private void readForever(String format) {
        while (true) {
            try {
                switch (format) {
                    case "application/json" -> readBatch();
                    case "text/event-stream" -> readEventStream();
                    case "application/x-ndjson" -> readLines();
                    case "frames" -> readFrames();
                    default -> throw new IllegalArgumentException(format);
                }
            } catch (IOException | UncheckedIOException | CompletionException e) {
                print("{\"cut\":\"" + e.getClass().getSimpleName() + "\"}");
                pause(100);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void readBatch() throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(get(address + cursor).build(), BodyHandlers.ofString());
        expectOk(response);
        print(response.body());
        cursor = response.headers().firstValue("ETag").orElseThrow().replace("\"", "");
        pause(pauseMs);
    }

    private void readLines() throws IOException, InterruptedException {
        HttpResponse<InputStream> response = client.send(get(address + cursor).build(), BodyHandlers.ofInputStream());
        expectOk(response);
        // Not BodyHandlers.ofLines: it also gives the line that a cut left unfinished.
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = response.body().read(); next >= 0; next = response.body().read()) {
            if (next != '\n') {
                line.write(next);
                continue;
            }
            take(line.toString(StandardCharsets.UTF_8));
            line.reset();
        }
        throw new IOException("ended");
    }

    private void readEventStream() throws IOException, InterruptedException {
        HttpRequest request = get(address).header("Last-Event-ID", cursor).build();
        HttpResponse<Stream<String>> response = client.send(request, BodyHandlers.ofLines());
        expectOk(response);
        Map<String, String> fields = new HashMap<>();
        response.body().forEach(line -> {
            if (line.isEmpty()) {
                dispatch(fields);
                fields.clear();
            } else {
                String[] field = line.split(": ", 2);
                fields.put(field[0], field.length > 1 ? field[1] : "");
            }
        });
        throw new IOException("ended");
    }

    private void dispatch(Map<String, String> fields) {
        if (!fields.containsKey("data")) return;
        cursor = fields.getOrDefault("id", cursor);
        print("{\"id\":\"" + cursor + "\",\"event\":\"" + fields.getOrDefault("event", "message") + "\",\"data\":"
                + fields.get("data") + "}");
    }

    /**
     * JDK 17 does not always tell its listener that a connection ended within a frame: the socket then stays in
     * CLOSE-WAIT. As every reader of a WebSocket has to, this one takes silence for an end: events never pause for so
     * long here.
     */
    private void readFrames() throws IOException, InterruptedException {
        CompletableFuture<Void> lost = new CompletableFuture<>();
        URI uri = URI.create(address.replaceFirst("^http", "ws") + cursor);
        receivedAtNanos = System.nanoTime();
        WebSocket socket = client.newWebSocketBuilder().buildAsync(uri, new Listener(lost)).join();
        while (System.nanoTime() - receivedAtNanos < SILENCE_NANOS) {
            try {
                lost.get(100, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                continue;
            } catch (ExecutionException e) {
                throw new IOException(e.getCause());
            }
        }
        socket.abort();
        throw new IOException("silent");
    }

    private final class Listener implements WebSocket.Listener {
        private final CompletableFuture<Void> lost;
        private final StringBuilder text = new StringBuilder();

        Listener(CompletableFuture<Void> lost) {
            this.lost = lost;
        }

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            receivedAtNanos = System.nanoTime();
            text.append(part);
            if (last) {
                take(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            lost.completeExceptionally(new IOException("closed " + code));
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            lost.completeExceptionally(error);
        }
    }

    private void take(String message) {
        print(message);
        Matcher seq = SEQ.matcher(message);
        Matcher control = CURSOR.matcher(message);
        if (seq.find()) cursor = cursor.split("-")[0] + "-" + seq.group(1);
        else if (control.find()) cursor = control.group(1);
    }

    private HttpRequest.Builder get(String uri) {
        return HttpRequest.newBuilder(URI.create(uri));
    }

    private static void expectOk(HttpResponse<?> response) throws IOException {
        if (response.statusCode() != 200) throw new IOException("answered " + response.statusCode());
    }

    private static void pause(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static synchronized void print(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
