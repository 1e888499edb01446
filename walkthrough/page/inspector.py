"""The inspector: a message as layers of annotated bytes, each layer with its inputs, each value with a command.

Layers open one after the other: envelope, payload, SK..R1 (where HU is). What opens them is what this page's devices
know of their own SPCs, once a CKC was opened. It reads, and never writes: nothing is signed or sealed anew.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairplay.aes import decrypt_block
from fairplay.annotate import Annotation, annotate_ckc, annotate_spc, keys_of
from fairplay.fields import Source
from fairplay.layout import CKC_HEADER, INTEGRITY, SPC_HEADERS
from fairplay.spc import SpcContents
from walkthrough.page import shell_commands as shell
from walkthrough.page.message_bytes import message_bytes
from walkthrough.record.inspection import field_as_json, inspect_bytes

WORDS = {
    "envelope": "What everybody on the way can read. The payload is encrypted, and so is its key.",
    "payload": "TLLV blocks. The device drew their key and sent it under the certificate's RSA key, so only the key "
    "server's private key can get it back; this page asks the device that drew it.",
    "SK..R1": "The heart: session key, device id, R1 and a MAC over them.",
    "frame": "What everybody on the way can read. The payload is encrypted.",
    "token": "It crosses the client, who can neither read it nor change it.",
    "restrictions": "ExpressPlay alone has the key. It opened the token for you because it runs with --teach.",
}
CLOSED_TOKEN = "Sealed for the client, and so for this page. A mock that runs with --teach opens it for learners."  # noqa: S105
CLOSED_SPC = "It stays closed: what opens it is known to the device that made it, and to ExpressPlay."
CKC_PAYLOAD = (
    "Only who knows R1 and the anti-replay seed of the SPC can read this: a CKC answers one SPC, and no other."
)


@dataclass(frozen=True)
class Context:
    """What is known beside the bytes: where to fetch them, what opens them, and whose they are.

    A recording knows no ExpressPlay and no ASk: commands that need them are left out.
    """

    url: str
    expressplay: str
    contents: SpcContents | None = None
    ask: bytes = b""
    seed: str | None = None


def inspect_spc(spc: bytes, context: Context) -> dict[str, Any]:
    """Return the layers of an SPC."""
    known = context.contents
    notes = annotate_spc(spc, keys_of(known) if known else None)
    header = SPC_HEADERS.get(int.from_bytes(spc[:4], "big"))
    bases = {"envelope": shell.fetch(context.url)}
    values: dict[str, list[dict[str, str]]] = {}
    if known and header:
        bases["payload"] = shell.decrypt(
            shell.rest(bases["envelope"], header.size), known.spc_key, header.part("payload IV", spc)
        )
        fields = {note.field: note for note in notes if note.layer == "payload"}
        iv, sealed = fields["SK..R1: SK..R1 IV"], fields["SK..R1: SK..R1 ciphertext"]
        inside = shell.part(bases["payload"], sealed.offset, sealed.length)
        bases["SK..R1"] = shell.decrypt(inside, known.derived.dask, iv.data)
        values = _spc_values(known, spc, context)
    return _shown("SPC", len(spc), notes, bases, values)


def _spc_values(known: SpcContents, spc: bytes, context: Context) -> dict[str, list[dict[str, str]]]:
    block, derived = known.block, known.derived
    proved = block.sk + block.device_id + block.r1
    hu = [_value("HU, grown from the seed", block.device_id, shell.device_id(context.seed))] if context.seed else []
    return {
        "envelope": [
            _value(
                "certificate hash",
                SPC_HEADERS[int.from_bytes(spc[:4], "big")].part("certificate hash", spc),
                shell.certificate_hash(context.expressplay) if context.expressplay else "",
            ),
        ],
        "payload": [_value("SPC key, drawn by the device", known.spc_key, "")],
        "SK..R1": [
            *([_value("ASk, the provider's", context.ask, "")] if context.ask else []),
            _value("R2, from the payload", known.r2, ""),
            _value("DASk, from ASk and R2", derived.dask, _derivation(context, known.r2, b"dask", 16)),
            _value(
                "MAC key, from ASk and R2",
                derived.mac_key,
                _derivation(context, known.r2, b"skr1-integrity", 32),
            ),
            _value("integrity, over SK, HU and R1", known.values[INTEGRITY.code], shell.mac(derived.mac_key, proved)),
            *hu,
        ],
    }


def _derivation(context: Context, r2: bytes, info: bytes, size: int) -> str:
    return shell.derived_key(context.ask, r2, info, size) if context.ask else ""


def inspect_ckc(ckc: bytes, context: Context) -> dict[str, Any]:
    """Return the layers of a CKC."""
    known = context.contents
    keys = keys_of(known) if known else None
    notes = annotate_ckc(ckc, keys)
    bases, values = {"frame": shell.fetch(context.url)}, {}
    if known and keys and keys.ckc_key:
        bases["payload"] = shell.decrypt(
            shell.rest(bases["frame"], CKC_HEADER.size), keys.ckc_key, CKC_HEADER.part("payload IV", ckc)
        )
        values["payload"] = [
            _value("R1, from the SPC", known.block.r1, ""),
            _value("anti-replay seed, from the SPC", known.anti_replay_seed, ""),
            _value("CKC key, from both", keys.ckc_key, shell.ckc_key(known.block.r1, known.anti_replay_seed)),
            *_content_key(notes, known, bases["payload"]),
        ]
    return _shown("CKC", len(ckc), notes, bases, values)


def _content_key(notes: list[Annotation], known: SpcContents, base: str) -> list[dict[str, str]]:
    sealed = next((note for note in notes if note.field.endswith(": encrypted content key")), None)
    if sealed is None:
        return []
    command = shell.decrypt_block(shell.part(base, sealed.offset, sealed.length), known.block.sk)
    key = decrypt_block(known.block.sk, sealed.data)
    return [
        _value("SK, from the SPC", known.block.sk, ""),
        _value("content key, under SK", key, shell.shown(command)),
    ]


TOKEN_FIELDS = (
    ("prefix", 4, "what makes it a token, in this form"),
    ("key id", 4, "which of ExpressPlay's keys sealed it"),
    ("nonce", 12, "never used twice under one key"),
)
TOKEN_TAG = 16


MEANINGS = {
    "account": "whose token it is",
    "contentKey": "the key of the title: why the token is sealed, and not only signed",
    "iv": "of the media samples",
    "expires": "by ExpressPlay's clock",
    "cookie": "whose redemption the log will tell",
    "deviceId": "the one device that may redeem it; without one, whoever comes registers",
    "rentalDuration": "seconds, written into the CKC",
    "extensions": "carried as they came",
}


def inspect_token(text: str, context: Context, opened: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the outside of a token and, where ExpressPlay teaches, what it found inside (`opened`)."""
    data = message_bytes(text, "token")
    sealed = max(0, len(data) - sum(size for _, size, _ in TOKEN_FIELDS) - TOKEN_TAG)
    rows = (
        *TOKEN_FIELDS,
        ("sealed restrictions", sealed, "content key, cookie, device id, expiry: AES-256-GCM, for ExpressPlay alone"),
        ("tag", TOKEN_TAG, "of AES-GCM: one changed bit anywhere, and nothing opens"),
    )
    notes, offset = [], 0
    for name, size, meaning in rows:
        part = data[offset : offset + size]
        notes.append(Annotation("token", offset, part, name, part.hex(), meaning, Source.SIMULATION))
        offset += size
    for name, value in (opened or {}).items():
        as_text = value if isinstance(value, str) else json.dumps(value)
        notes.append(Annotation("restrictions", 0, b"", name, as_text, MEANINGS.get(name, ""), Source.SIMULATION))
    shown = _shown("token", len(data), notes, {"token": shell.fetch(context.url)}, {})
    for layer in shown["layers"][1:]:
        layer["text"] = True
        for field in layer["fields"]:
            opening = f"curl -s {context.expressplay}/_sim/open --data-binary {text}"
            field["command"] = f"{opening} | {shell.json_member(field['field'])}"
    return {**shown, "closed": "" if opened else CLOSED_TOKEN}


