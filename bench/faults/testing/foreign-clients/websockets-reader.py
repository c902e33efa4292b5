"""Reads with the websockets package. Arguments: the ws:// address, and the cursor to start with."""
import asyncio
import sys

import websockets

from reading import end_with_stdin, report_cut, take_message


async def read(address, cursor):
    while True:
        try:
            async with websockets.connect(f"{address}?cursor={cursor}") as socket:
                async for text in socket:
                    cursor = take_message(cursor, text)
            report_cut("closed")
        except (OSError, websockets.exceptions.WebSocketException) as error:
            report_cut(error)
        await asyncio.sleep(0.1)


end_with_stdin()
asyncio.run(read(sys.argv[1], sys.argv[2]))
