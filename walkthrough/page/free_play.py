"""Free play: one field of a request to SEES, or of one fixed SPC, is changed; all else is honest. Who notices?"""

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from flask import Flask, Response, jsonify

from emulator.binding import Client, content_id_of, post_spc, read_title, register
from emulator.device import make_spc
from emulator.errors import EmulatorError
from emulator.license_client import RequestType, ask_sees, entitlement_request
from emulator.step import at_step
from fairplay import layout, tllv
from fairplay.aes import cbc_decrypt, cbc_encrypt
from fairplay.annotate import annotate_spc, keys_of
from fairplay.ckc import open_ckc
from fairplay.envelope import read_envelope
from fairplay.errors import FairPlayError
from fairplay.spc import SpcContents
from simulation.steps import Step
from walkthrough.page.page_requests import Unusable, read_object
from walkthrough.page.page_state import PageState
from walkthrough.page.refusals import as_refusal
from walkthrough.record.deployment import Deployment

REQUEST = "request"
REQUEST_FIELDS = ("messageID", "version", "requestType", "contentID", "customerCookie")
MAX_VALUE = 4096
"""Characters of a new value."""


@dataclass(frozen=True)
class FreeField:
    """A field that can be changed: where it is, what it is called, and its honest value (of an SPC in hex)."""

    layer: str
    name: str
    value: str
    offset: int = 0


@dataclass(frozen=True)
class Bench:
    """What is changed: a request that a device sends to SEES, and one SPC of its own."""

    client: Client
    request: dict[str, Any]
    content_id: str
    spc: bytes
    contents: SpcContents

    @property
    def id(self) -> str:
        """Name this SPC to the browser."""
        return hashlib.sha256(self.spc).hexdigest()[:16]

    def fields(self) -> list[FreeField]:
        """Return every field that can be changed."""
        of_request = [FreeField(REQUEST, name, str(self.request[name])) for name in REQUEST_FIELDS]
        return of_request + spc_fields(self.spc, self.contents)


def serve_free_play(app: Flask, page: PageState) -> None:
    """Add the routes."""
    benches: list[Bench] = []
    registered: list[Bench] = []
    making = threading.Lock()

    @app.get("/api/free")
    def fields() -> Response:
        with making:
            if not benches:
                benches.append(set_up(page.deployment))
            bench = benches[0]
        return jsonify(spc=bench.id, size=len(bench.spc), fields=[asdict(field) for field in bench.fields()])

    @app.post("/api/free")
    def send() -> Response:
        match read_object():
            case {"spc": str(spc), "layer": str(layer), "name": str(name), "value": str(value)} if (
                len(value) <= MAX_VALUE
            ):
                pass
            case _:
                raise Unusable("expected spc, layer, name and value")
        with page.pacing.run(can_be_given_up=False):
            if not benches or benches[0].id != spc:
                raise Unusable("that SPC is used up: read the fields of the next one")
            if registered != benches:  # not before somebody plays: a row for each visitor would be in the way
                register(benches[0].client, str(benches[0].request["customerCookie"]))
                registered[:] = benches
            answer = send_changed(benches[0], layer, name, value)
            if answer["used"]:
                with making:
                    benches.clear()  # ExpressPlay answers an SPC once: the next try needs one of its own
        return jsonify(answer)


def set_up(deployment: Deployment) -> Bench:
    """Make a device of its own, a request, and the SPC."""
    deployment = deployment.anew()
    client, cookie = deployment.client("free"), deployment.name("free")
    with at_step(Step.ASK_TO_PLAY):
        content_id = content_id_of(read_title(client, deployment.title, dummy=False).keys[0])
    request = entitlement_request("free-play", RequestType.DEVICE_BOUND, content_id, cookie)
    return Bench(client, request, content_id, *make_spc(client.device, content_id))


def spc_fields(spc: bytes, contents: SpcContents) -> list[FreeField]:
    """Return every field of an SPC, down to those inside SK..R1."""
    notes = annotate_spc(spc, keys_of(contents))
    return [FreeField(note.layer, note.field, note.data.hex(), note.offset) for note in notes if note.data]


def send_changed(bench: Bench, layer: str, name: str, value: str) -> dict[str, Any]:
    """Ask for the film with one field changed.

    Returns `noticed` (the refusal, None where a license came and opened), `differ` (bytes of the SPC that differ on
    the wire), and `used` (whether ExpressPlay answered the SPC with a license).
    """
    request, spc = bench.request, bench.spc
    if layer == REQUEST:
        if name not in REQUEST_FIELDS:
            raise Unusable(f"expected one of {', '.join(REQUEST_FIELDS)}")
        request = {**request, name: _typed(value, request[name])}
    else:
        spc = changed(spc, bench.contents, layer, name, _hex(value))
    differ = sum(one != other for one, other in zip(spc, bench.spc, strict=True))
    try:
        with at_step(Step.ASK_TO_PLAY):
            entitlement = ask_sees(bench.client.web, bench.client.sees, request)
        with at_step(Step.SEND_SPC_TO_PLAY):
            answer = post_spc(bench.client, entitlement.token_url, spc, asset_id=bench.content_id)
    except EmulatorError as error:
        return {"noticed": as_refusal(error), "differ": differ, "used": False}
    try:
        open_ckc(answer.ckc, bench.contents)
    except FairPlayError as error:
        return {"noticed": as_refusal(error), "differ": differ, "used": True}
    return {"noticed": None, "differ": differ, "used": True}


def changed(spc: bytes, contents: SpcContents, layer: str, name: str, value: bytes) -> bytes:
    """Return the SPC with one field changed: layers below are opened with the device's own keys, and closed again.

    Nothing is signed anew: neither the MAC nor any length is mended.
    """
    field = next((field for field in spc_fields(spc, contents) if (field.layer, field.name) == (layer, name)), None)
    if field is None or len(value) * 2 != len(field.value):
        expected = f"{len(field.value) // 2} bytes in hex" if field else "a field of the SPC"
        raise Unusable(f"{name}: expected {expected}, found {len(value)} bytes")

    def put(data: bytes) -> bytes:
        return data[: field.offset] + value + data[field.offset + len(value) :]

    if layer == "envelope":
        return put(spc)
    if layer == "payload":
        return _in_payload(spc, contents, put)
    return _in_payload(spc, contents, lambda payload: _in_sealed(payload, contents, put))


Change = Callable[[bytes], bytes]
_INTEGER = re.compile("-?[0-9]+")


def _in_payload(spc: bytes, contents: SpcContents, change: Change) -> bytes:
    envelope = read_envelope(spc)
    start = len(spc) - len(envelope.payload)
    return spc[:start] + cbc_encrypt(contents.spc_key, envelope.iv, change(envelope.open(contents.spc_key)))


def _in_sealed(payload: bytes, contents: SpcContents, change: Change) -> bytes:
    block = next(block for block in tllv.blocks(payload) if block.tag == layout.SKR1.code)
    iv, ciphertext = layout.SKR1_VALUE.unpack(block.value)
    sealed = cbc_encrypt(contents.derived.dask, iv, change(cbc_decrypt(contents.derived.dask, iv, ciphertext)))
    start = block.offset + layout.TLLV_HEADER.size + len(iv)
    return payload[:start] + sealed + payload[start + len(sealed) :]


def _typed(value: str, honest: object) -> str | int:
    """Return the value as the JSON type that the honest one has, if it can be read as that."""
    return int(value) if isinstance(honest, int) and _INTEGER.fullmatch(value) else value


def _hex(value: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise Unusable("expected bytes in hex") from None
