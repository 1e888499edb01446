"""What the client says when a service is not there, is another, or does not keep to its API."""

import json
import socket
import threading
from collections.abc import Callable

import pytest
from fixed_answer import FixedAnswer, answering
from real_services import services

from emulator.binding import connect
from emulator.device import provision
from emulator.errors import BadAddress, BadPlaylist, MessageIdMismatch, NoAnswer, UnexpectedAnswer, UnknownTitle
from emulator.frames import fetch_frames
from emulator.hls import Place
from emulator.license_client import RequestType, ask_license, ask_sees, entitlement_request
from emulator.offered_titles import find_dummy, find_title, list_titles
from emulator.parties import EXPRESSPLAY, SEES
from emulator.screening import fetcher
from emulator.step import at_step
from emulator.title import Title, load_title
from emulator.transport import MAX_ANSWER, MAX_COOKIE, MAX_COOKIES, Access, Web, clean_base
from emulator.urls import MAX_ADDRESS
from walkthrough.page.media import fetch_file
from walkthrough.record.deployment import find_deployment
from walkthrough.record.journals import fetch_journal

REQUEST = entitlement_request("m-1", RequestType.REGISTRATION, "4a1c2f0e-9d3b-4e57-8f60-1b7d5c0a92e4", "alice")


@pytest.fixture
def web() -> Web:
    return Web("trace-1")


def test_nothing_answers(web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoAnswer, match="is sees-server running") as caught, at_step(1):
        ask_sees(web, f"http://127.0.0.1:{port}", REQUEST)
    assert caught.value.step == 1
    assert f"nothing answers at http://127.0.0.1:{port}" in str(caught.value)


@pytest.mark.parametrize(
    ("says", "found"),
    [(b"SSH-2.0-OpenSSH\r\n", "does not speak HTTP"), (b"", "a connection that broke off")],
)
def test_something_that_is_no_web_server(web: Web, says: bytes, found: str) -> None:
    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(says)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        with pytest.raises(NoAnswer, match=found):
            ask_sees(web, f"http://127.0.0.1:{listener.getsockname()[1]}", REQUEST)
        thread.join()


@pytest.mark.parametrize(
    ("url", "fix"),
    [
        ("localhost:8080", "http://localhost:8080"),
        ("", "http://"),
        ("ftp://host", "http:// or https://"),
        ("http://", "http:// or https://"),
        ("http://host:port", "http:// or https://"),
        ("http://host:0", "http:// or https://"),
        ("http://a b", "http:// or https://"),
        ("http://host/?x=1", "base address only"),
    ],
)
def test_an_address_that_cannot_be_one(url: str, fix: str) -> None:
    with pytest.raises(BadAddress, match="--sees") as caught:
        clean_base(url, SEES)
    assert fix in caught.value.fix


def test_a_slash_at_the_end_is_no_matter() -> None:
    assert clean_base("http://host:80/sees/", SEES) == "http://host:80/sees"


def test_html_instead_of_json(web: Web) -> None:
    with answering(FixedAnswer("<!DOCTYPE html><h1>It works!", content_type="text/html")) as url:
        with pytest.raises(UnexpectedAnswer, match="an HTML page with HTTP 200"):
            ask_sees(web, url, REQUEST)
        with pytest.raises(UnexpectedAnswer, match="an HTML page"):
            ask_license(web, f"{url}/hms/fp/rights/?ExpressPlayToken=AQAAsecret", b"spc")


def test_the_token_is_in_no_error(web: Web) -> None:
    with answering(FixedAnswer("<html>", status=404)) as url, pytest.raises(UnexpectedAnswer) as caught:
        ask_license(web, f"{url}/?ExpressPlayToken=AQAAsecret", b"spc")
    assert "AQAAsecret" not in str(caught.value)


def test_a_redirect_is_not_followed(web: Web) -> None:
    answer = FixedAnswer("", status=302, headers={"Location": "http://127.0.0.1:1/"})
    with answering(answer) as url, pytest.raises(UnexpectedAnswer, match="HTTP 302"):
        ask_sees(web, url, REQUEST)
    assert len(answer.asked) == 1


