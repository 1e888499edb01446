"""Reads the TOML files that hold secrets: a complaint says where the mistake is, and quotes nothing of the file."""

import re
import tomllib
from pathlib import Path
from typing import Any

_PLACE = re.compile(r"\(at (line \d+, column \d+|end of document)\)")


class BadFile(ValueError):
    """A file that does not hold what it should; the message is one line, with its path and without any secret."""


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file; `what` it should hold begins the message. Raises `BadFile`."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        problem = error.strerror or str(error)
    except UnicodeDecodeError:
        problem = "expected TOML in UTF-8, found other bytes"
    except RecursionError:
        problem = "expected TOML, found arrays or tables nested too deeply"
    except ValueError as error:
        # The rest of the parser's message may quote a key or a character of the file.
        place = _PLACE.search(str(error))
        problem = "expected TOML, found a mistake" + (f" at {place[1]}" if place else "")
    raise BadFile(f"{what} {path}: {problem}")
