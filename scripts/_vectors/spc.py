"""The vectors of SPC: good messages, and for every check at least one message that breaks this rule only."""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from _vectors.keys import Number, Stream, TestKeys, Vector, refused, text
from fairplay import layout, tllv
from fairplay.aes import cbc_decrypt, cbc_encrypt
from fairplay.ckc import ContentKey, seal_ckc
from fairplay.envelope import OAEP_PADDING, read_envelope
from fairplay.layout import MARK, SPC_HEADERS, Capability, PlaybackState
from fairplay.session_key import SessionKeyBlock, derive, device_id_of, integrity, seal
from fairplay.spc import SpcContents, build_spc, seal_spc

NOW = 1_700_000_000
DEVICE, OTHER_DEVICE = device_id_of("vectors"), device_id_of("vectors, another device")
FILM = b"urn:uuid:5ee5c0de-0000-4000-8000-000000000001"
CONTENT = ContentKey(bytes(range(0xC0, 0xD0)), bytes(range(0xD0, 0xE0)))
LAST_CHECK_OF_ENVELOPE = 4
"""What comes after it is the same in v1 and v2."""
OFFLINE_DEVICES = {
    "offline key": Capability.HDCP_TYPE_1 | Capability.OFFLINE_KEY,
    "offline key v2": Capability.HDCP_TYPE_1 | Capability.OFFLINE_KEY | Capability.OFFLINE_KEY_V2,
}
"""The capabilities of devices that take offline keys, by the name of their SPC vector."""

Values = Mapping[layout.Tag, bytes | None]


class SpcCase:
    """One SPC in the making, from random bytes of its own."""

    def __init__(self, keys: TestKeys, name: str, version: str = "v2", **how: Any) -> None:
        self.random = Stream(f"SPC {name}")
        self.keys = keys
        self.certificate = keys.certificate(version, self.random)
        arguments = {"device_id": DEVICE, "asset_id": FILM, "now": NOW, "ask": keys.ask, **how}
        self.spc, self.contents = build_spc(certificate=self.certificate, random=self.random, **arguments)

    def with_values(self, changes: Values, order: Callable[[Any], Any] = list) -> bytes:
        """Return the SPC with some values replaced, or left out where None, its blocks in another order."""
        values = {**self.contents.values, **{tag.code: value for tag, value in changes.items()}}
        kept = dict(order((tag, value) for tag, value in values.items() if value is not None))
        return seal_spc(self.contents, self.certificate, self.random, kept)

    def with_payload(self, payload: bytes, key: bytes | None = None) -> bytes:
        """Return an SPC around any plaintext of its payload, or with another SPC key."""
        key = key or self.contents.spc_key
        iv = self.random(16)
        version = self.certificate.spc_version
        wrapped = self.certificate.public_key.encrypt(key, OAEP_PADDING[version])
        head = SPC_HEADERS[version].pack(version, MARK, iv, wrapped, self.certificate.hash, len(payload))
        return head + cbc_encrypt(self.contents.spc_key, iv, payload)

    def payload(self) -> bytes:
        """Return the plaintext of the payload."""
        envelope = read_envelope(self.spc)
        return cbc_decrypt(self.contents.spc_key, envelope.iv, envelope.payload)


def spc_vectors(keys: TestKeys) -> Iterator[Vector]:
    """Yield every SPC vector."""
    yield from _good_spcs(keys)
    for version in ("v2", "v1"):
        for name, about, (number, check), spc in _broken_spcs(keys, version):
            if version == "v1" and check > LAST_CHECK_OF_ENVELOPE:
                continue
            yield {"name": f"{version} {name}", "about": about, "spc": text(spc), "refused": refused(number, check)}


