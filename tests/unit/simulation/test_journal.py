"""The journal: what an entry holds, what is redacted, how it stays bounded."""

import json

import pytest

from simulation import journal as journal_module
from simulation.clock import Clock
from simulation.journal import Journal, read_trace
from simulation.redaction import REDACTED, redact


def test_entry_has_what_was_given_and_nothing_empty() -> None:
    clock = Clock()
    journal = Journal("sees", clock)
    journal.record(
        step=2,
        summary="asked",
        trace="t-1",
        method="POST",
        url="http://host/hms/fp/token?customerAuthenticator=1,ab",
        status=200,
        request={"contentKey": "ab", "cookie": "alice"},
    )
    (entry,) = journal.entries()
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "seq": 1,
        "party": "sees",
        "trace": "t-1",
        "step": 2,
        "summary": "asked",
        "method": "POST",
        "url": "http://host/hms/fp/token",
        "status": 200,
        "request": {"contentKey": REDACTED, "cookie": "alice"},
    }


def test_bytes_that_were_no_utf_8_are_written_out() -> None:
    journal = Journal("expressplay", Clock())
    half = b"\xff".decode("utf-8", "surrogateescape")
    journal.record(
        step=2, summary=half, trace=None, url=half, agent=half, request={half: [half]}, response="\U0001f600"
    )
    (entry,) = journal.entries()
    written = "\\udcff"
    assert (entry["summary"], entry["url"], entry["agent"]) == (written, written, written)
    assert entry["request"] == {written: [written]}
    assert entry["response"] == "\U0001f600"


def test_party_can_be_another_lifeline() -> None:
    journal = Journal("expressplay", Clock())
    journal.record(step=5, summary="row", trace=None, party="log")
    assert journal.entries()[0]["party"] == "log"


def test_entries_of_one_trace_oldest_first() -> None:
    journal = Journal("sees", Clock())
    for number, trace in enumerate(["a", "b", None, "a"]):
        journal.record(step=number, summary="", trace=trace)
    assert [entry["step"] for entry in journal.entries("a")] == [0, 3]
    assert [entry["step"] for entry in journal.entries()] == [0, 1, 2, 3]
    journal.clear()
    assert journal.entries() == []
    journal.record(step=4, summary="", trace=None)
    assert journal.entries()[0]["seq"] == 5


def test_entries_do_not_change_with_what_was_recorded() -> None:
    journal = Journal("sees", Clock())
    request = {"list": [1]}
    journal.record(step=1, summary="", trace=None, request=request)
    request["list"].append(2)
    journal.entries()[0]["request"]["list"].append(3)
    assert journal.entries()[0]["request"] == {"list": [1]}


def test_oldest_entries_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_ENTRIES", 3)
    journal = Journal("sees", Clock())
    for number in range(5):
        journal.record(step=number, summary="", trace=None)
    assert [entry["step"] for entry in journal.entries()] == [2, 3, 4]
    monkeypatch.setattr(journal_module, "MAX_CHARACTERS", 3_000)
    for number in range(5, 8):
        journal.record(step=number, summary="x" * 1_200, trace=None)
    assert [entry["step"] for entry in journal.entries()] == [6, 7]


@pytest.mark.parametrize(
    "field",
    [
        *("customerAuthenticator", "AUTHENTICATOR", "contentKey", "content_key", "cek", "ASk"),
        *("kek", "ek", "sk", "session_key", "private-key"),
    ],
)
def test_redacts_by_field_name_at_any_depth(field: str) -> None:
    secret = {"rows": [{"more": {field: {"bytes": "5ec7e7"}}}]}
    assert "5ec7e7" not in json.dumps(redact(secret))
    assert redact({"rows": ({"spc": "AA=="},)}) == {"rows": [{"spc": "AA=="}]}


def test_other_objects_show_their_type_only() -> None:
    assert redact({"a": b"5ec7e7", "b": Clock()}) == {"a": "<bytes>", "b": "<Clock>"}


@pytest.mark.parametrize("value", ["a", "A-9._z", "x" * 64])
def test_trace_ids(value: str) -> None:
    assert read_trace(value) == value


@pytest.mark.parametrize("value", [None, "", "x" * 65, "a b", "a\n", "é", "a/b"])
def test_what_is_no_trace_id_is_ignored(value: str | None) -> None:
    assert read_trace(value) is None
