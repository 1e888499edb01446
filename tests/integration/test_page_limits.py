"""The walkthrough page with services that do not behave, and with more windows than it serves."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests
from emulator_stage import services
from flask import Flask, Response

from hosting.serving import running
from walkthrough.page.app import create_app
from walkthrough.page.event_stream import MAX_LISTENERS
from walkthrough.record.deployment import Deployment, find_deployment


@contextmanager
def page_on(stage: Deployment) -> Iterator[str]:
    with running(lambda url: create_app(stage, url)) as url:
        yield url
    stage.web.close()


@contextmanager
def relay(sees: str, held: threading.Event, released: threading.Event) -> Iterator[str]:
    """A SEES that calls every file a page, and whose answer to an entitlement request waits to be released."""
    app = Flask("relay")

    @app.get("/titles")
    def titles() -> Response:
        return Response(requests.get(f"{sees}/titles", timeout=10).content, content_type="application/json")

    @app.get("/titles/<title>/<file>")
    def files(title: str, file: str) -> Response:
        return Response(requests.get(f"{sees}/titles/{title}/{file}", timeout=10).content, content_type="text/html")

    @app.post("/sees/SEESServlet")
    def entitle() -> tuple[Response, int]:
        held.set()
        released.wait(30)
        return Response("gone"), 503

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


def test_windows_have_a_bound() -> None:
    with services() as (sees, expressplay), page_on(find_deployment(sees, expressplay)) as url, ExitStack() as windows:

        def listen() -> requests.Response:
            return windows.enter_context(requests.get(f"{url}/api/events", stream=True, timeout=10))

        open_ = [listen() for _ in range(MAX_LISTENERS)]
        assert {answer.status_code for answer in open_} == {200}
        one_more = listen()
        assert one_more.status_code == 503
        assert "close one" in one_more.json()["errorText"]
