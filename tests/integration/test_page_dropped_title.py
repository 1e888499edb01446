"""The walkthrough page when SEES drops the title that plays: every route says so, and none fails."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests
from flask import Flask, Response, request
from real_services import services

from hosting.serving import running
from walkthrough.page.app import create_app
from walkthrough.record.deployment import find_deployment

TITLE = "rotation"
"""It has a lease."""


@contextmanager
def forgetful(sees: str, dropped: list[str]) -> Iterator[str]:
    """A SEES that no longer offers the titles of `dropped`."""
    app = Flask("forgetful", static_folder=None)

    @app.get("/titles")
    def titles() -> dict[str, object]:
        offered = requests.get(f"{sees}/titles", timeout=10).json()["titles"]
        return {"titles": [each for each in offered if each["title"] not in dropped]}

    @app.route("/<path:path>", methods=["GET", "POST"])
    def anything_else(path: str) -> Response:
        headers = {name: value for name, value in request.headers if name != "Host"}
        url = f"{sees}/{path}?{request.query_string.decode()}"
        answer = requests.request(request.method, url, data=request.get_data(), headers=headers, timeout=10)
        return Response(answer.content, answer.status_code, content_type=answer.headers["Content-Type"])

    with running(app) as url:
        yield url


@pytest.fixture(scope="module")
def playing() -> Iterator[str]:
    """The address of a page on whose device a leased title plays, which SEES has dropped meanwhile."""
    dropped: list[str] = []
    with ExitStack() as stack:
        sees, expressplay = stack.enter_context(services())
        deployment = find_deployment(stack.enter_context(forgetful(sees, dropped)), expressplay)
        stack.callback(deployment.web.close)
        page = stack.enter_context(running(lambda url: create_app(deployment, url)))
        for title in ("dummy", TITLE):
            answer = requests.post(f"{page}/api/devices/A/play", json={"title": title}, timeout=60)
            assert answer.json()["licenses"], answer.text
        dropped.append(TITLE)
        yield page


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/devices/A/renew"),
        ("POST", "/api/devices/A/play"),
        ("GET", f"/api/titles/{TITLE}"),
    ],
)
def test_a_title_that_sees_dropped_is_named(playing: str, method: str, path: str) -> None:
    body = {"title": TITLE} if method == "POST" else None
    answer = requests.request(method, f"{playing}{path}", json=body, timeout=60)
    assert (answer.status_code, answer.json()["errorText"]) == (400, f"SEES has no title '{TITLE}'")


def test_the_license_that_a_device_holds_stays(playing: str) -> None:
    answer = requests.get(f"{playing}/api/devices/A/license", timeout=60)
    assert answer.status_code == 200
    assert all(one["key"].startswith("skd:") for one in answer.json()["licenses"])
