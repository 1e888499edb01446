"""The browser's device refuses what a hostile key server answers by the same numbers as the device in Python."""

import base64

import pytest
from hostile_ckcs import hostile_ckcs
from playwright.sync_api import Page
from vectors import key_server, spc_bytes

from fairplay.ckc import open_ckc
from fairplay.errors import CkcError
from fairplay.spc import open_spc

SENT = open_spc(spc_bytes("v2 ready"), key_server())
HOSTILE = hostile_ckcs(SENT)
KEYS = {
    "sk": SENT.block.sk.hex(),
    "r1": SENT.block.r1.hex(),
    "anti_replay_seed": SENT.anti_replay_seed.hex(),
    "returned": {tag.hex(): SENT.values[tag].hex() for tag in SENT.return_tags},
}
OPEN = """([ckc, keys]) => FairPlayEme.openCkc(Uint8Array.fromBase64(ckc), keys).then(
    () => ({name: 'opened'}), ({name, number, message}) => ({name, number, message}))"""


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_as_in_python(device: Page, what: str) -> None:
    with pytest.raises(CkcError) as refusal:
        open_ckc(HOSTILE[what], SENT)
    found = device.evaluate(OPEN, [base64.b64encode(HOSTILE[what]).decode(), KEYS])
    assert (found["name"], found["number"]) == ("FairPlayError", refusal.value.number), found
    assert "Likely fix:" in found["message"]
    assert len(found["message"]) < 500
