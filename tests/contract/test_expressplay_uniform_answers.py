"""What the answers to altered SPCs give away: one answer behind the envelope, whatever was found."""

import random
import statistics
import time
from collections import defaultdict
from typing import Any

from fairplay.layout import SPC_HEADERS
from fairplay.session_key import device_id_of

Mock = Any
"""What the fixture `mock` is: the service without a socket, and a device next to it."""

MINE, OTHER = device_id_of("mine"), device_id_of("other")
COPIES = 500
ENVELOPE = SPC_HEADERS[2].size


def journal(mock: Mock) -> list[dict[str, Any]]:
    """Return the decisions of the redemptions in the journal, oldest first."""
    entries = mock.client.get("/_sim/journal").get_json()["entries"]
    return [entry["decision"] for entry in entries if entry["summary"].startswith("redemption: refused")]


def test_altered_copies_of_one_spc_get_one_answer(mock: Mock) -> None:
    """Behind the envelope there is one answer: the same code, the same cause, the same text and the same work."""
    spc, _ = mock.spc()
    token, chance = mock.token(), random.Random(1)
    answers: list[tuple[int, bytes]] = []
    took: list[float] = []
    for number in range(COPIES):
        altered = bytearray(spc)
        # Every block of the payload has its turn; what follows an altered block decrypts as before, one bit apart.
        altered[ENVELOPE + number * 16 % (len(spc) - ENVELOPE) + chance.randrange(16)] ^= 1 << chance.randrange(8)
        before = time.thread_time()
        answer = mock.redeem(token, bytes(altered))
        took.append(time.thread_time() - before)
        answers.append((answer.status_code, answer.data))
    found = journal(mock)
    refused = [index for index, (status, _) in enumerate(answers) if status != 200 and status != 409]
    assert len(found) == len([status for status, _ in answers if status != 200])
    before_the_mac = [index for index in refused if b"-42589" not in answers[index][1]]
    assert len(before_the_mac) > COPIES // 4
    assert len({answers[index] for index in before_the_mac}) == 1
    assert b'"cause":-42585' in answers[before_the_mac[0]][1]

    numbers = dict(zip([i for i, (status, _) in enumerate(answers) if status != 200], found, strict=True))
    checks: dict[int, list[float]] = defaultdict(list)
    for index in before_the_mac:
        assert numbers[index].keys() == {"refused", "number", "check", "expected", "found", "fix"}
        assert f"found {numbers[index]['found']}" not in answers[index][1].decode()
        checks[numbers[index]["check"]].append(took[index])
    assert len(checks) > 1, "only one kind of failure was tried"
    # Processor time of this thread, so that others' work does not count; each middle half reaches into the others'.
    quartiles = [statistics.quantiles(times, n=4) for times in checks.values() if len(times) > 20]
    assert max(low for low, _, _ in quartiles) < 1.5 * min(high for _, _, high in quartiles)


def test_what_each_check_finds_is_in_the_journal_only(mock: Mock) -> None:
    """The rows name the uniform cause, the answer no word of the SPC, and the journal all of it."""
    spc, _ = mock.spc()
    wrapped = bytearray(spc)
    wrapped[30] ^= 1
    payload = bytearray(spc)
    payload[ENVELOPE + 10] ^= 0x80
    token = mock.token()
    answers = [mock.redeem(token, bytes(altered)) for altered in (wrapped, payload)]
    assert answers[0].data == answers[1].data
    assert [decision["number"] for decision in journal(mock)] == [-42605, -42585]
    assert [row["cause"] for row in mock.found()] == [-42585, -42585]
    assert "GET /_sim/journal" in answers[0].get_json()["hint"]


def test_a_refusal_for_another_device_names_none(mock: Mock) -> None:
    """-9003 names no device id: neither the token's nor the SPC's."""
    answer = mock.redeem(mock.token(deviceId=OTHER.hex()))
    assert answer.status_code == 403
    assert MINE.hex() not in answer.text
    assert OTHER.hex() not in answer.text
    compared = [
        entry["decision"] for entry in mock.client.get("/_sim/journal").get_json()["entries"] if entry.get("step") == 12
    ]
    assert compared == [{"token device_id": OTHER.hex(), "spc device_id": MINE.hex(), "equal": False}]
