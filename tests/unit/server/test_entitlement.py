"""The decision by itself: order of the checks, and the rule that binds a cookie to a device."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stubbed_sees import CATALOG, CLUB, DEVICE, DUMMY, FILM, OTHER_DEVICE

from server.api import EntitlementRequest
from server.catalog import Terms, parse_catalog
from server.entitlement import MAX_COOKIE_LENGTH, Record, bound_device, decide, play_cookie
from server.errors import DeniedError, ErrorNumber

TITLES = parse_catalog(CATALOG)
GOOD = EntitlementRequest("m", 1, 3, FILM, "alice")


def registered(cookie: str) -> Sequence[Record]:
    return [Record(1, DEVICE, True, 0)]


def never(cookie: str) -> Sequence[Record]:
    raise AssertionError("no records should be asked for")


def test_device_bound() -> None:
    order = decide(GOOD, TITLES, registered)
    assert (order.step, order.cookie, order.device_id) == (9, play_cookie("alice"), DEVICE)
    assert (order.lifetime, order.terms.rental_duration) == (300, 7200)
    assert "event 1" in order.why


def test_play_cookie_is_the_documented_hash() -> None:
    digest = hashlib.sha256(b"play cookie:alice").digest()[:20]
    assert play_cookie("alice") == f"play-{base64.urlsafe_b64encode(digest).decode()[:27]}"


@given(st.text(max_size=MAX_COOKIE_LENGTH), st.text(max_size=MAX_COOKIE_LENGTH))
def test_play_cookies_are_ascii_of_32_characters_and_each_viewer_has_one(one: str, other: str) -> None:
    assert len(play_cookie(one)) == MAX_COOKIE_LENGTH
    assert play_cookie(one).isascii()
    assert play_cookie(one) != one
    assert (play_cookie(one) == play_cookie(other)) == (one == other)


def test_registration_token_lives_a_minute_unless_told_otherwise() -> None:
    registration = replace(GOOD, request_type=2, content_id=DUMMY)
    assert decide(registration, TITLES, never).lifetime == 60
    assert decide(registration, TITLES, never, 5).lifetime == 5
    assert decide(registration, TITLES, never, 3600).lifetime == TITLES.titles["dummy"].token_lifetime
    assert decide(GOOD, TITLES, registered, 5).lifetime == 300


def test_registration_and_time_based_ask_for_no_records() -> None:
    order = decide(replace(GOOD, request_type=2, content_id=DUMMY), TITLES, never)
    assert (order.step, order.cookie, order.device_id, order.terms.rental_duration) == (2, "alice", None, 0)
    order = decide(replace(GOOD, request_type=1), TITLES, never)
    assert (order.step, order.cookie, order.device_id, order.terms.rental_duration) == (9, None, None, 7200)


@pytest.mark.parametrize(
    ("request_", "number"),
    [
        (EntitlementRequest("m", 0, 9, "x", "x" * 33), ErrorNumber.UNSUPPORTED_VERSION),
        (EntitlementRequest("m", 1, 9, "x", "x" * 33), ErrorNumber.UNKNOWN_REQUEST_TYPE),
        (EntitlementRequest("m", 1, 3, "x", "x" * 33), ErrorNumber.UNKNOWN_CONTENT),
        (EntitlementRequest("m", 1, 3, CLUB, "x" * 33), ErrorNumber.BAD_COOKIE),
        (EntitlementRequest("m", 1, 3, CLUB, "x" * 32), ErrorNumber.NOT_ENTITLED),
        (EntitlementRequest("m", 1, 3, DUMMY, "x" * 32), ErrorNumber.NOT_ENTITLED),
    ],
)
def test_first_fault_counts_and_records_come_last(request_: EntitlementRequest, number: ErrorNumber) -> None:
    with pytest.raises(DeniedError) as caught:
        decide(request_, TITLES, never)
    assert caught.value.number is number


@pytest.mark.parametrize("kind", [1, 3])
@pytest.mark.parametrize(
    ("policy", "lease", "persistent"), [("lease_duration = 120", 120, False), ("persistent = true", 0, True)]
)
def test_lease_and_persistence_are_for_what_is_watched(kind: int, policy: str, lease: int, persistent: bool) -> None:
    titles = parse_catalog(CATALOG.replace("token_lifetime", f"{policy}\ntoken_lifetime"))
    order = decide(replace(GOOD, request_type=kind), titles, registered)
    assert (order.terms.lease_duration, order.terms.persistent) == (lease, persistent)
    order = decide(replace(GOOD, request_type=2, content_id=DUMMY), titles, never)
    assert (order.terms.lease_duration, order.terms.persistent) == (0, False)


def test_dual_expiry_is_for_what_is_watched() -> None:
    dual = "storage_duration = 2592000\nplayback_duration = 172800"
    titles = parse_catalog(CATALOG.replace("rental_duration = 7200", dual))
    order = decide(GOOD, titles, registered)
    assert order.terms == Terms(storage_duration=2_592_000, playback_duration=172_800)


def test_order_shows_no_content_key() -> None:
    order = decide(GOOD, TITLES, registered)
    assert order.key.cek not in repr(order)


records = st.lists(
    st.builds(
        Record,
        st.integers(1, 40),
        st.sampled_from([DEVICE, OTHER_DEVICE, None]),
        st.booleans(),
        st.sampled_from([0, 0, -9003]),
    ),
    unique_by=lambda record: record.event_id,
)


@given(records)
def test_binding_rule(rows: list[Record]) -> None:
    """Whatever the order: the newest issued registration, else nobody."""
    registrations = [row for row in rows if row.registration and row.result == 0 and row.device_id]
    if registrations:
        newest = max(registrations, key=lambda row: row.event_id)
        assert bound_device(rows) == (newest.device_id, newest.event_id)
    else:
        with pytest.raises(DeniedError) as caught:
            bound_device(rows)
        assert caught.value.number is ErrorNumber.DEVICE_NOT_REGISTERED
