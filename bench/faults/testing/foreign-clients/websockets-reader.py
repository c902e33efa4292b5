"""Reads with the websockets package. Arguments: the ws:// address, and the cursor to start with.

Prints each frame as it comes, and {"cut": …} for each connection that is lost. Ends when stdin does.
"""
import asyncio
import json
import os
import sys
import threading

import websockets


async def read(address, cursor):
    while True:
        try:
            async with websockets.connect(f"{address}?cursor={cursor}") as socket:
                async for text in socket:
                    print(text, flush=True)
                    cursor = cursor_after(cursor, json.loads(text))
            lost = "closed"
        except (OSError, websockets.exceptions.WebSocketException) as error:
            lost = repr(error)
        print(json.dumps({"cut": lost}), flush=True)
        await asyncio.sleep(0.1)


def cursor_after(cursor, message):
    if "seq" in message:
        return f"{cursor.split('-')[0]}-{message['seq']}"
    return message.get("cursor", cursor)


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
asyncio.run(read(sys.argv[1], sys.argv[2]))
