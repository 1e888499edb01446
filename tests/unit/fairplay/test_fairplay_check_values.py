"""The published check values of D-SIM, digit for digit: anybody's implementation must come to these."""

from fairplay import session_key
from fairplay.aes import encrypt_block
from fairplay.ckc import ckc_key
from fairplay.session_key import SessionKeyBlock, derive, seal, unseal


def counting(first: int, last: int) -> bytes:
    return bytes(range(first, last + 1))


ASK, R2 = counting(0x00, 0x0F), counting(0x00, 0x14)
BLOCK = SessionKeyBlock(sk=counting(0x10, 0x1F), device_id=counting(0x20, 0x33), r1=counting(0x40, 0x6B))
INTEGRITY = "27e0dd436f6015ed482a67f3517d9e2d"
CIPHERTEXT = (
    "89f59419ed23755083de23488ab5306958233aa67d032f30e69c6c6476f1d6c255d6faae552c6c4e4dda625749a544f4"
    "787200d1a20c1dafe1dca032eb93d2cb12224ee6f4b06c4332f2461ddd1018dbdad517d536191a09b4575c48acc7d0e9"
)


def test_dask() -> None:
    assert derive(ASK, R2).dask.hex() == "e11e82e78d3be187a55b457076c6dbfe"


def test_mac_key() -> None:
    assert derive(ASK, R2).mac_key.hex() == "8ad06b08e347f1d3e12d735ffde1d3971037e0fc40dffc879c14ab2449690bd7"


def test_integrity() -> None:
    assert session_key.integrity(derive(ASK, R2), BLOCK).hex() == INTEGRITY


def test_sk_r1_is_sealed_to_the_published_bytes_and_back() -> None:
    iv = counting(0xA0, 0xAF)
    sealed = seal(derive(ASK, R2), BLOCK, iv)
    assert sealed == iv + bytes.fromhex(CIPHERTEXT)
    assert unseal(derive(ASK, R2), sealed, bytes.fromhex(INTEGRITY)) == BLOCK


def test_ckc_key() -> None:
    assert ckc_key(BLOCK.r1, counting(0x80, 0x8F)).hex() == "32055a8ca3f17cb7aed5bde25aa04e20"


def test_encrypted_content_key() -> None:
    assert encrypt_block(BLOCK.sk, counting(0xC0, 0xCF)).hex() == "aacab863c7d17219de7c98e9ea60a331"


def test_the_device_id_of_a_seed_is_the_start_of_its_hash() -> None:
    assert session_key.device_id_of("A").hex() == "ed8ad90fb294bc5c336457253dd91acb8deaab96"
    assert session_key.device_id_of("A") != session_key.device_id_of("B")
