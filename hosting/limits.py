"""What a client may take of a service: bytes, seconds, connections, threads. docs/stage.md has the table for users."""

HEAD_TIMEOUT = 10.0
"""Seconds for a TLS handshake, for the head of a request, and between two requests; then the connection is closed."""
BODY_TIMEOUT = 10.0
"""Seconds for a body: it has some kilobytes, and whoever means it sends it at once."""
UNREAD_TIMEOUT = 30.0
"""Seconds in which a client must take the next 64 KiB of an answer, or what is left of it; then it is cut off."""
LINGER_TIMEOUT = 2.0
"""Seconds in which what a refused client still sends is thrown away: hung up on at once, it might miss the answer."""
END_TIMEOUT = 3.0
"""Seconds that requests in work may take to end after a signal."""
MAX_HEAD = 64 * 1024
"""Bytes of request line and headers together. The longest thing in one is a token, of at most 8 KiB."""
MAX_HEADERS = 100
"""Headers of one request."""
MAX_WAITING = 16
"""Requests of one connection that wait for the one in work. One read may bring thousands, each of a hundred times its
bytes in memory. After this many no more are read, and the connection is closed: a client sends again what had no
answer (RFC 9112, section 9.3.2). Our own clients send one at a time."""
MAX_CONNECTIONS = 4000
"""Connections of one process. One more, and the one that has been silent for longest is closed."""
THREADS = 256
"""Requests in work at the same time in one process, unless told otherwise; the next one waits."""