def _good_spcs(keys: TestKeys) -> Iterator[Vector]:
    for version in ("v2", "v1"):
        for state in PlaybackState:
            name = f"{version} {state.name.lower().replace('_', ' ')}"
            case = SpcCase(keys, name, version, state=state)
            yield _opens(name, f"playback state: {state.meaning}", case.spc, case.contents)
    for name, capabilities in OFFLINE_DEVICES.items():
        case = SpcCase(keys, name, capabilities=capabilities)
        yield _opens(name, "a device that takes offline keys (dual expiry)", case.spc, case.contents)
    name = "another device"
    case = SpcCase(keys, name, device_id=OTHER_DEVICE)
    yield _opens(name, "as the first one, from a device with another HU", case.spc, case.contents)
    for name, about, asset_id in (
        ("shortest asset id", "2 bytes", b"id"),
        ("longest asset id", "200 bytes that are no UTF-8", bytes(range(56, 256))),
    ):
        case = SpcCase(keys, name, asset_id=asset_id)
        yield _opens(name, about, case.spc, case.contents)
    case = SpcCase(keys, "no optional tag")
    bare = case.with_values({layout.PLAYBACK: None, layout.CAPABILITIES: None})
    yield _opens(
        "no optional tag",
        "the nine required tags alone",
        bare,
        _changed(case.contents, {layout.PLAYBACK: None, layout.CAPABILITIES: None}),
    )
    again = {layout.TRANSACTION_ID: case.random(8), layout.ANTI_REPLAY: case.random(16)}
    yield _opens("altered where no MAC is", "the one before, with another transaction id and anti-replay seed",
                 case.with_values(again), _changed(case.contents, again))  # fmt: skip
    case = SpcCase(keys, "other order")
    unknown = layout.Tag(b"unknown!", "unknown", "unknown", 0, 100)
    turned = case.with_values({unknown: b"skip me"}, order=lambda pairs: reversed(list(pairs)))
    yield _opens("other order", "blocks in another order, and an unknown tag between them", turned, case.contents)
    case = SpcCase(keys, "no padding")
    unpadded = case.payload() + layout.TLLV_HEADER.pack(b"unknown!", 16, 16) + bytes(16)
    yield _opens("no padding", "a block without padding", case.with_payload(unpadded), case.contents)
    case = SpcCase(keys, "nothing returned")
    silent = case.with_values({layout.RETURN_REQUEST: b""})
    yield _opens(
        "nothing returned", "an empty return request", silent, _changed(case.contents, {layout.RETURN_REQUEST: b""})
    )
    case = SpcCase(keys, "returned twice")
    twice = case.with_values({layout.RETURN_REQUEST: layout.R2.code * 2})
    contents = _changed(case.contents, {layout.RETURN_REQUEST: layout.R2.code * 2})
    yield _opens("returned twice", "a tag that is asked back twice is returned once", twice, contents)
    case = SpcCase(keys, "newer protocol")
    newer = case.with_values({layout.SUPPORTED: _versions(1, 2)})
    yield _opens("newer protocol", "version 1 is used although both sides know 2: opens, with a warning", newer,
                 case.contents)  # fmt: skip


def _broken_spcs(keys: TestKeys, version: str) -> Iterator[tuple[str, str, Number, bytes]]:
    case = SpcCase(keys, f"broken {version}", version)
    spc, header = case.spc, SPC_HEADERS[case.contents.version]
    key_end, hash_end = header.size - 24, header.size - 4

    not_spc = (-42580, 1)
    yield "empty", "no bytes at all", not_spc, b""
    yield "cut header", "one byte less than the header", not_spc, spc[: header.size - 1]
    yield "version 9", "a version that nobody knows", not_spc, b"\0\0\0\x09" + spc[4:]
    yield "version 3", "a version that exists, and that this simulation does not speak", not_spc, b"\0\0\0\3" + spc[4:]
    yield "certificate", "the certificate was posted in place of the SPC", not_spc, keys.certificates[version]
    yield "JSON", "JSON was posted as raw octets", not_spc, b'{"spc": "' + base64.b64encode(spc) + b'"}'
    yield "token", "a JSON web token was posted", not_spc, b"eyJhbGciOiJIUzI1NiJ9.e30."
    yield "CKC", "the answer was posted as a question", not_spc, seal_ckc(case.contents, CONTENT, random=case.random)
    yield "no mark", "reserved word 0, as in a real SPC", (-9001, 1), spc[:4] + bytes(4) + spc[8:]
    unknown = spc[:key_end] + bytes(20) + spc[hash_end:]
    yield "certificate hash", "a hash that belongs to no certificate", (-42605, 2), unknown

    bad_length = (-42585, 3)
    yield "cut payload", "the last 16 bytes are missing", bad_length, spc[:-16]
    yield "longer message", "16 bytes follow the payload", bad_length, spc + bytes(16)
    yield "odd length", "a payload of 15 bytes", bad_length, spc[:hash_end] + _versions(15) + bytes(15)
    yield "no payload", "a payload of 0 bytes", bad_length, spc[:hash_end] + bytes(4)

    garbled = spc[: key_end - 1] + bytes([spc[key_end - 1] ^ 1]) + spc[key_end:]
    yield "wrapped key", "one bit of the wrapped SPC key was flipped", (-42605, 4), garbled
    short = case.with_payload(case.payload(), key=bytes(15))
    yield "key of 15 bytes", "unwraps to a key of another size; the same answer as above", (-42605, 4), short

    bad_block = (-42585, 6)
    pack = layout.TLLV_HEADER.pack
    for name, about, block in (
        ("cut block header", "8 bytes are left where a header should be", pack(b"unknown!", 24, 0) + bytes(16)),
        ("block of 17", "a block length that is no multiple of 16", pack(b"unknown!", 17, 1) + bytes(32)),
        ("value over block", "a value longer than its block", pack(b"unknown!", 16, 17) + bytes(16)),
        ("block over payload", "a block longer than the payload", pack(b"unknown!", 48, 1) + bytes(32)),
    ):
        yield name, about, bad_block, case.with_payload(case.payload() + block)
    again = tllv.write([(layout.R2.code, case.contents.r2)], case.random)
    yield "duplicate tag", "R2 twice", (-42591, 7), case.with_payload(case.payload() + again)

    for tag in layout.SPC_TAGS.values():
        for size in {tag.smallest - 1, tag.smallest + 1, tag.largest + tag.step}:
            if 0 <= size <= 2000 and not tag.allows(size):
                about = f"{size} bytes where {tag.sizes} are legal"
                yield f"{tag.name} of {size}", about, (-42581, 8), case.with_values({tag: bytes(size)})
    for tag in layout.SPC_TAGS.values():
        if tag.required:
            yield f"no {tag.name}", "a required tag is missing", (-42583, 9), case.with_values({tag: None})

    absent = case.with_values({layout.RETURN_REQUEST: b"unknown!"})
    yield "return of nothing", "a tag is asked back that is not there", (-42583, 10), absent
    own = case.with_values({layout.R1: bytes(44), layout.RETURN_REQUEST: layout.R1.code})
    yield "return of R1", "a tag is asked back that the CKC has of its own", (-42583, 10), own
    for name, about, supported, used in (
        ("protocol 2 of 1", "the device uses a version that it does not support", (1,), 2),
        ("protocol 3", "the device uses a version that the server does not know", (3,), 3),
    ):
        changes = {layout.SUPPORTED: _versions(*supported), layout.USED: _versions(used)}
        yield name, about, (-42590, 11), case.with_values(changes)
    yield from _altered_session_keys(keys, version, case)
    strange = layout.PLAYBACK_VALUE.pack(NOW, b"what", bytes(8))
    yield "playback state", "none of the known ones", (-42585, 14), case.with_values({layout.PLAYBACK: strange})


