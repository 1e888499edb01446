"""Origins and hosts as browsers write them, and whatever else a header can hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.origins import Visitors, origin_of, read_hosts, read_origins


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://Host.Example:80/a?b", "http://host.example"),
        ("https://host:443", "https://host"),
        ("https://host:80", "https://host:80"),
        ("http://[::1]:99", "http://[::1]:99"),
        ("file:///etc", None),
        ("null", None),
        ("http://", None),
        ("http://[::1", None),
        ("http://a:b", None),
        ("http://u@host", None),
    ],
)
def test_origins(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


def test_an_origin_may_be_written_in_several_ways() -> None:
    given = ["http://A.example/", "http://b.example:80", "https://c.example:444", "*"]
    assert read_origins(given) == {"http://a.example", "http://b.example", "https://c.example:444", "*"}
    assert read_hosts(["A.example", "b.example."]) == {"a.example", "b.example"}


@given(st.text(max_size=60))
def test_no_header_is_too_odd(text: str) -> None:
    visitors = Visitors("http://own.example", frozenset({"other.example"}), frozenset({"*", "http://page.example"}))
    for host in (text, f"[{text}", f"127.0.0.1{text}", f"own.example:{text}"):
        assert visitors.knows_host(host) in (True, False)
    assert not visitors.knows_host(f"{text}.evil.example")
    assert not visitors.allows(f"http://{text}.evil.example", "/titles")
    assert not visitors.allows("http://page.example", f"/_sim/{text}x")
