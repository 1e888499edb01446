"""The device in JavaScript, held by the vectors: it shares no code with fairplay/, and must agree about each byte."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page
from vectors import CKC, KEYS, SPC, key_server

from fairplay.layout import PlaybackState
from fairplay.session_key import device_id_of
from fairplay.spc import open_spc

ANSWERS = [name for name, vector in CKC.items() if "ckc" in vector]
ASSET_ID, TRANSACTION_ID = "1bf7f53f5d5d5a1f", "47aa7ad3440577de"
KEY_TYPES = {
    "1a4bde7e": "lease",
    "3dfe45a0": "rental",
    "27b59bde": "lease and rental",
    "3df2d9fb": "persistent",
    "18f06048": "persistent, limited by the rental",
}
HDCP = {"ef72894ca7895b78": "none", "40791ac78bd5c571": "type 0", "285a0863bba8e1d3": "type 1"}

OPEN = """([ckc, keys]) => FairPlayEme.openCkc(Uint8Array.fromBase64(ckc), keys)
    .catch(({name, number, check, message}) => ({name, number, check, message}))"""
MAKE = """async ({certificate, ask, source, ...rest}) => {
    const given = {certificate: Uint8Array.fromBase64(certificate), ask: Uint8Array.fromHex(ask), ...rest};
    given.assetId = new TextEncoder().encode(rest.assetId);
    if (source) given.source = (size) => Uint8Array.fromHex(source.shift() ?? '00'.repeat(size));
    try {
        const {spc, keys} = await FairPlayEme.makeSpc(given);
        return {spc: spc.toBase64(), keys};
    } catch ({name, message}) {
        return {name, message};
    }
}"""


def keys_of(spc: str) -> dict[str, Any]:
    """What a device remembers of the SPC vector of that name."""
    opens: dict[str, Any] = SPC[spc]["opens"]
    returned = {ASSET_ID: opens["asset_id"], TRANSACTION_ID: opens["transaction_id"]}
    return opens | {"returned": {tag: returned[tag] for tag in opens["return_tags"]}}


def make(device: Page, version: str = "v2", **changes: Any) -> Any:
    certificate = KEYS["rsa"][version]["certificate"]
    usual = {"certificate": certificate, "ask": KEYS["ask"], "seed": "A", "assetId": "a title", "now": 1_700_000_000}
    return device.evaluate(MAKE, usual | changes)


@pytest.mark.parametrize("name", ANSWERS)
def test_it_opens_and_refuses_the_ckcs_of_the_vectors(device: Page, name: str) -> None:
    vector = CKC[name]
    found = device.evaluate(OPEN, [vector["ckc"], keys_of(vector["answers"])])
    if "refused" in vector:
        assert {"number": found["number"], "check": found["check"]} == vector["refused"]
        assert found["name"] == "FairPlayError"
        assert "Likely fix:" in found["message"]
        return
    opens = vector["opens"]
    duration = opens["duration"] and {**opens["duration"], "keyType": KEY_TYPES[opens["duration"]["key_type"]]}
    kept = opens["offline_key"]
    assert found == {
        "contentKey": opens["content_key"],
        "iv": opens["iv"],
        "duration": duration and {name: duration[name] for name in ("lease", "rental", "keyType")},
        "hdcp": opens["hdcp"] and HDCP[opens["hdcp"]],
        "offlineKey": kept
        and {
            "contentId": kept["content_id"],
            "storage": kept["storage"],
            "playback": kept["playback"],
            "titleId": kept["title_id"],
        },
    }


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("state", "code"), [("ready", PlaybackState.READY), ("lease ending", PlaybackState.LEASE_ENDING)]
)
def test_a_key_server_opens_its_spcs(device: Page, version: str, state: str, code: PlaybackState) -> None:
    made = make(device, version, state=state)
    contents = open_spc(base64.b64decode(made["spc"]), key_server())
    assert f"v{contents.version}" == version
    assert contents.asset_id == b"a title"
    assert contents.block.device_id == device_id_of("A")
    assert contents.playback
    assert (contents.playback.created, contents.playback.state) == (1_700_000_000, code)
    assert contents.warnings == ()
    keys = made["keys"]
    assert contents.spc_key.hex() == keys["spc_key"]
    assert contents.block.sk.hex() == keys["sk"]
    assert contents.block.r1.hex() == keys["r1"]
    assert contents.anti_replay_seed.hex() == keys["anti_replay_seed"]
    assert {tag.hex(): contents.values[tag].hex() for tag in contents.return_tags} == keys["returned"]


def test_d_sim_gives_the_check_values_of_the_messages_page(device: Page) -> None:
    counted = [(0x00, 21), (0x10, 16), (0x40, 44), (0xA0, 16), (0x80, 16)]  # R2, SK, R1, IV, anti-replay seed
    source = [bytes(range(start, start + size)).hex() for start, size in counted]
    keys = make(device, ask=bytes(range(16)).hex(), source=source)["keys"]
    assert keys["dask"] == "e11e82e78d3be187a55b457076c6dbfe"
    assert keys["mac_key"] == "8ad06b08e347f1d3e12d735ffde1d3971037e0fc40dffc879c14ab2449690bd7"
    assert keys["ckc_key"] == "32055a8ca3f17cb7aed5bde25aa04e20"


@pytest.mark.parametrize("seed", ["A", "device A", "Gerät Ω"])
def test_the_same_seed_is_the_same_device(device: Page, seed: str) -> None:
    assert device.evaluate("seed => FairPlayEme.deviceId(seed)", seed) == device_id_of(seed).hex()


@pytest.mark.parametrize("asset_id", ["a", "a" * 201])
def test_an_asset_id_of_no_legal_size_makes_no_spc(device: Page, asset_id: str) -> None:
    assert f"found {len(asset_id)}" in make(device, assetId=asset_id)["message"]


def altered(original: bytes) -> st.SearchStrategy[bytes]:
    """Any bytes, and the original with a byte changed, cut off, or lengthened."""
    places = st.integers(0, len(original) - 1)
    return st.one_of(
        st.binary(max_size=400),
        st.tuples(places, st.integers(1, 255)).map(
            lambda at: original[: at[0]] + bytes([original[at[0]] ^ at[1]]) + original[at[0] + 1 :]
        ),
        places.map(lambda at: original[:at]),
        st.binary(min_size=1, max_size=40).map(lambda more: original + more),
    )


@given(altered(base64.b64decode(CKC["lease"]["ckc"])))
def test_any_bytes_in_place_of_a_ckc_are_refused_by_number(device: Page, data: bytes) -> None:
    found = device.evaluate(OPEN, [base64.b64encode(data).decode(), keys_of(CKC["lease"]["answers"])])
    # Some bits are covered by nothing, in FairPlay too: padding, the encrypted key itself, its IV, the durations.
    assert found.get("name") == "FairPlayError" or len(found["contentKey"]) == 32


@given(altered(base64.b64decode(KEYS["rsa"]["v2"]["certificate"])))
def test_any_bytes_in_place_of_a_certificate_make_an_spc_or_a_sentence(device: Page, data: bytes) -> None:
    made = make(device, certificate=base64.b64encode(data).decode())
    assert made.get("spc") or (made["name"] == "TypeError" and made["message"].startswith("certificate: expected"))
