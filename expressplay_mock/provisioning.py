"""Gives virtual devices the application certificate, as a provider's app gets it, and the ASk.

A real device has no ASk: it is the provider's, known to its key server. A virtual one needs it, since the function by
which a real one derives DASk is Apple's secret.
"""

import base64
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, jsonify

from expressplay_mock.credentials import Credentials
from simulation.routes import PREFIX

SCRIPT = Path(__file__).parents[1] / "emulator" / "browser" / "fairplay-eme.js"
"""The virtual device for browsers: given out as a file, to pages that have to be one."""


def provisioning_routes(credentials: Credentials, spc_versions: frozenset[int]) -> Blueprint:
    """Build the routes; the certificate of SPC v1 is offered only if v1 is one of `spc_versions`."""
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

    @routes.get("/fairplay-eme.js")
    def device_script() -> Response:
        if not SCRIPT.exists():
            abort(404, description="fairplay-eme.js: this installation has the mock without the emulator")
        return Response(SCRIPT.read_bytes(), mimetype="text/javascript")

    return routes


def _certificate(der: bytes) -> Response:
    return Response(der, content_type="application/x-x509-ca-cert")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