def inspect_dropped(data: bytes) -> list[dict[str, Any]]:
    """Return what a dropped file holds, as far as it can be explained; a recording may hold several messages."""
    return [
        {**_shown(found.kind, found.size, found.notes, {}, {}), "source": found.source} for found in inspect_bytes(data)
    ]


def message_id(data: bytes) -> str:
    """Name a message in a URL."""
    return hashlib.sha256(data).hexdigest()[:16]


def _shown(
    kind: str, size: int, notes: Sequence[Annotation], bases: dict[str, str], values: dict[str, list[dict[str, str]]]
) -> dict[str, Any]:
    layers: dict[str, dict[str, Any]] = {}
    for note in notes:
        words = CKC_PAYLOAD if kind == "CKC" and note.layer == "payload" else WORDS.get(note.layer, "")
        layer = layers.setdefault(
            note.layer, {"name": note.layer, "words": words, "values": values.get(note.layer, []), "fields": []}
        )
        base = bases.get(note.layer, "")
        command = shell.shown(shell.part(base, note.offset, note.length)) if base and note.length else ""
        layer["fields"].append({**field_as_json(note), "origin": _origin(note.source), "command": command})
    problems = sum(1 for note in notes if note.problem)
    closed = CLOSED_SPC if kind == "SPC" and len(layers) == 1 else ""
    return {"kind": kind, "size": size, "problems": problems, "layers": list(layers.values()), "closed": closed}


def _origin(source: Source) -> str:
    return source.value if source is Source.SIMULATION else f"{source.origin.value}: {source.value}"


def _value(name: str, value: bytes, command: str) -> dict[str, str]:
    return {"name": name, "value": value.hex(), "command": command}