def _altered_session_keys(keys: TestKeys, version: str, case: SpcCase) -> Iterator[tuple[str, str, Number, bytes]]:
    mismatch = (-42589, 12)
    sealed = case.contents.values[layout.SKR1.code]
    for name, about, position in (
        ("flipped HU", "the bit of ciphertext that flips the first bit of HU, and leaves R1 and the MAC intact", 16),
        ("flipped R1", "a bit of ciphertext that flips a bit of R1", 48),
        ("flipped MAC", "a bit of ciphertext that flips a bit of the MAC", 80),
    ):
        flipped = sealed[:position] + bytes([sealed[position] ^ 0x80]) + sealed[position + 1 :]
        yield name, about, mismatch, case.with_values({layout.SKR1: flipped})
    yield "integrity tag", "zeros in the integrity tag", mismatch, case.with_values({layout.INTEGRITY: bytes(16)})
    other = SpcCase(keys, f"other ASk {version}", version, ask=keys.other_ask)
    yield "other ASk", "made with the ASk of another provider", mismatch, other.spc
    # Both copies of the MAC agree, so that only the recomputed one tells: what a bare comparison lets pass.
    forged = SessionKeyBlock(case.contents.block.sk, OTHER_DEVICE, case.contents.block.r1)
    derived = derive(keys.ask, case.contents.r2)
    plain = forged.sk + forged.device_id + forged.r1 + integrity(derived, case.contents.block)
    iv = seal(derived, forged, case.random(16))[:16]
    changes = {layout.SKR1: iv + cbc_encrypt(derived.dask, iv, plain)}
    yield "two equal wrong MACs", "tag and SK..R1 agree on the MAC of another HU", mismatch, case.with_values(changes)


def _opens(name: str, about: str, spc: bytes, contents: SpcContents) -> Vector:
    return {"name": name, "about": about, "spc": text(spc), "opens": expectation(contents)}


def expectation(contents: SpcContents) -> Vector:
    """Return what an SPC vector says of its contents."""
    playback = contents.playback
    return {
        "version": contents.version,
        "asset_id": contents.asset_id.hex(),
        "device_id": contents.device_id,
        "sk": contents.block.sk.hex(),
        "r1": contents.block.r1.hex(),
        "r2": contents.r2.hex(),
        "anti_replay_seed": contents.anti_replay_seed.hex(),
        "transaction_id": contents.transaction_id.hex(),
        "return_tags": [tag.hex() for tag in contents.return_tags],
        "playback": playback
        and {"created": playback.created, "state": playback.state.value.hex(), "session": playback.session.hex()},
    }


def _changed(contents: SpcContents, changes: Values) -> SpcContents:
    values = {**contents.values, **{tag.code: value for tag, value in changes.items()}}
    return replace(contents, values={tag: value for tag, value in values.items() if value is not None})


def _versions(*versions: int) -> bytes:
    return b"".join(version.to_bytes(4, "big") for version in versions)
