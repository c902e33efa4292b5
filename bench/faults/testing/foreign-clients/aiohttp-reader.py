"""Reads with aiohttp. Arguments: long-poll, sse or websocket, the server's http:// origin, the cursor to begin with.

Prints what it is told, one JSON value a line: a batch, a frame, or {"id", "event", "data"} for an event of a stream;
and {"cut": …} for each connection that is lost. Ends when stdin does.
"""
import asyncio
import json
import os
import sys
import threading

import aiohttp


async def read_long_poll(session, origin, cursor):
    while True:
        try:
            async with session.get(f"{origin}/long-poll", params={"cursor": cursor, "wait": "5"}) as response:
                response.raise_for_status()
                text = await response.text()
            print(text, flush=True)
            cursor = json.loads(text)["cursor"]
        except aiohttp.ClientError as error:
            await cut(error)


async def read_sse(session, origin, cursor):
    while True:
        try:
            async with session.get(f"{origin}/sse", headers={"Last-Event-ID": cursor}) as response:
                response.raise_for_status()
                fields = {}
                async for line in response.content:
                    if not line.endswith(b"\n"):
                        break
                    name, _, value = line.decode().rstrip("\r\n").partition(": ")
                    if name != "":
                        fields[name] = value
                    elif fields.get("data"):
                        cursor = fields.get("id", cursor)
                        print(json.dumps({"event": "message", **fields, "data": json.loads(fields["data"])}), flush=True)
                    if name == "":
                        fields = {}
            await cut("ended")
        except aiohttp.ClientError as error:
            await cut(error)


async def read_websocket(session, origin, cursor):
    while True:
        try:
            async with session.ws_connect(f"{origin}/ws", params={"cursor": cursor}) as socket:
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    print(message.data, flush=True)
                    cursor = place_after(cursor, json.loads(message.data))
            await cut("closed")
        except aiohttp.ClientError as error:
            await cut(error)


async def cut(why):
    print(json.dumps({"cut": repr(why)}), flush=True)
    await asyncio.sleep(0.1)


def place_after(cursor, message):
    if "seq" in message:
        return f"{cursor.split('-')[0]}-{message['seq']}"
    return message.get("cursor", cursor)


READERS = {"long-poll": read_long_poll, "sse": read_sse, "websocket": read_websocket}


async def main(technique, origin, cursor):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        await READERS[technique](session, origin, cursor)


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
asyncio.run(main(*sys.argv[1:]))
