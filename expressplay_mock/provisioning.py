"""Gives virtual devices the application certificate, as a provider's app gets it, and the ASk.

A real device has no ASk: it is the provider's, known to its key server. A virtual one needs it, since the function by
which a real one derives DASk is Apple's secret.
"""

import base64
from typing import Any

from flask import Blueprint, Response, jsonify

from expressplay_mock.credentials import Credentials
from simulation.routes import PREFIX


def provisioning_routes(credentials: Credentials, spc_versions: frozenset[int]) -> Blueprint:
    """Build the routes; the certificate of SPC v1 is offered only if v1 is one of ``spc_versions``."""
    routes = Blueprint("provisioning", __name__, url_prefix=PREFIX)

    @routes.get("/provisioning")
    def provisioning() -> Response:
        given: dict[str, Any] = {"certificate": _base64(credentials.certificate), "ask": credentials.ask.hex()}
        if 1 in spc_versions:
            given["v1"] = {"certificate": _base64(credentials.v1.certificate)}
        return jsonify(given)

    @routes.get("/fairplay.cer")
    def certificate() -> Response:
        return _certificate(credentials.certificate)

    if 1 in spc_versions:

        @routes.get("/fairplay-v1.cer")
        def v1_certificate() -> Response:
            return _certificate(credentials.v1.certificate)

    return routes


def _certificate(der: bytes) -> Response:
    return Response(der, content_type="application/x-x509-ca-cert")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
