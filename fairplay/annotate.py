"""Explain an SPC or CKC byte by byte, as far as the keys at hand and the bytes themselves allow.

Nothing here refuses anything: where a message is broken the annotation says so and goes on. The layers open one
after the other, each with offsets of its own: envelope (or frame) → payload → SK..R1. What a field means, and who
says so, comes from the field table.
"""

import dataclasses
import datetime
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from fairplay import layout, tllv
from fairplay.aes import BLOCK, cbc_decrypt
from fairplay.ckc import ckc_key
from fairplay.envelope import read_envelope, unwrap_spc_key
from fairplay.errors import BadTllv, FairPlayError, SpcError
from fairplay.fields import Field, Kind, Layout, Origin, Source, Tag
from fairplay.layout import CKC_HEADER, CKC_TAGS, SKR1_PLAINTEXT, SKR1_VALUE, SPC_HEADERS, SPC_TAGS, TLLV_HEADER
from fairplay.mistakes import recognise
from fairplay.session_key import DerivedKeys, derive, unseal
from fairplay.spc import KeyServer, SpcContents


@dataclass(frozen=True, slots=True)
class Annotation:
    """What `data` is, the bytes at `offset` of its `layer`, and who says so.

    `problem` is empty where nothing is wrong.
    """

    layer: str
    offset: int
    data: bytes = dataclasses.field(repr=False)
    field: str
    value: str
    meaning: str
    source: Source = Source.VECTORS
    problem: str = ""

    @property
    def origin(self) -> Origin:
        """Whether the field is FairPlay's or this simulation's own."""
        return self.source.origin

    @property
    def length(self) -> int:
        """How many bytes."""
        return len(self.data)


@dataclass(frozen=True, slots=True)
class MessageKeys:
    """The symmetric keys of one SPC and its CKC, each None where unknown: what opens the layers."""

    spc_key: bytes | None = dataclasses.field(default=None, repr=False)
    derived: DerivedKeys | None = dataclasses.field(default=None, repr=False)
    ckc_key: bytes | None = dataclasses.field(default=None, repr=False)


def keys_of(spc: SpcContents) -> MessageKeys:
    """Return the keys that the builder of an SPC knows."""
    return MessageKeys(spc.spc_key, spc.derived, ckc_key(spc.block.r1, spc.anti_replay_seed))


def annotate_spc(spc: bytes, keys: MessageKeys | KeyServer | None = None) -> list[Annotation]:
    """Return every field of an SPC in order: with a key server's keys, with one message's keys, or without any."""
    header = SPC_HEADERS.get(int.from_bytes(spc[:4], "big"))
    if header is None or len(spc) < header.size:
        return [_unreadable("envelope", 0, spc, "SPC envelope", _opening_problem(spc))]
    notes = _annotate_layout("envelope", header, spc[: header.size], 0)
    payload = spc[header.size :]
    notes.append(_rest(notes[-1], payload, _opening_problem(spc)))
    known = _recover(spc, keys) if isinstance(keys, KeyServer) else keys or MessageKeys()
    if known.spc_key:
        notes += _annotate_payload(_decrypt(known.spc_key, header.part("payload IV", spc), payload), SPC_TAGS)
        notes += _annotate_session_key(notes, keys.ask if isinstance(keys, KeyServer) else None, known.derived)
    return notes


def annotate_ckc(ckc: bytes, keys: MessageKeys | None = None) -> list[Annotation]:
    """Return every field of a CKC in order, as far as `keys` open it."""
    if len(ckc) < CKC_HEADER.size:
        return [_unreadable("frame", 0, ckc, "CKC frame", f"expected at least {CKC_HEADER.size} bytes")]
    notes = _annotate_layout("frame", CKC_HEADER, ckc[: CKC_HEADER.size], 0)
    payload = ckc[CKC_HEADER.size :]
    stated = int.from_bytes(CKC_HEADER.part("payload length", ckc), "big")
    problem = "" if stated == len(payload) else f"the frame says {stated} bytes, there are {len(payload)}"
    notes.append(_rest(notes[-1], payload, problem))
    if keys and keys.ckc_key:
        notes += _annotate_payload(_decrypt(keys.ckc_key, CKC_HEADER.part("payload IV", ckc), payload), CKC_TAGS)
    return notes


def _recover(spc: bytes, keys: KeyServer) -> MessageKeys:
    try:
        envelope = read_envelope(spc)
    except SpcError:
        return MessageKeys()
    private_key = keys.private_keys.get(envelope.certificate_hash)
    return MessageKeys(spc_key=unwrap_spc_key(envelope, private_key) if private_key else None)


def _opening_problem(spc: bytes) -> str:
    try:
        read_envelope(spc)
    except SpcError as error:
        return str(error)
    return ""


