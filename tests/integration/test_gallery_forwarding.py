"""What the gallery of players hands on to SEES: titles, and nothing else of it."""

import json
import socket
from pathlib import Path

import pytest
import requests
from fixed_answer import FixedAnswer, answering

from emulator.transport import MAX_ANSWER, Web
from hosting.serving import running
from walkthrough.players.app import Gallery, create_app


@pytest.mark.parametrize("token_url", ["http://[::1", "http://\u2100.example", "a\0"])
def test_a_token_url_that_is_none_is_not_handed_on(token_url: str) -> None:
    with answering(FixedAnswer(json.dumps({"epTokenURL": token_url}))) as sees:
        gallery = Gallery(sees, sees, Path(), Web())
        with running(lambda url: create_app(gallery, url)) as url:
            answer = requests.post(f"{url}/sees/SEESServlet", json={}, timeout=20)
    assert answer.status_code == 502
    assert "expected an epTokenURL that is a URL from SEES" in answer.json()["errorText"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/titles/film/master.m3u8", 200),
        ("/titles/../_sim/journal", 404),
        ("/titles/%2e%2e/_sim/journal", 404),
        ("/titles/..%2f_sim%2fjournal", 404),
        ("/titles/film/./../../_sim/journal", 404),
        ("//titles/../_sim/journal", 404),
    ],
)
def test_only_titles_are_fetched_from_sees(path: str, status: int) -> None:
    with answering(FixedAnswer("of SEES")) as sees:
        gallery = Gallery(sees, sees, Path(), Web())
        with running(lambda url: create_app(gallery, url)) as url:
            host, _, port = url.removeprefix("http://").partition(":")
            with socket.create_connection((host, int(port)), timeout=20) as connection:
                # Without a client's library, which would take the dots away.
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                answer = b""
                while part := connection.recv(65_536):
                    answer += part
    assert int(answer.split()[1]) == status
    assert (b"of SEES" in answer) == (status == 200)


@pytest.mark.parametrize(("path", "status"), [("/titles/film/video.mp4", 200), ("/titles", 502)])
def test_media_may_be_larger_than_the_list_of_titles(path: str, status: int) -> None:
    with answering(FixedAnswer(b" " * (MAX_ANSWER + 1))) as sees:
        gallery = Gallery(sees, sees, Path(), Web())
        with running(lambda url: create_app(gallery, url)) as url:
            assert requests.get(url + path, timeout=20).status_code == status
