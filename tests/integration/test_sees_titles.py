"""The titles as files over HTTP, and nothing else of the disk."""

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from sees_stage import DUMMY, Stage, stage

FILES = {
    "master.m3u8": ("application/vnd.apple.mpegurl", b"#EXTM3U\n"),
    "video_init.mp4": ("video/mp4", b"\x00\x00\x00\x18ftyp"),
    "video_1.m4s": ("video/mp4", b"moof"),
    "frames.json": ("application/json", b"{}"),
}


@pytest.fixture(scope="module")
def sees(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = Path(tmp_path_factory.mktemp("content"))
    (folder / "film").mkdir()
    (folder / "film" / "notes.toml").write_text("not for clients")
    (folder / "other").mkdir()
    for name, (_, content) in FILES.items():
        (folder / "film" / name).write_bytes(content)
        (folder / "other" / name).write_bytes(content)
    with stage(folder) as running:
        yield running


@pytest.mark.parametrize(("name", "media_type", "content"), [(name, *rest) for name, rest in FILES.items()])
def test_files_with_their_media_types(sees: Stage, name: str, media_type: str, content: bytes) -> None:
    answer = sees.session.get(f"{sees.url}/titles/film/{name}")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Type"].split(";")[0] == media_type


def test_byte_range(sees: Stage) -> None:
    answer = sees.session.get(f"{sees.url}/titles/film/video_1.m4s", headers={"Range": "bytes=1-2"})
    assert (answer.status_code, answer.content) == (206, b"oo")


@pytest.mark.parametrize(
    "path",
    [
        "film/none.m3u8",
        "film/notes.toml",
        "film/",
        "other/master.m3u8",
        "catalog.toml",
        "film/../catalog.toml",
        "film/..%2fcatalog.toml",
        "film/%2e%2e/other/master.m3u8",
        "film/..%2fother%2fmaster.m3u8",
        "%2e%2e/film/master.m3u8",
        "film/%00.m3u8",
        "film//etc/passwd.json",
    ],
)
def test_nothing_else(sees: Stage, path: str) -> None:
    connection = HTTPConnection(sees.url.removeprefix("http://"))  # unlike requests, it does not tidy paths up
    connection.request("GET", f"/titles/{path}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in {404, 308}, body
    assert b"cek" not in body


def test_list_of_titles(sees: Stage) -> None:
    titles = sees.session.get(f"{sees.url}/titles").json()["titles"]
    assert titles[0] == {
        "title": "dummy",
        "name": "Dummy",
        "dummy": True,
        "master": "/titles/dummy/master.m3u8",
        "keys": [{"content_id": DUMMY, "kid": "0" * 32}],
    }
    assert [title["title"] for title in titles] == ["dummy", "film", "club"]