def _decrypt(key: bytes, iv: bytes, payload: bytes) -> bytes:
    return cbc_decrypt(key, iv, payload[: len(payload) // BLOCK * BLOCK])


def _annotate_payload(payload: bytes, own: Mapping[bytes, Tag]) -> list[Annotation]:
    """Return the blocks of a payload, and those of the message's `own` tags that are required and missing."""
    known = {**SPC_TAGS, **own}  # a CKC brings back tags of its SPC
    notes: list[Annotation] = []
    seen: set[bytes] = set()
    offset = 0
    try:
        for block in tllv.blocks(payload):
            notes += _annotate_block(payload, block, known.get(block.tag), duplicate=block.tag in seen)
            seen.add(block.tag)
            offset = block.end
    except BadTllv as error:
        return [*notes, _unreadable("payload", offset, payload[offset:], "unreadable", str(error))]
    return notes + [
        Annotation(
            "payload", offset, b"", tag.name, "missing", tag.meaning, tag.source, f"required tag {tag.code.hex()}"
        )
        for tag in own.values()
        if tag.required and tag.code not in seen
    ]


def _annotate_block(payload: bytes, block: tllv.Tllv, tag: Tag | None, *, duplicate: bool) -> Iterator[Annotation]:
    name = tag.name if tag else "unknown tag"
    meaning = tag.meaning if tag else "skipped, as FairPlay wants it"
    source = tag.source if tag else Source.VECTORS
    header = payload[block.offset : block.offset + TLLV_HEADER.size]
    sizes = f"value {len(block.value)}, padding {block.padding}"
    problem = "this tag occurs twice" if duplicate else ""
    yield Annotation("payload", block.offset, header, f"{name}: header", f"{block.tag.hex()}, {sizes}", meaning, source,
                     problem)  # fmt: skip
    start = block.offset + TLLV_HEADER.size
    if tag and not tag.allows(len(block.value)):
        yield _unreadable("payload", start, block.value, name, f"expected {tag.sizes}, found {len(block.value)}")
    elif tag and tag.layout:
        yield from _annotate_layout("payload", tag.layout, block.value, start, prefix=f"{name}: ")
        yield from _annotate_more(block.value[tag.layout.size :], start + tag.layout.size, tag)
    elif tag or block.value:
        kind = tag.kind if tag else Kind.BYTES
        yield Annotation("payload", start, block.value, name, _shown(block.value, kind), meaning, source)
    if block.padding:
        padding = payload[start + len(block.value) : block.end]
        yield Annotation("payload", start + len(block.value), padding, f"{name}: padding", _shown(padding, Kind.BYTES),
                         "random, hides the length")  # fmt: skip


def _annotate_more(data: bytes, start: int, tag: Tag) -> Iterator[Annotation]:
    if data and tag.more:
        yield from _annotate_layout("payload", tag.more, data, start, prefix=f"{tag.name}: ")
    elif data:
        yield Annotation("payload", start, data, f"{tag.name}: more", data.hex(), "not publicly documented", tag.source)


def _annotate_session_key(notes: list[Annotation], ask: bytes | None, derived: DerivedKeys | None) -> list[Annotation]:
    values = {note.field: note.data for note in notes}
    iv, ciphertext = (values.get(f"SK..R1: {part.name}") for part in SKR1_VALUE.fields)
    r2, tag = values.get(layout.R2.name), values.get(layout.INTEGRITY.name)
    if derived is None and ask and r2:
        derived = derive(ask, r2)
    if derived is None or iv is None or ciphertext is None:
        return []
    inner = _annotate_layout("SK..R1", SKR1_PLAINTEXT, cbc_decrypt(derived.dask, iv, ciphertext), 0)
    try:
        unseal(derived, iv + ciphertext, tag or b"")
    except FairPlayError as error:
        inner[-1] = replace(inner[-1], problem=str(error))
    return inner


def _annotate_layout(layer: str, table: Layout, data: bytes, start: int, prefix: str = "") -> list[Annotation]:
    notes = []
    position = 0
    for item in table.fields:
        part = data[position : position + item.size]
        name, problem = prefix + item.name, _problem(part, item)
        notes.append(
            Annotation(layer, start + position, part, name, _named(part, item), item.meaning, item.source, problem)
        )
        position += item.size
    return notes


def _problem(data: bytes, item: Field) -> str:
    if not item.closed or data in item.names:
        return ""
    return f"expected one of {', '.join(code.hex() for code in item.names)}"


def _named(data: bytes, item: Field) -> str:
    shown = _shown(data, item.kind)
    names = [name for code, name in item.names.items() if _applies(code, data, item.kind)]
    return f"{shown} ({', '.join(names)})" if names else shown


def _applies(code: bytes, data: bytes, kind: Kind) -> bool:
    if kind is Kind.BITS:
        return int.from_bytes(code, "big") & int.from_bytes(data, "big") != 0
    return code == data


def _shown(data: bytes, kind: Kind) -> str:
    return _SHOW[kind](data)


def _show_time(data: bytes) -> str:
    moment = datetime.datetime.fromtimestamp(int.from_bytes(data, "big"), datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _show_text(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return text if text.isprintable() and "\ufffd" not in text else data.hex()


def _show_list(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


_SHOW: Mapping[Kind, Callable[[bytes], str]] = {
    Kind.UINT: lambda data: str(int.from_bytes(data, "big")),
    Kind.BYTES: lambda data: data.hex(),
    Kind.BITS: lambda data: data.hex(),
    Kind.TEXT: _show_text,
    Kind.TIME: _show_time,
    Kind.TAGS: lambda data: ", ".join(_tag_name(code) for code in _show_list(data, 8)) or "none",
    Kind.VERSIONS: lambda data: ", ".join(str(int.from_bytes(part, "big")) for part in _show_list(data, 4)),
}


def _tag_name(code: bytes) -> str:
    return SPC_TAGS[code].name if code in SPC_TAGS else code.hex()


def _rest(last: Annotation, data: bytes, problem: str) -> Annotation:
    """Return the note of the encrypted payload, which follows the `last` field of the header."""
    value = f"{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()[:16]}…"
    start = last.offset + last.length
    return Annotation(last.layer, start, data, "encrypted payload", value, "TLLV blocks", last.source, problem)


def _unreadable(layer: str, offset: int, data: bytes, name: str, problem: str) -> Annotation:
    mistake = recognise(data) if offset == 0 else None
    return Annotation(layer, offset, data, name, data[:32].hex(), mistake.what if mistake else "cannot be read",
                      problem=problem)  # fmt: skip