def test_another_message_id(web: Web) -> None:
    body = {"messageID": "m-2", "version": 1, "isAllowed": True, "epTokenURL": "http://x/?ExpressPlayToken=A"}
    with answering(FixedAnswer(json.dumps(body))) as url, pytest.raises(MessageIdMismatch):
        ask_sees(web, url, REQUEST)


@pytest.mark.parametrize(
    "ask",
    [
        lambda web, url: find_dummy(web, url),
        lambda web, url: ask_sees(web, url, REQUEST),
        lambda web, url: ask_license(web, f"{url}/?ExpressPlayToken=AQAA", b"spc"),
        lambda web, url: provision(web, url),
        lambda web, url: load_title(web, f"{url}/master.m3u8"),
    ],
    ids=["titles", "entitlement", "license", "provisioning", "playlist"],
)
@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_without_an_end_is_cut_off(web: Web, ask: Callable[[Web, str], object], status: int) -> None:
    body = b'{"titles": [' + b"[]," * (MAX_ANSWER // 3)
    with (
        answering(FixedAnswer(body, status)) as url,
        pytest.raises(UnexpectedAnswer, match=f"at most {MAX_ANSWER} bytes"),
    ):
        ask(web, url)


def test_a_catalog_of_twenty_thousand_titles_is_read(web: Web) -> None:
    titles = [
        {
            "title": f"a-title-of-the-catalog-{number}",
            "name": f"A title of the catalog with a name of its own, {number}",
            "dummy": False,
            "master": f"/titles/a-title-of-the-catalog-{number}/master.m3u8",
        }
        for number in range(20_000)
    ]
    with answering(FixedAnswer(json.dumps({"titles": titles}))) as url:
        assert len(list_titles(web, url)) == 20_000
        with pytest.raises(UnknownTitle, match="a-title-of-the-catalog-19 and 19980 more") as caught:
            find_title(web, url, "film")
    assert len(str(caught.value)) < 2000


def test_media_may_be_larger_than_other_answers(web: Web) -> None:
    body = b"x" * (MAX_ANSWER + 1)
    with services() as (sees, expressplay), answering(FixedAnswer(body)) as url:
        client = connect(sees, expressplay, "bounds")
        fetch = fetcher(client, Title(url, ()))
        assert fetch(Place(f"{url}/a.m4s")) == body
        assert fetch(Place(f"{url}/a.m4s", 0, len(body))) == body
        assert fetch_file(web, url, "film", "a.m4s") == body
        client.web.close()


def test_fingerprints_are_bounded(web: Web) -> None:
    with answering(FixedAnswer(b'{"video": ["' + b"0" * 64 + b'"]}' + b" " * 9_000_000)) as url:
        assert fetch_frames(web, Title(f"{url}/", ())) is None


def test_an_address_that_is_too_long_is_not_asked(web: Web) -> None:
    answer = FixedAnswer("{}")
    with answering(answer) as url, pytest.raises(BadAddress, match=f"at most {MAX_ADDRESS} characters"):
        load_title(web, f"{url}/{'a' * MAX_ADDRESS}")
    assert answer.asked == []


@pytest.mark.parametrize("where", ["redirect", "title"])
def test_an_address_that_an_answer_makes_too_long_is_named(web: Web, where: str) -> None:
    far = "/" + "a" * MAX_ADDRESS
    titles = {"titles": [{"title": "dummy", "name": "D", "dummy": True, "master": far}]}
    answer = FixedAnswer("", 302, headers={"Location": far}) if where == "redirect" else FixedAnswer(json.dumps(titles))
    with answering(answer) as url, pytest.raises(BadAddress, match=f"at most {MAX_ADDRESS} characters"):
        find_dummy(web, url)


def test_the_newest_cookies_are_kept_and_none_that_is_too_long() -> None:
    access = Access("http://x")
    for number in range(MAX_COOKIES + 10):
        access.note("http://x/film", f"c{number}=1; Path=/")
    access.note("http://x/film", "c10=2")
    access.note("http://x/film", "long=" + "a" * MAX_COOKIE)
    access.note("http://x/film", "next=1")
    assert list(access.cookies) == [*(f"c{number}" for number in range(12, MAX_COOKIES + 10)), "c10", "next"]


def test_a_cookie_is_read_in_linear_time_whatever_is_in_it() -> None:
    access = Access("http://x")
    # http.cookies takes hours for the backslashes of one such header (CVE-2024-7592).
    access.note("http://x/film", 'a="' + '\\"' * 1_000_000 + '"; Path=/', 'b=1; Path="' + "\\101" * 1_000_000 + '"')
    access.note("http://x/film", "c=1; Path=/", "no pair", "=2", "d=\x01", "e = 3 ;")
    assert access.cookies == {"b": "1", "c": "1", "e": "3"}


def test_the_spc_goes_out_raw(web: Web) -> None:
    answer = FixedAnswer(b"\0\0\0\x01")
    with answering(answer) as url:
        ask_license(web, f"{url}/hms/fp/rights/?ExpressPlayToken=AQAA", b"\0\0\0\x02SIM1")
    assert answer.asked == [("POST", "/hms/fp/rights/?ExpressPlayToken=AQAA", b"\0\0\0\x02SIM1")]


@pytest.mark.parametrize(
    "body",
    ["[]", "{}", '{"titles": 1}', '{"titles": [1]}', '{"titles": [{"title": "x"}]}', "titles"],
)
def test_a_list_of_titles_of_another_form(web: Web, body: str) -> None:
    with answering(FixedAnswer(body)) as url, pytest.raises(UnexpectedAnswer, match="titles"):
        find_dummy(web, url)


@pytest.mark.parametrize("master", ["http://[::1", "http://\u2100.example/a", "http://h:99999/a", "http://h/\0"])
def test_a_title_at_an_address_that_is_none(web: Web, master: str) -> None:
    titles = {"titles": [{"title": "dummy", "name": "D", "dummy": True, "master": master}]}
    with answering(FixedAnswer(json.dumps(titles))) as url:
        offer = find_dummy(web, url)
        with pytest.raises(BadAddress, match="absolute http"):
            load_title(web, offer.master_url)


def test_a_title_that_is_not_there(web: Web) -> None:
    titles = {"titles": [{"title": "film", "name": "F", "dummy": False, "master": "/titles/film/master.m3u8"}]}
    with answering(FixedAnswer(json.dumps(titles))) as url:
        assert find_title(web, url, None).master_url == f"{url}/titles/film/master.m3u8"
        with pytest.raises(UnknownTitle, match="'flim', found film"):
            find_title(web, url, "flim")
        with pytest.raises(UnknownTitle, match=r"dummy = true.*Fix: add a dummy to the catalog"):
            find_dummy(web, url)


@pytest.mark.parametrize(
    ("body", "found"),
    [(b"\xff\xfe", "byte 0xff at 0"), (b"#EXTM3U\n#EXTINF:2,\na.m4s\n#EXT-X-ENDLIST\n", "no EXT-X-KEY")],
)
def test_a_playlist_that_cannot_be_played(web: Web, body: bytes, found: str) -> None:
    with answering(FixedAnswer(body)) as url, pytest.raises(BadPlaylist, match=found) as caught, at_step(6):
        load_title(web, f"{url}/x.m3u8")
    assert caught.value.step == 6


def test_services_that_are_swapped() -> None:
    with services() as (sees, expressplay):
        with pytest.raises(UnexpectedAnswer, match="--expressplay is its address"):
            find_deployment(sees, sees)
        deployment = find_deployment(expressplay, expressplay)
        with pytest.raises(UnexpectedAnswer, match="--sees is the address of sees-server"):
            find_dummy(deployment.web, deployment.sees)


@pytest.mark.parametrize(
    "answer",
    [FixedAnswer(b"", 409), FixedAnswer(b'{"entries": 7}'), FixedAnswer(b"<html>"), FixedAnswer(b'{"entries": [7]}')],
)
def test_a_service_without_a_journal_is_a_run_without_its_entries(web: Web, answer: FixedAnswer) -> None:
    with answering(answer) as url:
        assert fetch_journal(web, EXPRESSPLAY, url, "trace") == []
    assert fetch_journal(web, EXPRESSPLAY, url, "trace") == []
