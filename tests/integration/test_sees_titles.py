"""The titles as files over HTTP, and nothing else of the disk."""

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from stubbed_sees import DUMMY, StubbedSees, stubbed_sees

OF_PACKAGERS = {
    "video.cmfv": "video/mp4",
    "audio.cmfa": "audio/mp4",
    "text.cmft": "application/mp4",
    "seg.m4v": "video/mp4",
    "seg.m4a": "audio/mp4",
    "seg.ts": "video/mp2t",
    "seg.aac": "audio/aac",
    "seg.ac3": "audio/ac3",
    "seg.ec3": "audio/eac3",
    "subs.vtt": "text/vtt",
    "MASTER.M3U8": "application/vnd.apple.mpegurl",
    "manifest.mpd": "application/dash+xml",
    "poster.jpg": "image/jpeg",
}
FILES = {
    "master.m3u8": ("application/vnd.apple.mpegurl", b"#EXTM3U\n"),
    "video_init.mp4": ("video/mp4", b"\x00\x00\x00\x18ftyp"),
    "video_1.m4s": ("video/mp4", b"moof"),
    "frames.json": ("application/json", b"{}"),
    **{name: (media_type, name.encode()) for name, media_type in OF_PACKAGERS.items()},
}


@pytest.fixture(scope="module")
def sees(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StubbedSees]:
    folder = Path(tmp_path_factory.mktemp("content"))
    (folder / "film").mkdir()
    (folder / "film" / "notes.toml").write_text("not for clients")
    (folder / "other").mkdir()
    for name, (_, content) in FILES.items():
        (folder / "film" / name).write_bytes(content)
        (folder / "other" / name).write_bytes(content)
    with stubbed_sees(folder) as running:
        yield running


@pytest.mark.parametrize(("name", "media_type", "content"), [(name, *rest) for name, rest in FILES.items()])
def test_files_with_their_media_types(sees: StubbedSees, name: str, media_type: str, content: bytes) -> None:
    answer = sees.session.get(f"{sees.url}/titles/film/{name}")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Type"].split(";")[0] == media_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=1-2", 206, b"oo"),
        ("Bytes=1-", 206, b"oof"),
        ("bytes=-1", 206, b"f"),
        ("bytes=2-99", 206, b"of"),
        ("bytes=4-", 416, None),
        *((odd, 200, b"moof") for odd in ("bytes=x", "bytes=", "bytes", "x=0-1", "bytes=2-1", "bytes=0-0,2-3")),
        ("bytes=0-" + "9" * 5000, 200, b"moof"),
    ],
)
def test_byte_ranges(sees: StubbedSees, asked: str, status: int, content: bytes | None) -> None:
    answer = sees.session.get(f"{sees.url}/titles/film/video_1.m4s", headers={"Range": asked})
    assert answer.status_code == status
    assert content is None or answer.content == content
    assert status == 416 or answer.headers["Accept-Ranges"] == "bytes"


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
        "film//master.m3u8",
        "/film/master.m3u8",
    ],
)
def test_nothing_else(sees: StubbedSees, path: str) -> None:
    connection = HTTPConnection(sees.url.removeprefix("http://"))  # unlike requests, it does not tidy paths up
    connection.request("GET", f"/titles/{path}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 404, body
    assert answer.getheader("Location") is None
    assert b"cek" not in body


def test_list_of_titles(sees: StubbedSees) -> None:
    titles = sees.session.get(f"{sees.url}/titles").json()["titles"]
    assert titles[0] == {
        "title": "dummy",
        "name": "Dummy",
        "dummy": True,
        "master": "/titles/dummy/master.m3u8",
        "keys": [{"content_id": DUMMY, "kid": "0" * 32}],
    }
    assert [title["title"] for title in titles] == ["dummy", "film", "club"]
