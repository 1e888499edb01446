"""Free play: one field of the next request or SPC is changed, everything else is honest, and we see who notices."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, jsonify

from emulator.binding import FIRST_OF_PLAY, Client, content_id_of, post_spc, read_title, register
from emulator.device import make_spc
from emulator.errors import EmulatorError
from emulator.license_client import RequestType, ask_sees, entitlement_request
from fairplay import layout, tllv
from fairplay.aes import cbc_decrypt, cbc_encrypt
from fairplay.annotate import annotate_spc, keys_of
from fairplay.ckc import open_ckc
from fairplay.errors import FairPlayError
from fairplay.spc import SpcContents
from walkthrough.experiments.lab_runs import SPC_STEP
from walkthrough.page.page_requests import Unusable, read_object
from walkthrough.page.refusals import as_refusal
from walkthrough.page.world import World
from walkthrough.record.stage import Stage

REQUEST_FIELDS = ("messageID", "version", "requestType", "contentID", "customerCookie")
LONGEST = 4096
"""Characters of a new value."""


@dataclass(frozen=True)
class Field:
    """A field that can be changed: where it is, what it is called, and its honest value."""

    layer: str
    name: str
    value: str
    offset: int = 0


def serve_free_play(app: Flask, world: World) -> None:
    """Add the routes."""

    @app.get("/api/free")
    def free_fields() -> Response:
        client, content_id = _ready(world.stage)
        spc, contents = make_spc(client.device, content_id)
        request = entitlement_request("(any)", RequestType.DEVICE_BOUND, content_id, "(this run's)")
        offered = [Field("request", name, str(request[name])) for name in REQUEST_FIELDS]
        offered += spc_fields(spc, contents)
        return jsonify([{"layer": field.layer, "name": field.name, "value": field.value} for field in offered])

    @app.post("/api/free")
    def play_freely() -> Response:
        match read_object():
            case {"layer": str(layer), "name": str(name), "value": str(value)} if len(value) <= LONGEST:
                pass
            case _:
                raise Unusable("expected layer, name and value")
        lock = world.on_stage()
        try:
            return jsonify(play_changed(Stage(world.stage.sees, world.stage.expressplay, world.stage.web,
                                              world.stage.provisioning), layer, name, value))  # fmt: skip
        finally:
            lock.release()


def spc_fields(spc: bytes, contents: SpcContents) -> list[Field]:
    """Return every field of an SPC, down to those inside SK..R1."""
    notes = annotate_spc(spc, keys_of(contents))
    return [Field(note.layer, note.field, note.data.hex(), note.offset) for note in notes if note.data]


def play_changed(stage: Stage, layer: str, name: str, value: str) -> dict[str, Any]:
    """Register a device, play on it with one field changed; return who noticed, or that a license came."""
    client, content_id = _ready(stage)
    cookie = stage.name("free")
    register(client, cookie)
    request = entitlement_request("free-play", RequestType.DEVICE_BOUND, content_id, cookie)
    try:
        if layer == "request":
            request[name] = _typed(value, request.get(name))
        entitlement = ask_sees(client.web, client.sees, request, step=FIRST_OF_PLAY)
        spc, contents = make_spc(client.device, content_id)
        if layer != "request":
            spc = changed(spc, contents, layer, name, _hex(value))
        answer = post_spc(client, entitlement.token_url, spc, step=SPC_STEP, asset_id=content_id)
    except EmulatorError as error:
        return {"noticed": as_refusal(error)}
    try:
        open_ckc(answer.ckc, contents)
    except FairPlayError as error:
        return {"noticed": as_refusal(error)}
    return {"noticed": None}


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


def _in_payload(spc: bytes, contents: SpcContents, change: Change) -> bytes:
    start, iv = layout.SPC_HEADERS[contents.version].size, spc[8:24]
    payload = cbc_decrypt(contents.spc_key, iv, spc[start:])
    return spc[:start] + cbc_encrypt(contents.spc_key, iv, change(payload))


def _in_sealed(payload: bytes, contents: SpcContents, change: Change) -> bytes:
    block = next(block for block in tllv.read(payload) if block.tag == layout.SKR1.code)
    iv, ciphertext = layout.SKR1_VALUE.unpack(block.value)
    sealed = cbc_encrypt(contents.derived.dask, iv, change(cbc_decrypt(contents.derived.dask, iv, ciphertext)))
    start = block.offset + layout.TLLV_HEADER.size + len(iv)
    return payload[:start] + sealed + payload[start + len(sealed) :]


def _ready(stage: Stage) -> tuple[Client, str]:
    client = stage.client("free")
    key = read_title(client, stage.title, dummy=False, step=FIRST_OF_PLAY).keys[0]
    return client, content_id_of(key, FIRST_OF_PLAY)


def _typed(value: str, honest: object) -> str | int:
    """Return the value as the JSON type that the honest one has, if it can be read as that."""
    return int(value) if isinstance(honest, int) and value.lstrip("-").isdigit() else value


def _hex(value: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise Unusable("expected bytes in hex") from None
