"""What pages do wrong with FairPlay, each with its sentence, whichever player is on the page."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from player_pages import PlayerPages, play, wait_for_log
from playwright.sync_api import Page, Route
from vectors import CKC

pytestmark = pytest.mark.usefixtures("players")

CERTIFICATE, LICENSE = "**/_sim/fairplay.cer", "**/hms/fp/rights/**"
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "raw": ("raw", {}),
    "hls.js": ("hlsjs", {"identity": True}),
    "shaka": ("shaka", {"route": "mse"}),
    "video.js": ("videojs", {}),
    "video.js, legacy": ("videojs", {"route": "legacy"}),
}


def altered(change: Callable[[bytes], bytes | str]) -> Callable[[Route], None]:
    """Let the answer through, with another body."""

    def handle(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=change(answer.body()))

    return handle


def as_pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


def send_json_string(route: Route) -> None:
    """Send the SPC as the page's code would with JSON.stringify and no header for it."""
    spc = base64.b64encode(route.request.post_data_buffer or b"").decode()
    headers = route.request.headers | {"content-type": "application/json"}
    route.continue_(post_data=json.dumps(spc), headers=headers)


MISTAKES: dict[str, tuple[str, Callable[[Route], None], str]] = {
    "the certificate as PEM": (CERTIFICATE, altered(as_pem), "DER form, found PEM text"),
    "a web page for the certificate": (
        CERTIFICATE,
        lambda route: route.fulfill(body="<!doctype html><title>Not found</title>", content_type="text/html"),
        "DER form, found HTML or XML",
    ),
    "the certificate in Base64": (CERTIFICATE, altered(base64.b64encode), "DER form, found Base64 text"),
    "the CKC in Base64": (LICENSE, altered(base64.b64encode), "octets of a CKC, found Base64 text"),
    "the CKC in its text form": (
        LICENSE,
        altered(lambda ckc: b"<ckc>" + base64.b64encode(ckc) + b"</ckc>"),
        "octets of a CKC, found <ckc> text",
    ),
    "the CKC of another track": (
        LICENSE,
        lambda route: route.fulfill(body=base64.b64decode(CKC["unlimited"]["ckc"])),
        "-42589 CKC for this SPC",
    ),
    "a refusal for a CKC": (
        LICENSE,
        lambda route: route.fulfill(
            body=json.dumps({"errorCode": -9003, "errorMessage": "Device differs", "hint": "register", "cause": None})
        ),
        "ExpressPlay's refusal -9003",
    ),
    "the SPC as a JSON string": (LICENSE, send_json_string, "a JSON string"),
}


def opened(pages: PlayerPages, cookie: str, name: str, **more: str) -> Page:
    page, options = PAGES[name]
    return pages.open(page, cookie, kind=2, **options | more)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_has_its_sentence(pages: PlayerPages, cookie: str, name: str, mistake: str) -> None:
    where, handle, says = MISTAKES[mistake]
    page = opened(pages, cookie, name)
    page.route(where, handle)
    play(page, "dummy")
    wait_for_log(page, says)
    assert page.evaluate("document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames") == 0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("raw", "generateRequest: expected a certificate, found none"),
        ("hls.js", "generateRequest: expected a certificate, found none"),
        ("shaka", "generateRequest: expected a certificate, found none"),
        ("video.js", "Missing getCertificate or certificateUri"),  # the player's own
    ],
)
def test_a_missing_certificate(pages: PlayerPages, cookie: str, name: str, says: str) -> None:
    page = opened(pages, cookie, name, certificate="")
    play(page, "dummy")
    wait_for_log(page, says)


def test_the_license_of_another_title(pages: PlayerPages, cookie: str) -> None:
    page = pages.open("raw", cookie, kind=2)
    page.evaluate("contentIdOf = () => '4a1c2f0e-9d3b-4e57-8f60-1b7d5c0a92e4'")  # the dummy's, whatever plays
    play(page, "film")
    wait_for_log(page, "expected the IV of a track (0e9a57d3c2684bf1a57f306ed1984bc2), found 71c4e80a")
