"""Whatever is wrong behind an SPC's envelope, the same work is done: operations are counted here, no time is taken.

What a clock shows of it is in scripts/bench, part a.
"""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplay.certificate import ApplicationCertificate
from fairplay.envelope import OAEP_PADDING
from fairplay.errors import CannotDecrypt, SpcError
from fairplay.spc import KeyServer, SpcContents, open_spc

NewSpc = Callable[..., tuple[bytes, SpcContents]]

COSTLY = {
    ("cryptography", "decrypt"): "RSA",
    ("cryptography", "update"): "AES",
    ("builtins", "hmac_digest"): "HMAC",
    ("builtins", "compare_digest"): "comparison",
}
"""What the operations are called in C and Rust, and whose they are: a collection of garbage may update a dict."""
THE_WORK = {"RSA": 1, "AES": 2, "HMAC": 3, "comparison": 1}
"""That of an SPC which opens: its key, payload and SK..R1; DASk, the MAC's key and the MAC; one comparison."""


def work(spc: bytes, key_server: KeyServer) -> tuple[Counter[str], SpcError | None]:
    """Open an SPC. Returns the costly operations that were done, and the refusal."""
    done: Counter[str] = Counter()

    def note(_frame: object, event: str, function: Any) -> None:
        if event == "c_call":
            called = type(function.__self__).__module__.partition(".")[0], function.__name__
            if called in COSTLY:
                done[COSTLY[called]] += 1

    refusal = None
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        open_spc(spc, key_server)
    except SpcError as error:
        refusal = error
    finally:
        sys.setprofile(before)
    return done, refusal


def with_wrapped(spc: bytes, wrapped: bytes) -> bytes:
    return spc[:24] + wrapped + spc[24 + len(wrapped) :]


def test_the_work_of_a_good_one(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, _ = new_spc()
    assert work(spc, key_server) == (THE_WORK, None)


@pytest.mark.parametrize("length", [0, 1, 15, 17, 32, 62])
def test_oaep_that_fails_and_a_key_of_another_length_are_the_same_work(
    new_spc: NewSpc, key_server: KeyServer, certificate: ApplicationCertificate, length: int
) -> None:
    spc, sent = new_spc()
    garbled = with_wrapped(spc, bytes([spc[24] ^ 1]) + spc[25 : 24 + certificate.public_key.key_size // 8])
    other = with_wrapped(spc, certificate.public_key.encrypt(bytes(length), OAEP_PADDING[sent.version]))
    found = [work(one, key_server) for one in (garbled, other)]
    assert [done for done, _ in found] == [THE_WORK] * 2
    assert [type(refusal) for _, refusal in found] == [CannotDecrypt] * 2
    assert str(found[0][1]) == str(found[1][1])


@given(position=st.integers(0), flip=st.integers(1, 255))
def test_any_change_behind_the_certificate_hash_is_the_same_work(
    new_spc: NewSpc, key_server: KeyServer, certificate: ApplicationCertificate, position: int, flip: int
) -> None:
    spc, _ = new_spc()
    start = 24 + certificate.public_key.key_size // 8 + 24
    altered = bytearray(spc)
    altered[start + position % (len(spc) - start)] ^= flip
    assert work(bytes(altered), key_server)[0] == THE_WORK


@given(wrapped=st.binary(min_size=128, max_size=256))
def test_any_wrapped_key_is_the_same_work(
    new_spc: NewSpc, key_server: KeyServer, certificate: ApplicationCertificate, wrapped: bytes
) -> None:
    spc, _ = new_spc()
    size = certificate.public_key.key_size // 8
    done, refusal = work(with_wrapped(spc, wrapped[:size].rjust(size, b"\0")), key_server)
    assert done == THE_WORK
    assert isinstance(refusal, CannotDecrypt)


@given(payload=st.binary(max_size=640).map(lambda data: data + bytes(-len(data) % 16)).filter(len))
def test_any_payload_is_the_same_work(
    sealed_payload: Callable[[bytes], bytes], key_server: KeyServer, payload: bytes
) -> None:
    done, refusal = work(sealed_payload(payload), key_server)
    assert done == THE_WORK
    assert refusal is not None
