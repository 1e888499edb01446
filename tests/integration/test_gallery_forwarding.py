"""What the gallery of players hands on to SEES: titles, and nothing else of it."""

import socket
from pathlib import Path

import pytest
from emulator_stage import Told, told

from emulator.transport import Web
from hosting.serving import running
from walkthrough.players.app import Gallery, create_app


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
    with told(Told("of SEES")) as sees:
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
