"""Reads with Python's standard library. Arguments: the media type of the answers, the address, the cursor to start with,
and how many milliseconds to wait between two polls. The cursor is appended to the address; an event stream takes it as
Last-Event-ID instead.

Prints what it receives, one JSON value a line: a batch, a line of NDJSON, or {"id", "event", "data"} for an event of an
event stream; and {"cut": …} for each connection that is lost. Ends when stdin does.
"""
import http.client
import json
import os
import sys
import threading
import time
import urllib.request


def read_batch(address, cursor, pause):
    with urllib.request.urlopen(address + cursor) as response:
        text = response.read().decode()
    print(text, flush=True)
    yield json.loads(text)["cursor"]
    time.sleep(pause)


def read_event_stream(address, cursor, _pause):
    request = urllib.request.Request(address, headers={"Last-Event-ID": cursor})
    with urllib.request.urlopen(request) as response:
        fields = {}
        for line in response:
            if not line.endswith(b"\n"):
                break
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            if name != "":
                fields[name] = value
                continue
            if "data" in fields:
                print(json.dumps({"event": "message", **fields, "data": json.loads(fields["data"])}), flush=True)
                yield fields.get("id", cursor)
            fields = {}
    raise ConnectionError("ended")


def read_lines(address, cursor, _pause):
    with urllib.request.urlopen(address + cursor) as response:
        for line in response:
            if not line.endswith(b"\n"):
                break
            text = line.decode().rstrip("\n")
            print(text, flush=True)
            cursor = cursor_after(cursor, json.loads(text))
            yield cursor
    raise ConnectionError("ended")


def cursor_after(cursor, message):
    if "seq" in message:
        return f"{cursor.split('-')[0]}-{message['seq']}"
    return message.get("cursor", cursor)


# Each is a generator of cursors: a stream may end anywhere, and is then resumed from the last one.
READERS = {
    "application/json": read_batch,
    "text/event-stream": read_event_stream,
    "application/x-ndjson": read_lines,
}


def read(media_type, address, cursor, pause_ms):
    while True:
        try:
            for reached in READERS[media_type](address, cursor, int(pause_ms) / 1000):
                cursor = reached
        except (OSError, http.client.HTTPException) as error:
            print(json.dumps({"cut": repr(error)}), flush=True)
            time.sleep(0.1)


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
read(*sys.argv[1:])
