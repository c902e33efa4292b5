"""Reads with aiohttp. Arguments: the media type of the answers, or "frames" for a WebSocket; the address; the cursor to
start with; and how many milliseconds to wait between two polls. The cursor is appended to the address; an event stream
takes it as Last-Event-ID instead.
"""
import asyncio
import json
import sys

import aiohttp

from reading import STREAMS, end_with_stdin, report, report_cut, take_message


async def read_batch(session, address, cursor, pause):
    async with session.get(address + cursor) as response:
        response.raise_for_status()
        text = await response.text()
    report(text)
    yield json.loads(text)["cursor"]
    await asyncio.sleep(pause)


async def read_stream(stream, session, address, cursor):
    url, headers = stream.request(address, cursor)
    async with session.get(url, headers=headers) as response:
        response.raise_for_status()
        async for line in response.content:
            if not line.endswith(b"\n"):
                break
            cursor = stream.take(cursor, line)
            yield cursor
    raise aiohttp.ClientError("ended")


async def read_frames(session, address, cursor):
    async with session.ws_connect(address + cursor) as socket:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            cursor = take_message(cursor, message.data)
            yield cursor
    raise aiohttp.ClientError("closed")


def cursors_of(session, media_type, address, cursor, pause):
    if media_type in STREAMS:
        return read_stream(STREAMS[media_type](), session, address, cursor)
    if media_type == "frames":
        return read_frames(session, address, cursor)
    return read_batch(session, address, cursor, pause)


async def main(media_type, address, cursor, pause_ms):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        while True:
            try:
                # It may be cut anywhere, and the next connection starts from the last cursor.
                async for reached in cursors_of(session, media_type, address, cursor, int(pause_ms) / 1000):
                    cursor = reached
            except aiohttp.ClientError as error:
                report_cut(error)
                await asyncio.sleep(0.1)


end_with_stdin()
asyncio.run(main(*sys.argv[1:]))
