"""Reads with aiohttp. Arguments: the media type of the answers, or "frames" for a WebSocket; the address; the cursor to
start with; and how many milliseconds to wait between two polls. The cursor is appended to the address; an event stream
takes it as Last-Event-ID instead.

Prints what it receives, one JSON value a line: a batch, a frame, a line of NDJSON, or {"id", "event", "data"} for an
event of an event stream; and {"cut": …} for each connection that is lost. Ends when stdin does.
"""
import asyncio
import json
import os
import sys
import threading

import aiohttp


async def read_batch(session, address, cursor, pause):
    async with session.get(address + cursor) as response:
        response.raise_for_status()
        text = await response.text()
    print(text, flush=True)
    yield json.loads(text)["cursor"]
    await asyncio.sleep(pause)


async def read_event_stream(session, address, cursor, _pause):
    async with session.get(address, headers={"Last-Event-ID": cursor}) as response:
        response.raise_for_status()
        fields = {}
        async for line in response.content:
            if not line.endswith(b"\n"):
                break
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            if name != "":
                fields[name] = value
                continue
            if fields.get("data"):
                print(json.dumps({"event": "message", **fields, "data": json.loads(fields["data"])}), flush=True)
                yield fields.get("id", cursor)
            fields = {}
    raise aiohttp.ClientError("ended")


async def read_lines(session, address, cursor, _pause):
    async with session.get(address + cursor) as response:
        response.raise_for_status()
        async for line in response.content:
            if not line.endswith(b"\n"):
                break
            text = line.decode().rstrip("\n")
            print(text, flush=True)
            cursor = cursor_after(cursor, json.loads(text))
            yield cursor
    raise aiohttp.ClientError("ended")


async def read_frames(session, address, cursor, _pause):
    async with session.ws_connect(address + cursor) as socket:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            print(message.data, flush=True)
            cursor = cursor_after(cursor, json.loads(message.data))
            yield cursor
    raise aiohttp.ClientError("closed")


def cursor_after(cursor, message):
    if "seq" in message:
        return f"{cursor.split('-')[0]}-{message['seq']}"
    return message.get("cursor", cursor)


# Each is a generator of cursors: a connection may end anywhere, and the next one starts from the last cursor.
READERS = {
    "application/json": read_batch,
    "text/event-stream": read_event_stream,
    "application/x-ndjson": read_lines,
    "frames": read_frames,
}


async def main(media_type, address, cursor, pause_ms):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        while True:
            try:
                async for reached in READERS[media_type](session, address, cursor, int(pause_ms) / 1000):
                    cursor = reached
            except aiohttp.ClientError as error:
                print(json.dumps({"cut": repr(error)}), flush=True)
                await asyncio.sleep(0.1)


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
asyncio.run(main(*sys.argv[1:]))
