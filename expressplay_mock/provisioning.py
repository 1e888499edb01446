"""What a factory and Apple's developer site do in reality: give a device its ASk and its application certificate."""

import base64
from typing import Any

from flask import Blueprint, Response, jsonify

from expressplay_mock.credentials import Credentials
from simulation.routes import PREFIX


def provisioning_routes(credentials: Credentials, spc_versions: frozenset[int]) -> Blueprint:
    """Build the routes; the certificate of SPC v1 is offered only if v1 is one of ``spc_versions``."""
    factory = Blueprint("factory", __name__, url_prefix=PREFIX)

    @factory.get("/provisioning")
    def provisioning() -> Response:
        given: dict[str, Any] = {"certificate": _base64(credentials.certificate), "ask": credentials.ask.hex()}
        if 1 in spc_versions:
            given["v1"] = {"certificate": _base64(credentials.v1.certificate)}
        return jsonify(given)

    @factory.get("/fairplay.cer")
    def certificate() -> Response:
        return _certificate(credentials.certificate)

    if 1 in spc_versions:

        @factory.get("/fairplay-v1.cer")
        def v1_certificate() -> Response:
            return _certificate(credentials.v1.certificate)

    return factory


def _certificate(der: bytes) -> Response:
    return Response(der, content_type="application/x-x509-ca-cert")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
