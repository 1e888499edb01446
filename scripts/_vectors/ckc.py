"""The vectors of CKC: licenses of every kind, and for every check of the device at least one that breaks it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from _vectors.keys import Number, Stream, TestKeys, Vector, refused, text
from _vectors.spc import CONTENT, OFFLINE_DEVICES, SpcCase
from fairplay import layout, tllv
from fairplay.aes import cbc_decrypt, cbc_encrypt
from fairplay.ckc import ContentKey, Duration, OfflineKey, ckc_key, read_frame, seal_ckc
from fairplay.layout import CKC_HEADER, MARK, HdcpLevel, KeyType, PlaybackState


def ckc_vectors(keys: TestKeys) -> Iterator[Vector]:
    """Yield every CKC vector; `answers` names the SPC vector that the device had sent."""
    for name, about, answers, duration in (
        ("unlimited", "no duration block", "v2 ready", None),
        ("unlimited v1", "the same for an SPC v1", "v1 ready", None),
        *((key_type.name.lower().replace("_", " "), key_type.meaning, "v2 playing",
           Duration(key_type, lease=600, rental=172_800)) for key_type in KeyType),
    ):  # fmt: skip
        case = _case(keys, answers)
        ckc = seal_ckc(case.contents, CONTENT, random=Stream(f"CKC {name}"), duration=duration)
        yield {
            "name": name,
            "about": about,
            "answers": answers,
            "ckc": text(ckc),
            "opens": expectation(CONTENT, duration),
        }
    for level in HdcpLevel:
        case = _case(keys, "v2 ready")
        ckc = seal_ckc(case.contents, CONTENT, random=Stream(f"CKC {level.name}"), hdcp=level)
        about = f"output protection: {level.meaning}"
        yield {
            "name": f"HDCP {level.name.lower().replace('_', ' ')}",
            "about": about,
            "answers": "v2 ready",
            "ckc": text(ckc),
            "opens": expectation(CONTENT, None, level),
        }
    dual = OfflineKey(b"sixteen bytes id", storage=30 * 86_400, playback=172_800, title_id=b"title's 16 bytes")
    kept = OfflineKey(b"sixteen bytes id")
    limits = Duration(KeyType.PERSIST_RENTAL, rental=172_800)
    for name, about, answers, offline_key in (
        ("dual expiry", "30 days to begin, 48 hours once begun", "offline key", dual),
        ("dual expiry v2", "the same with a title ID", "offline key v2", dual),
        ("kept without a limit", "zeros are no limit", "offline key", kept),
        ("no offline key", "a device without the capability gets the duration in its place", "v2 ready", dual),
    ):
        case = _case(keys, answers)
        random = Stream(f"CKC {name}")
        ckc = seal_ckc(case.contents, CONTENT, random=random, duration=limits, offline_key=offline_key)
        written = replace(offline_key, title_id=offline_key.title_id if "v2" in name else bytes(16))
        opens = (
            expectation(CONTENT, None, offline_key=written)
            if answers in OFFLINE_DEVICES
            else expectation(CONTENT, limits)
        )
        yield {"name": name, "about": about, "answers": answers, "ckc": text(ckc), "opens": opens}
    for name, about, (number, check), answers, ckc in _broken_ckcs(keys):
        broken = {"name": name, "about": about, "answers": answers, "ckc": text(ckc)}
        yield {**broken, "refused": refused(number, check)}
    for name, about, key, iv in (
        ("content key of 15", "the key store holds 15 bytes: the key server must not seal them", bytes(15), bytes(16)),
        ("content IV of 0", "the key store holds no IV", bytes(16), b""),
    ):
        stored = {"content_key": key.hex(), "iv": iv.hex()}
        yield {"name": name, "about": about, "answers": "v2 ready", "seal": stored, "refused": refused(-42584, 13)}


def _broken_ckcs(keys: TestKeys) -> Iterator[tuple[str, str, Number, str, bytes]]:
    asked = "v2 ready"
    case = _case(keys, asked)
    ckc, values = _ckc(case)
    frame = (-42585, 3)
    yield "empty", "no bytes at all", frame, asked, b""
    yield "cut frame", "one byte less than the frame", frame, asked, ckc[:27]
    yield "version 2", "a CKC has version 1", frame, asked, b"\0\0\0\2" + ckc[4:]
    yield "no mark", "reserved word 0, as in a real CKC", frame, asked, ckc[:4] + bytes(4) + ckc[8:]
    yield "cut payload", "the last 16 bytes are missing", frame, asked, ckc[:-16]
    yield "longer message", "16 bytes follow the payload", frame, asked, ckc + bytes(16)
    yield "no payload", "a payload of 0 bytes", frame, asked, ckc[:24] + bytes(4)
    yield "refusal text", "a refusal in JSON was taken for a CKC", frame, asked, b'{"errorCode": -4010}'
    for name, about, tag, value in (
        (
            "key type",
            "none of the known ones",
            layout.DURATION,
            layout.DURATION_VALUE.pack(0, 0, b"what", layout.DURATION_MARK),
        ),
        ("HDCP level", "none of the known ones", layout.HDCP, layout.HDCP_VALUE.pack(b"whatever", bytes(8))),
        (
            "offline key version",
            "version 2 without its title ID",
            layout.OFFLINE_KEY,
            layout.OFFLINE_KEY_VALUE.pack(2, bytes(4), bytes(16), 1, 1),
        ),
    ):
        yield name, about, frame, asked, _sealed(case, {**values, tag.code: value})
    other = (-42589, 12)
    yield "other SPC", "answers another SPC of the same device", other, "v2 playing", ckc
    garbled = ckc[:28] + bytes([ckc[28] ^ 1]) + ckc[29:]
    yield "flipped bit", "a bit of the first block was flipped", other, asked, garbled
    changed = {**values, layout.R1.code: bytes(44)}
    yield "other R1", "the right CKC key, and another R1", other, asked, _sealed(case, changed)
    code = layout.TRANSACTION_ID.code
    returned = (-42583, 10)
    changed = {**values, code: bytes(8)}
    yield "returned value", "the transaction id came back changed", returned, asked, _sealed(case, changed)
    kept = _without(values, code)
    yield "returned nothing", "the transaction id did not come back", returned, asked, _sealed(case, kept)
    for tag in (layout.ENCRYPTED_KEY, layout.R1):
        about = "a block that every CKC has is missing"
        yield f"no {tag.name}", about, (-42583, 9), asked, _sealed(case, _without(values, tag.code))
    for tag in layout.CKC_TAGS.values():
        about = f"{tag.largest + 1} bytes where {tag.sizes} are legal"
        changed = {**values, tag.code: bytes(tag.largest + 1)}
        yield f"{tag.name} of {tag.largest + 1}", about, (-42581, 8), asked, _sealed(case, changed)


def _case(keys: TestKeys, name: str) -> SpcCase:
    if name in OFFLINE_DEVICES:
        return SpcCase(keys, name, capabilities=OFFLINE_DEVICES[name])
    version, _, state = name.partition(" ")
    return SpcCase(keys, name, version, state=PlaybackState[state.upper().replace(" ", "_")])


def _ckc(case: SpcCase) -> tuple[bytes, dict[bytes, bytes]]:
    ckc = seal_ckc(case.contents, CONTENT, random=Stream("CKC to be broken"))
    key = ckc_key(case.contents.block.r1, case.contents.anti_replay_seed)
    return ckc, {block.tag: block.value for block in tllv.blocks(cbc_decrypt(key, *read_frame(ckc)))}


def _sealed(case: SpcCase, values: Mapping[bytes, bytes]) -> bytes:
    random = Stream("CKC sealed again")
    iv = random(16)
    payload = tllv.write(values.items(), random)
    key = ckc_key(case.contents.block.r1, case.contents.anti_replay_seed)
    return CKC_HEADER.pack(1, MARK, iv, len(payload)) + cbc_encrypt(key, iv, payload)


def _without(values: Mapping[bytes, bytes], code: bytes) -> dict[bytes, bytes]:
    return {tag: value for tag, value in values.items() if tag != code}


def expectation(
    content: ContentKey,
    duration: Duration | None,
    hdcp: HdcpLevel | None = None,
    offline_key: OfflineKey | None = None,
) -> Vector:
    """Return what a CKC vector says of its license."""
    limits = duration and {
        "lease": duration.lease,
        "rental": duration.rental,
        "key_type": duration.key_type.value.hex(),
    }
    return {
        "content_key": content.key.hex(),
        "iv": content.iv.hex(),
        "duration": limits,
        "hdcp": hdcp and hdcp.value.hex(),
        "offline_key": offline_key
        and {
            "content_id": offline_key.content_id.hex(),
            "title_id": offline_key.title_id.hex(),
            "storage": offline_key.storage,
            "playback": offline_key.playback,
        },
    }
