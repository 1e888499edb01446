"""TLS of one connection at a server: between the bytes on the wire and those of HTTP, without a socket of its own.

asyncio has such a layer, but where it refuses a client it hangs up without the alert that says why.
"""

import ssl
from contextlib import suppress


class TlsLayer:
    """The server's side. What `to_send` returns has to be sent after each call."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._received, self._sealed = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._sealed, server_side=True)
        self._has_shaken_hands = False
        self.ended = False
        """True once the client said that nothing more comes; its connection may stay open."""

    def open(self, data: bytes) -> bytes:
        """Return what bytes of the client say, decrypted. Raises `ssl.SSLError` where TLS refuses them."""
        self._received.write(data)
        said = bytearray()
        try:
            if not self._has_shaken_hands:
                self._tls.do_handshake()
                self._has_shaken_hands = True
            while piece := self._tls.read(65_536):
                said += piece
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        return bytes(said)

    def seal(self, data: bytes) -> bytes:
        """Encrypt `data`; returns the bytes to send."""
        self._tls.write(data)
        return self.to_send()

    def to_send(self) -> bytes:
        """Return the bytes that handshake and alerts have to send."""
        return self._sealed.read()

    def close_notify(self) -> bytes:
        """Return the alert close_notify, which tells the client that the answer was not cut off."""
        with suppress(ssl.SSLError):  # it waits for the client's own close_notify, which nobody needs
            self._tls.unwrap()
        return self.to_send()
