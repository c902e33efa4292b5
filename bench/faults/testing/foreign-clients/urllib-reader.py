"""Reads with Python's standard library. Arguments: poll or sse, the server's http:// origin, the cursor to begin with.

Prints what it is told, one JSON value a line: a batch, or {"id", "event", "data"} for an event of a stream; and
{"cut": …} for each connection that is lost. Ends when stdin does.
"""
import http.client
import json
import os
import sys
import threading
import time
import urllib.request


def poll(origin, cursor):
    with urllib.request.urlopen(f"{origin}/poll?cursor={cursor}") as response:
        text = response.read().decode()
    print(text, flush=True)
    time.sleep(0.05)
    return json.loads(text)["cursor"]


def follow(origin, cursor):
    """A generator of the places on the way, since the stream may end within any line."""
    request = urllib.request.Request(f"{origin}/sse", headers={"Last-Event-ID": cursor})
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


def read(technique, origin, cursor):
    while True:
        try:
            if technique == "poll":
                cursor = poll(origin, cursor)
            else:
                for place in follow(origin, cursor):
                    cursor = place
        except (OSError, http.client.HTTPException) as error:
            print(json.dumps({"cut": repr(error)}), flush=True)
            time.sleep(0.1)


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
read(*sys.argv[1:])
