"""What is in an SPC, by the message keys that a teaching recording holds: as its device knew it."""

from collections.abc import Mapping

from fairplay import tllv
from fairplay.aes import cbc_decrypt
from fairplay.envelope import read_envelope
from fairplay.session_key import DerivedKeys
from fairplay.spc import SpcContents


def contents_from(spc: bytes, keys: Mapping[str, str]) -> SpcContents:
    """Open an SPC by its keys in hex (`spc_key`, `dask`, `mac_key`). Raises `SpcError` where they do not open it."""
    envelope, spc_key = read_envelope(spc), bytes.fromhex(keys["spc_key"])
    values = tllv.read_values(cbc_decrypt(spc_key, envelope.iv, envelope.payload))
    derived = DerivedKeys(bytes.fromhex(keys["dask"]), bytes.fromhex(keys["mac_key"]))
    return SpcContents(envelope.version, values, spc_key, derived)
