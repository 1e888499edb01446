"""The walkthrough page with services that do not behave, and with more windows than it serves."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import requests
from flask import Flask, Response
from real_services import services

from hosting.serving import running
from walkthrough.page.app import MAX_BODY, create_app
from walkthrough.page.event_stream import MAX_LISTENERS
from walkthrough.page.page_requests import MAX_OBJECT
from walkthrough.record.deployment import Deployment, find_deployment
from walkthrough.record.inspection import MAX_MESSAGE
from walkthrough.record.recording_file import MAX_STEPS

WITHIN = 25.0
"""Seconds in which the page answers, which has to be less than the 30 after which a client gives SEES up."""


@contextmanager
def page_on(deployment: Deployment) -> Iterator[str]:
    with running(lambda url: create_app(deployment, url)) as url:
        yield url
    deployment.web.close()


@contextmanager
def relay(
    sees: str, held: threading.Event, released: threading.Event, *, lists_late: threading.Event | None = None
) -> Iterator[str]:
    """A SEES that calls every file a page, and answers an entitlement request a byte a second, until released.

    Where `lists_late` is set, it does not say its titles before that either.
    """
    app = Flask("relay")

    @app.get("/titles")
    def titles() -> Response:
        if lists_late and lists_late.is_set():
            held.set()
            released.wait(WITHIN)
        return Response(requests.get(f"{sees}/titles", timeout=10).content, content_type="application/json")

    @app.get("/titles/<title>/<file>")
    def files(title: str, file: str) -> Response:
        return Response(requests.get(f"{sees}/titles/{title}/{file}", timeout=10).content, content_type="text/html")

    @app.post("/sees/SEESServlet")
    def entitle() -> Response:
        held.set()
        return Response(drip())

    def drip() -> Iterator[bytes]:
        while not released.wait(1):
            yield b" "  # silent it would be given up after ten seconds

    with running(lambda _: app) as url:
        yield url


@pytest.fixture
def stuck() -> Iterator[tuple[str, threading.Event, threading.Event]]:
    held, released = threading.Event(), threading.Event()
    with ExitStack() as stack:
        sees, expressplay = stack.enter_context(services())
        hostile = stack.enter_context(relay(sees, held, released))
        url = stack.enter_context(page_on(find_deployment(hostile, expressplay)))
        stack.callback(released.set)
        yield url, held, released


def test_a_file_of_a_title_is_never_a_page(stuck: tuple[str, threading.Event, threading.Event]) -> None:
    url, _, _ = stuck
    answer = requests.get(f"{url}/media/film/video-init.mp4", timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert requests.get(f"{url}/media/film/page.html", timeout=10).status_code == 404


def test_start_over_waits_for_nobody(stuck: tuple[str, threading.Event, threading.Event]) -> None:
    url, held, released = stuck
    answers: list[dict[str, object]] = []

    def play() -> None:
        answers.append(requests.post(f"{url}/api/devices/A/play", json={"title": "dummy"}, timeout=40).json())

    player = threading.Thread(target=play)
    player.start()
    try:
        assert held.wait(20)
        assert requests.post(f"{url}/api/devices/B/play", json={"title": "dummy"}, timeout=10).status_code == 409
        # The run hangs on a SEES that does not answer. Nothing here may wait for it.
        assert requests.post(f"{url}/api/start-over", json={}, timeout=10).status_code == 200
        assert requests.get(f"{url}/api/outline", timeout=10).status_code == 200
        assert not released.is_set()
    finally:
        released.set()
        player.join()
    assert answers == [{"startedOver": True}]


def test_start_over_gives_up_a_run_that_waits_for_the_titles() -> None:
    held, released, late = threading.Event(), threading.Event(), threading.Event()
    with ExitStack() as stack:
        sees, expressplay = stack.enter_context(services())
        slow = stack.enter_context(relay(sees, held, released, lists_late=late))
        url = stack.enter_context(page_on(find_deployment(slow, expressplay)))
        pool = stack.enter_context(ThreadPoolExecutor(1))
        stack.callback(released.set)
        late.set()
        playing = pool.submit(requests.post, f"{url}/api/devices/A/play", json={"title": "dummy"}, timeout=60)
        assert held.wait(20)
        assert requests.post(f"{url}/api/start-over", json={}, timeout=10).status_code == 200
        released.set()
        assert playing.result().json() == {"startedOver": True}


MEANWHILE: tuple[tuple[str, str, object], ...] = (
    ("GET", "/api/outline", None),
    ("GET", "/api/lab", None),
    ("GET", "/api/titles/film", None),
    ("GET", "/api/events", None),
    ("GET", "/web/main.js", None),
    ("GET", "/media/film/video-init.mp4", None),
    ("GET", "/_sim/health", None),
    ("POST", "/api/pace", {"stepping": True}),
    ("POST", "/api/devices", {}),
    ("POST", "/api/devices/A/clock", {"advance": 0}),
    ("POST", "/api/start-over", {}),
)
CHANGES: tuple[tuple[str, dict[str, object]], ...] = (
    ("/api/devices/A", {"seed": "a thief's device"}),
    ("/api/devices/B", {"cookie": "another"}),
    ("/api/devices/A/clock", {"advance": 1}),
    ("/api/devices/A/play", {"title": "film"}),
    ("/api/devices/B/renew", {}),
    ("/api/lab/cookie-stolen-after", {}),
    ("/api/free", {"spc": "", "layer": "request", "name": "version", "value": "2"}),
)
"""What changes a device, a clock or the log."""


@pytest.mark.parametrize("hangs", [False, True], ids=["waiting for next", "waiting for SEES"])
def test_starting_over_a_stepping_run_holds_up_nobody(
    stuck: tuple[str, threading.Event, threading.Event], hangs: bool
) -> None:
    """Nobody presses next, and SEES hangs: if a request waited for the run, it would not be answered in time."""
    url, held, released = stuck
    with ExitStack() as stack:
        window = stack.enter_context(requests.get(f"{url}/api/events", stream=True, timeout=WITHIN))
        assert requests.post(f"{url}/api/pace", json={"stepping": True}, timeout=WITHIN).status_code == 200
        together = stack.enter_context(ThreadPoolExecutor(len(MEANWHILE) + 1))
        stack.callback(released.set)
        play = {"url": f"{url}/api/devices/A/play", "json": {"title": "dummy"}, "timeout": 2 * WITHIN}
        run = together.submit(requests.post, **play)  # type: ignore[arg-type]
        next(line for line in window.iter_lines() if b'"type": "begin"' in line)
        if hangs:
            assert requests.post(f"{url}/api/pace", json={"next": True}, timeout=WITHIN).status_code == 200
            assert held.wait(WITHIN)

        def ask(method: str, path: str, body: object) -> int:
            with requests.request(method, url + path, json=body, stream=True, timeout=WITHIN) as answer:
                return answer.status_code

        assert {*together.map(ask, *zip(*MEANWHILE, strict=True))} == {200}
        if not hangs:
            assert run.result(2 * WITHIN).json() == {"startedOver": True}
        released.set()
        assert run.result(2 * WITHIN).json() == {"startedOver": True}


def devices_of(url: str) -> list[dict[str, Any]]:
    """Return the devices as the page shows them to a new window, without the time."""
    with requests.get(f"{url}/api/events", stream=True, timeout=WITHIN) as window:
        state = json.loads(next(window.iter_lines()).removeprefix(b"data: "))
    return [{**device, "now": None} for device in state["devices"]]


def test_nothing_changes_under_a_run(stuck: tuple[str, threading.Event, threading.Event]) -> None:
    url, _, released = stuck

    def post(path: str, value: dict[str, object]) -> requests.Response:
        return requests.post(url + path, json=value, timeout=2 * WITHIN)

    with ExitStack() as stack:
        window = stack.enter_context(requests.get(f"{url}/api/events", stream=True, timeout=WITHIN))
        post("/api/pace", {"stepping": True})
        together = stack.enter_context(ThreadPoolExecutor(1))
        stack.callback(released.set)
        run = together.submit(post, "/api/devices/A/play", {"title": "dummy"})
        next(line for line in window.iter_lines() if b'"type": "begin"' in line)
        before = devices_of(url)
        for path, value in CHANGES:
            answer = post(path, value)
            assert (answer.status_code, "start over" in answer.text) == (409, True), path
        assert devices_of(url) == before
        post("/api/start-over", {})
        run.result(2 * WITHIN)
    assert post(*CHANGES[0]).status_code == 200
    assert devices_of(url)[0]["seed"] == "a thief's device"


def test_a_change_that_is_refused_changes_nothing(stuck: tuple[str, threading.Event, threading.Event]) -> None:
    url, _, _ = stuck
    before = devices_of(url)[0]["seed"]
    answer = requests.post(f"{url}/api/devices/A", json={"seed": "another", "cookie": 7}, timeout=WITHIN)
    assert answer.status_code == 400
    assert devices_of(url)[0]["seed"] == before


def test_a_body_is_as_long_as_its_route_needs(stuck: tuple[str, threading.Event, threading.Event]) -> None:
    url, _, _ = stuck
    many = b'{"format":"binding-recording","steps":[' + b",".join([b"{}"] * 400_000) + b"]}"

    def post(path: str, data: bytes) -> tuple[int, str]:
        answer = requests.post(url + path, data=data, headers={"Content-Type": "application/json"}, timeout=WITHIN)
        return answer.status_code, answer.json()["errorText"]

    for path in ("/api/pace", "/api/devices/A", "/api/devices/A/clock", "/api/devices/A/play", "/api/free"):
        status, text = post(path, many)
        assert (status, f"at most {MAX_OBJECT} bytes" in text) == (413, True), path
    status, text = post("/api/inspect", bytes(MAX_BODY + 1))
    assert (status, f"at most {MAX_BODY} bytes" in text) == (413, True)
    assert post("/api/inspect", many) == (
        400,
        f"a recording has at most {MAX_STEPS} steps: this one has more, or too much in them",
    )
    assert post("/api/inspect", bytes(MAX_BODY)) == (
        400,
        f"expected an SPC or CKC of at most {MAX_MESSAGE} bytes, found {MAX_BODY}",
    )


def test_windows_have_a_bound() -> None:
    with services() as (sees, expressplay), page_on(find_deployment(sees, expressplay)) as url, ExitStack() as windows:

        def listen() -> requests.Response:
            return windows.enter_context(requests.get(f"{url}/api/events", stream=True, timeout=10))

        open_ = [listen() for _ in range(MAX_LISTENERS)]
        assert {answer.status_code for answer in open_} == {200}
        one_more = listen()
        assert one_more.status_code == 503
        assert "close one" in one_more.json()["errorText"]
