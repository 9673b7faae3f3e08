"""A mail server that takes everything as fast as Python can and remembers what it took, by Message-ID.

    python -m benchmarks.smtp_sink PORT LOG [SECONDS]

With SECONDS it thinks so long about each before it answers. Each message's id is appended to the log before its 250 is
sent, so that the log is right whoever is killed when. One verb more than SMTP has: XSTAT answers how many it took, and
how many different ones.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import IO

_ID = re.compile(rb"^Message-ID: *<([^@>]+)", re.MULTILINE | re.IGNORECASE)


class Sink(asyncio.Protocol):
    taken = 0
    different: set[bytes] = set()
    log: IO[bytes]
    thinks = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.line, self.heard, self.in_data = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while (end := self.heard.find(b"\r\n.\r\n" if self.in_data else b"\r\n")) >= 0:
            said = self.heard[:end]
            self.heard = self.heard[end + (5 if self.in_data else 2) :]
            if self.in_data:
                self.in_data = False
                self._take(said)
                if Sink.thinks:
                    asyncio.get_running_loop().call_later(Sink.thinks, self.line.write, b"250 taken\r\n")
                else:
                    self.line.write(b"250 taken\r\n")
            else:
                self._answer(said[:5].upper())

    def _take(self, content: bytes) -> None:
        found = _ID.search(content)
        name = found.group(1) if found else b"?"
        Sink.taken += 1
        Sink.different.add(name)
        Sink.log.write(name + b"\n")

    def _answer(self, verb: bytes) -> None:
        if verb.startswith(b"EHLO"):
            self.line.write(b"250-sink\r\n250 8BITMIME\r\n")
        elif verb.startswith(b"DATA"):
            self.in_data = True
            self.line.write(b"354 go on\r\n")
        elif verb.startswith(b"QUIT"):
            self.line.write(b"221 bye\r\n")
            self.line.close()
        elif verb == b"XSTAT":
            self.line.write(b"250 %d %d\r\n" % (Sink.taken, len(Sink.different)))
        else:
            self.line.write(b"250 ok\r\n")


async def serve(port: int, log: str, thinks: float) -> None:
    Sink.thinks = thinks
    with open(log, "ab", buffering=0) as out:  # noqa: PTH123 -- a few bytes, unbuffered on purpose
        Sink.log = out
        server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port, backlog=512)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 0))
