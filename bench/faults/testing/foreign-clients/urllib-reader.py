"""Reads with Python's standard library. Arguments: the media type of the answers, the address, the cursor to start with,
and how many milliseconds to wait between two polls. The cursor is appended to the address; an event stream takes it as
Last-Event-ID instead.
"""
import http.client
import json
import sys
import time
import urllib.request

from reading import STREAMS, end_with_stdin, report, report_cut


def read_batch(address, cursor, pause):
    with urllib.request.urlopen(address + cursor) as response:
        text = response.read().decode()
    report(text)
    yield json.loads(text)["cursor"]
    time.sleep(pause)


def read_stream(stream, address, cursor):
    url, headers = stream.request(address, cursor)
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
        for line in response:
            if not line.endswith(b"\n"):
                break
            cursor = stream.take(cursor, line)
            yield cursor
    raise ConnectionError("ended")


def read(media_type, address, cursor, pause_ms):
    while True:
        try:
            if media_type in STREAMS:
                cursors = read_stream(STREAMS[media_type](), address, cursor)
            else:
                cursors = read_batch(address, cursor, int(pause_ms) / 1000)
            # It may be cut anywhere, and the next connection starts from the last cursor.
            for reached in cursors:
                cursor = reached
        except (OSError, http.client.HTTPException) as error:
            report_cut(error)
            time.sleep(0.1)


end_with_stdin()
read(*sys.argv[1:])
