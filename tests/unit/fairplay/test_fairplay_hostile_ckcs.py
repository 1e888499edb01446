"""A key server that knows every key answers with anything: what is no CKC to be opened is refused, and says why."""

from collections.abc import Callable

import pytest
from hostile_ckcs import framed, hostile_ckcs
from hypothesis import given
from hypothesis import strategies as st
from vectors import key_server, spc_bytes

from fairplay.ckc import open_ckc
from fairplay.errors import CkcError
from fairplay.spc import SpcContents, open_spc

SENT = open_spc(spc_bytes("v2 ready"), key_server())
HOSTILE = hostile_ckcs(SENT)


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_with_number_and_fix(what: str) -> None:
    with pytest.raises(CkcError) as refusal:
        open_ckc(HOSTILE[what], SENT)
    said = str(refusal.value)
    assert str(refusal.value.number) in said
    assert all(word in said for word in ("expected ", "found ", "Likely fix: "))
    assert len(said) < 500
    assert SENT.block.sk.hex() not in said


@given(payload=st.binary(max_size=640).map(lambda data: data + bytes(-len(data) % 16)).filter(len))
def test_any_payload_is_refused(new_spc: Callable[..., tuple[bytes, SpcContents]], payload: bytes) -> None:
    _, sent = new_spc()
    with pytest.raises(CkcError):
        open_ckc(framed(sent, payload), sent)
