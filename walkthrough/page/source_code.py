"""The lines of our own source that did a step: found in the installed packages by name and mark, never by number.

The emulator may import neither server nor mock, so their files are read as text; where they are not installed (a
foreign SEES, say) there is nothing to show.
"""

import ast
import functools
import importlib.util
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """A function in a file (`package/module.py`), and beginnings of those of its lines that matter most."""

    file: str
    function: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Excerpt:
    """Lines of a file: `first` is the number of the first one, `line` of the one to look at, `marked` of all such."""

    file: str
    name: str
    first: int
    line: int
    marked: tuple[int, ...]
    lines: tuple[str, ...]


MAX_WHOLE = 40
"""Lines of a function that are shown whole; of a longer one only those around its marks."""
AROUND = 6
"""Lines shown before the first mark and behind the last one."""

_parsing = threading.Lock()
"""Python 3.11 keeps one depth counter for all threads that parse."""

PLACES: dict[int, tuple[Place, ...]] = {
    0: (
        Place("emulator/binding.py", "read_title", ("offer = find_dummy",)),
        Place("emulator/title.py", "load_title"),
    ),
    1: (
        Place("emulator/binding.py", "register", ("entitlement = entitle(",)),
        Place("emulator/license_client.py", "entitlement_request"),
    ),
    2: (Place("server/entitlement.py", "decide", ("# Step 2,", "return TokenOrder(Step.ORDER_COOKIE_TOKEN")),),
    3: (Place("emulator/license_client.py", "check_entitlement", ("if message_id !=", "return token_url")),),
    4: (
        Place("emulator/binding.py", "redeem", ("spc, contents = make_spc", "answer = post_spc")),
        Place("expressplay_mock/redemption.py", "redeem", ("token = open_token", "spc = _open")),
    ),
    5: (
        Place("expressplay_mock/redemption.py", "redeem", ("return Issued(",)),
        Place("expressplay_mock/redemption.py", "_row", ("cookie=", "device_id=", "registration=")),
    ),
    6: (Place("emulator/binding.py", "get_license", ("entitlement = entitle(",)),),
    7: (Place("server/entitlement.py", "decide", ("device_id, event_id = bound_device",)),),
    8: (Place("server/entitlement.py", "bound_device", ("registrations = ", "newest = max")),),
    9: (Place("server/entitlement.py", "decide", ("# Step 9,", "return _order_to_watch(title, key, play_cookie")),),
    10: (Place("emulator/license_client.py", "check_entitlement", ("return token_url",)),),
    11: (Place("emulator/binding.py", "get_license", ("return redeem(client, title, key, entitlement",)),),
    12: (Place("expressplay_mock/redemption.py", "_check_device", ("if token.device_id is not None",)),),
    13: (
        Place("expressplay_mock/redemption.py", "redeem", ("ckc = _seal",)),
        Place("fairplay/ckc.py", "open_ckc", ("if not hmac.compare_digest",)),
    ),
}
"""Step → the places that did it."""


def sources_of(step: int) -> list[Excerpt]:
    """Return the lines behind a step; those of packages that are not installed are left out."""
    return [source for place in PLACES.get(step, ()) if (source := find(place))]


def parse_place(text: str) -> Place:
    """Read a place as the lab's table writes it, `path: function`."""
    file, _, function = text.partition(": ")
    return Place(file, function)


def find(place: Place) -> Excerpt | None:
    """Return the lines of a place, None where its file is not installed. Raises `LookupError` without the function."""
    text = _read(place.file)
    if text is None:
        return None
    all_lines = text.splitlines()
    with _parsing:
        functions = _functions(text)
    if place.function not in functions:
        raise LookupError(f"{place.file} has no function {place.function}")
    first, last = functions[place.function]
    marked = tuple(
        number
        for number in range(first, last + 1)
        if all_lines[number - 1].strip() and all_lines[number - 1].strip().startswith(place.marks or ("\0",))
    )
    if last - first >= MAX_WHOLE and marked:
        first, last = max(first, marked[0] - AROUND), min(last, marked[-1] + AROUND)
    lines = all_lines[first - 1 : last]
    return Excerpt(place.file, place.function, first, marked[0] if marked else first, marked, tuple(lines))


@functools.lru_cache(maxsize=64)
def _read(file: str) -> str | None:
    package, _, rest = file.partition("/")
    spec = importlib.util.find_spec(package)  # of a top-level name: finds it, and runs none of it
    for folder in spec.submodule_search_locations or () if spec else ():
        if (path := Path(folder) / rest).is_file():
            return path.read_text(encoding="utf-8")
    return None


@functools.lru_cache(maxsize=64)
def _functions(text: str) -> Mapping[str, tuple[int, int]]:
    """Return the first and last line of every function."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return {
        node.name: (min([node.lineno, *(part.lineno for part in node.decorator_list)]), node.end_lineno or node.lineno)
        for node in nodes
    }
