"""Who may talk to the walkthrough page, and what it never hands out: over HTTP, without a browser."""

from collections.abc import Iterator

import pytest
import requests
from real_services import running_page


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_page() as url:
        yield url


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "a@127.0.0.1", "[::1", ""]
)
def test_another_host_is_refused(address: str, host: str) -> None:
    assert requests.get(f"{address}/api/outline", headers={"Host": host}, timeout=10).status_code in (400, 403)


def test_any_name_of_loopback_and_any_ip_address_will_do(address: str) -> None:
    port = address.rpartition(":")[2]
    for host in (f"localhost:{port}", f"[::1]:{port}", "192.0.2.1"):  # no rebinding without a name
        assert requests.get(f"{address}/api/outline", headers={"Host": host}, timeout=10).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_another_site_is_refused(address: str, headers: dict[str, str]) -> None:
    answer = requests.post(f"{address}/api/start-over", json={}, headers=headers, timeout=10)
    assert answer.status_code == 403


def test_a_form_is_refused(address: str) -> None:
    assert requests.post(f"{address}/api/start-over", data={"a": "b"}, timeout=10).status_code == 415


def test_every_answer_carries_the_policy(address: str) -> None:
    for path in ("/", "/web/main.js", "/api/outline", "/nowhere"):
        policy = requests.get(f"{address}{path}", timeout=10).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize("language", ["en", "fr", '"><style>x'])
def test_the_page_has_no_inline_code(address: str, language: str) -> None:
    text = requests.get(f"{address}/", params={"lang": language}, timeout=10).text
    assert f'<html lang="{"fr" if language == "fr" else "en"}">' in text
    assert "<style" not in text
    assert " style=" not in text
    assert "onclick" not in text
    assert text.count("<script") == text.count('src="/web/')


def test_there_are_words_of_known_languages_only(address: str) -> None:
    assert "Step" in requests.get(f"{address}/api/words/fr", timeout=10).json()["texts"]
    assert requests.get(f"{address}/api/words/xx", timeout=10).status_code == 404


@pytest.mark.parametrize(
    "path", ["/web/../page/app.py", "/web/..%2fpage%2fapp.py", "/media/../../x", "/media/film/../x"]
)
def test_no_way_out_of_the_folders(address: str, path: str) -> None:
    with requests.Session() as session:
        request = requests.Request("GET", address).prepare()
        request.url = address + path
        assert session.send(request, timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/devices/Z/play", {"title": "film"}),
        ("/api/devices/A/play", {"title": "<b>"}),
        ("/api/devices/A/play", {}),
        ("/api/devices/A", {"seed": ""}),
        ("/api/devices/A", {"clock": "x"}),
        ("/api/devices/A/clock", {"advance": -1}),
        ("/api/devices/A/clock", {"advance": "x"}),
        ("/api/pace", {"next": 1}),
        ("/api/free", {"spc": "0", "layer": "envelope", "name": "mark", "value": "00"}),
        ("/api/free", {"layer": 1}),
    ],
)
def test_nonsense_gets_a_clear_no(address: str, path: str, body: dict[str, object]) -> None:
    answer = requests.post(f"{address}{path}", json=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["errorText"]


@pytest.mark.parametrize("value", ["\u00b2", "--1", "\u0663"])
def test_free_play_takes_what_is_nearly_a_number_as_a_text(address: str, value: str) -> None:
    spc = requests.get(f"{address}/api/free", timeout=30).json()["spc"]
    change = {"spc": spc, "layer": "request", "name": "version", "value": value}
    answer = requests.post(f"{address}/api/free", json=change, timeout=30)
    assert answer.status_code == 200
    assert answer.json()["noticed"]["number"] == 1


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"a": 1, "a": 2}'])
def test_broken_json_gets_a_clear_no(address: str, body: bytes) -> None:
    for path in ("/api/pace", "/api/free"):
        answer = requests.post(f"{address}{path}", data=body, headers={"Content-Type": "application/json"}, timeout=10)
        assert answer.status_code == 400, path
