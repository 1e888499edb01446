"""How long a client may take, and what becomes of one whose body is late.

A server gives a request to one of its threads when the head is there, and a client that sends half a body holds that
thread for as long as it likes. So a body is read whole before the app is asked, and one that is late is answered by
another thread: the answer ends the connection, and with it the wait.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from hosting.logs import log_request

HEAD_TIMEOUT = 10.0
"""Seconds for the head of a request, and between two requests of one connection; then the connection is closed."""
BODY_TIMEOUT = 10.0
"""Seconds for a body: it has some kilobytes, and whoever means it sends it at once."""
UNREAD_TIMEOUT = 30.0
"""Seconds in which a client must read something of an answer that waits for it; then the connection is closed."""
LOOK = 0.25
"""Seconds between two looks at the bodies that are awaited, and for a last answer to leave."""

Answer = Callable[[int, list[tuple[str, str]], Iterator[bytes]], None]
"""Sends status, headers and body to a client; a second answer to one request goes nowhere."""


class LateBodies:
    """The bodies of one process that are awaited, each for ``limit`` seconds; the looking starts at once."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._awaited: dict[int, tuple[float, dict[str, Any], Answer]] = {}
        threading.Thread(target=self._look, name="late bodies", daemon=True).start()

    def read(self, request: dict[str, Any], ceiling: int, answer: Answer) -> BytesIO | None:
        """Read the body of a ``request`` (as WSGI has it); None where it is late or cut off, which was answered.

        Of a body that says to be longer than ``ceiling`` bytes nothing is read: the app refuses it.
        """
        length = int(request.get("CONTENT_LENGTH") or 0)
        if length > ceiling or not (length or "HTTP_TRANSFER_ENCODING" in request):
            return BytesIO()
        me = threading.get_ident()
        self._awaited[me] = (time.monotonic() + self._limit, request, answer)
        body: bytes = request["wsgi.input"].read(length or ceiling)
        if self._awaited.pop(me, None) is None:
            return None
        if len(body) < length:
            _refuse(request, answer, 400, f"body cut off: expected {length} bytes, found {len(body)}.")
            return None
        return BytesIO(body)

    def _look(self) -> None:
        text = f"body too slow: expected all of it within {self._limit:g} s. Send it at once."
        while True:
            time.sleep(LOOK)
            now = time.monotonic()
            for reader, (deadline, _, _) in list(self._awaited.items()):
                # Whoever takes it out decides: this thread, or the reader that has just got its body.
                if deadline < now and (late := self._awaited.pop(reader, None)):
                    threading.Thread(target=_refuse, args=(*late[1:], 408, text), daemon=True).start()


def _refuse(request: dict[str, Any], answer: Answer, status: int, text: str) -> None:
    log_request(request["REQUEST_METHOD"], request["PATH_INFO"], status)
    body = json.dumps({"error": status, "errorText": text}).encode()
    # One byte more is promised than comes: to miss it is the only thing that makes the server hang up on the client.
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body) + 1)), ("Connection", "close")]
    answer(status, headers, _sent_and_cut(body))


def _sent_and_cut(body: bytes) -> Iterator[bytes]:
    yield body
    time.sleep(LOOK)
