"""What the readers in Python share. Each prints what it receives, one JSON value a line, and ends when stdin does.

A line is a batch, a frame, a line of NDJSON, {"id", "event", "data"} for an event of an event stream, or {"cut": …} for
a connection that is lost.
"""
import json
import os
import sys
import threading


def report(text):
    print(text, flush=True)


def report_cut(why):
    report(json.dumps({"cut": repr(why)}))


def end_with_stdin():
    def wait():
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def take_message(cursor, text):
    """Reports an event or a control message, and returns the cursor after it."""
    report(text)
    message = json.loads(text)
    if "seq" in message:
        return f"{cursor.split('-')[0]}-{message['seq']}"
    return message.get("cursor", cursor)


class Ndjson:
    @staticmethod
    def request(address, cursor):
        return address + cursor, {}

    def take(self, cursor, line):
        return take_message(cursor, line.decode().rstrip("\n"))


class EventStream:
    def __init__(self):
        self.fields = {}

    @staticmethod
    def request(address, cursor):
        return address, {"Last-Event-ID": cursor}

    def take(self, cursor, line):
        name, _, value = line.decode().rstrip("\r\n").partition(": ")
        if name != "":
            self.fields[name] = value
            return cursor
        fields, self.fields = self.fields, {}
        if "data" not in fields:
            return cursor
        report(json.dumps({"event": "message", **fields, "data": json.loads(fields["data"])}))
        return fields.get("id", cursor)


# `take` gets one line after the other, and returns the cursor after it.
STREAMS = {"text/event-stream": EventStream, "application/x-ndjson": Ndjson}
