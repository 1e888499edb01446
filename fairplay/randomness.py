"""Where random bytes come from: an argument of whoever needs some, so that every message can be made again."""

from collections.abc import Callable

RandomBytes = Callable[[int], bytes]
"""Returns that many random bytes; `os.urandom` outside of tests and teaching."""
