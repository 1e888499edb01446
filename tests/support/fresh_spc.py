"""SPCs that a test sends to a mock: of a device by its id, for a content id, under the mock's certificate and ASk."""

import base64
import os
from collections.abc import Mapping
from typing import Any

from fairplay.certificate import load_certificate
from fairplay.spc import SpcContents, build_spc


def fresh_spc(
    certificate: bytes,
    ask: bytes,
    device_id: bytes,
    asset_id: bytes = b"film-1",
    *,
    now: int = 1_700_000_000,
    **how: Any,
) -> tuple[bytes, SpcContents]:
    """Build an SPC; `how` is what else `build_spc` takes."""
    arguments = {"random": os.urandom, **how}
    return build_spc(
        certificate=load_certificate(certificate), ask=ask, device_id=device_id, asset_id=asset_id, now=now, **arguments
    )


def provisioned_spc(
    given: Mapping[str, str], device_id: bytes, asset_id: bytes = b"film-1"
) -> tuple[bytes, SpcContents]:
    """Build an SPC from what `/_sim/provisioning` answers."""
    return fresh_spc(base64.b64decode(given["certificate"]), bytes.fromhex(given["ask"]), device_id, asset_id)
