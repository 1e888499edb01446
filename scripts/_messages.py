"""The tables of docs/messages.md, made from the field table and the list of errors."""

from collections.abc import Callable, Iterable, Mapping

import _markdown
from _markdown import marked, table

from expressplay_mock.errors import Code
from expressplay_mock.tokens import sealed_token
from fairplay import layout, session_key
from fairplay.aes import encrypt_block
from fairplay.ckc import ckc_key
from fairplay.errors import CkcError, FairPlayError, SpcError
from fairplay.fields import Layout, Source, Tag
from fairplay.session_key import SessionKeyBlock, derive, seal

_SERVICE_CHECKS = {17: Code.REPLAYED, 18: Code.OTHER_DEVICE, 19: Code.BODY_TOO_LARGE}


def fill(page: str) -> str:
    """Return the page with every table between its markers made anew. Raises `KeyError` for an unknown one."""
    made = _tables()
    return _markdown.fill(page, "table", lambda name: made[name]())


def missing(page: str) -> set[str]:
    """Return the names of the tables that a page lacks."""
    return set(_tables()) - {found["name"] for found in marked("table").finditer(page)}


def _tables() -> Mapping[str, Callable[[], str]]:
    layouts = {
        "spc v1": layout.SPC_HEADERS[1],
        "spc v2": layout.SPC_HEADERS[2],
        "tllv": layout.TLLV_HEADER,
        "sk-r1 value": layout.SKR1_VALUE,
        "sk-r1 plaintext": layout.SKR1_PLAINTEXT,
        "playback": layout.PLAYBACK_VALUE,
        "capabilities": layout.CAPABILITIES_VALUE,
        "streaming": layout.STREAMING_VALUE,
        "device identity": layout.DEVICE_IDENTITY_VALUE,
        "ckc": layout.CKC_HEADER,
        "encrypted key": layout.ENCRYPTED_KEY_VALUE,
        "duration": layout.DURATION_VALUE,
        "hdcp": layout.HDCP_VALUE,
        "offline key": layout.OFFLINE_KEY_VALUE,
        "title id": layout.TITLE_ID_VALUE,
    }
    return {
        **{name: lambda rows=rows: _layout(rows) for name, rows in layouts.items()},  # type: ignore[misc]
        "spc tags": lambda: _tags(layout.SPC_TAGS.values()),
        "ckc tags": lambda: _tags(layout.CKC_TAGS.values()),
        "check values": _check_values,
        "token": _token,
        "spc checks": lambda: _checks(SpcError),
        "ckc checks": lambda: _checks(CkcError),
        "service checks": _service_checks,
    }


def _whose(source: Source) -> str:
    return "**ours**" if source is Source.SIMULATION else "FairPlay"


def _layout(rows: Layout) -> str:
    lines = []
    offset = 0
    for item in rows.fields:
        names = "; ".join(f"`{code.hex()}` {name}" for code, name in item.names.items())
        meaning = f"{item.meaning} ({names})" if names else item.meaning
        lines.append((offset, item.size, item.name, item.kind.value, meaning, _whose(item.source), item.source.value))
        offset += item.size
    return table(("offset", "size", "field", "form", "meaning", "whose", "source"), lines)


def _tags(tags: Iterable[Tag]) -> str:
    lines = [
        (f"`{tag.code.hex()}`", tag.name, _sizes(tag), "yes" if tag.required else "no", tag.meaning, tag.source.value)
        for tag in tags
    ]
    return table(("tag", "name", "value", "required", "meaning", "source"), lines)


def _sizes(tag: Tag) -> str:
    unlimited = tag.largest > 1 << 31
    step = f", a multiple of {tag.step}" if tag.step > 1 else ""
    return f"{tag.smallest} bytes or more{step}" if unlimited else tag.sizes


def _check_values() -> str:
    ask, r2 = _count(0x00, 16), _count(0x00, 21)
    block = SessionKeyBlock(_count(0x10, 16), _count(0x20, 20), _count(0x40, 44))
    seed, iv, content_key = _count(0x80, 16), _count(0xA0, 16), _count(0xC0, 16)
    derived = derive(ask, r2)
    rows = {
        "ASk": ask,
        "R2": r2,
        "SK": block.sk,
        "HU": block.device_id,
        "R1": block.r1,
        "anti-replay seed": seed,
        "SK..R1 IV": iv,
        "content key": content_key,
        "**DASk**": derived.dask,
        "**MAC key**": derived.mac_key,
        "**integrity**": session_key.integrity(derived, block),
        "**SK..R1 ciphertext**": seal(derived, block, iv)[16:],
        "**CKC key**": ckc_key(block.r1, seed),
        "**encrypted content key**": encrypt_block(block.sk, content_key),
        '**HU of the device seed "A"**': session_key.device_id_of("A"),
    }
    return table(("item", "hex"), [(name, f"`{value.hex()}`") for name, value in rows.items()])


def _count(first: int, size: int) -> bytes:
    return bytes(range(first, first + size))


def _token() -> str:
    parts = (
        ("prefix", len(sealed_token.PREFIX), f"`{sealed_token.PREFIX.hex()}`, so that the text starts with `AQAAA`"),
        ("key id", sealed_token.KEY_ID_SIZE, "chooses one of the service's token keys, so that keys can rotate"),
        ("nonce", sealed_token.NONCE_SIZE, "random, never used twice"),
        ("ciphertext", "n", "the restrictions under AES-256-GCM; prefix and key id are the associated data"),
        ("tag", sealed_token.TAG_SIZE, "of AES-256-GCM"),
    )
    offset: int | str = 0
    lines = []
    for name, size, meaning in parts:
        lines.append((offset, size, name, meaning))
        offset = offset + size if isinstance(size, int) and isinstance(offset, int) else f"{offset}+n"
    return table(("offset", "size", "field", "meaning"), lines)


def _checks(side: type[FairPlayError]) -> str:
    errors = sorted(side.__subclasses__(), key=lambda error: error.check)
    lines = [(error.check, error.number, error.title, _first_sentences(error), error.__name__) for error in errors]
    return table(("check", "number", "what is checked", "refused when", "`fairplay.errors`"), lines)


def _service_checks() -> str:
    lines = [(check, code.number, code.title, code.meaning, code.fix) for check, code in _SERVICE_CHECKS.items()]
    return table(("check", "number", "meaning", "refused when", "likely fix"), lines)


def _first_sentences(error: type[FairPlayError]) -> str:
    return " ".join((error.__doc__ or "").split())
