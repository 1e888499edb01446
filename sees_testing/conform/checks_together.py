"""Checks 41 and 42: viewers who ask at the same time."""

import threading
import time
import uuid

from sees_testing.conform.mock import TOKEN
from sees_testing.conform.model import Origin, check
from sees_testing.conform.outcome import Failed
from sees_testing.conform.probe import DEVICE_BOUND, REGISTRATION, Probe, at_once, entitled, outcome

VIEWERS, ROUNDS = 8, 3
HELD = 10
"""Seconds for which one viewer's answer is held back; a server that waits has it answered first."""


@check(
    41,
    "viewers at the same time stay apart",
    "An entitlement depends on its own request alone.",
    origin=Origin.SOUND,
    needs=(2, 11, 13, 14, 34),
)
def viewers_stay_apart(probe: Probe) -> None:
    """Let viewers register and play at the same time, each with a cookie and a device of its own, several times."""
    alone, cookie = probe.device("alone"), probe.cookie()
    keys = {
        content: probe.license(probe.token(request_type, content, cookie), alone, content)
        for request_type, content in ((REGISTRATION, probe.dummy), (DEVICE_BOUND, probe.content))
    }

    def view(number: int) -> None:
        device, cookie = probe.device(f"viewer {number}"), probe.cookie()
        register, play = (REGISTRATION, probe.dummy), (DEVICE_BOUND, probe.content)
        # Every other viewer registers once more, so that registrations and plays arrive together.
        for request_type, content in (*[register] * (1 + number % 2), *[play, register] * ROUNDS):
            message_id = str(uuid.uuid4())
            reply = probe.post(probe.message(request_type, content, cookie) | {"messageID": message_id})
            found = (reply.object() or {}).get("messageID")
            if found != message_id:
                raise Failed(expected=f"messageID {message_id!r} among {VIEWERS} viewers", found=f"{found!r}")
            brought = probe.license(entitled(reply), device, content)
            if brought != keys[content]:
                raise Failed(
                    expected=f"the license that a viewer alone gets for {content!r}, among {VIEWERS} viewers",
                    found=outcome(brought) if isinstance(brought, int) else "another key",
                )

    at_once([lambda number=number: view(number) for number in range(VIEWERS)])  # type: ignore[misc]


@check(
    42,
    "nobody waits for another viewer",
    "One slow answer of ExpressPlay concerns one viewer.",
    origin=Origin.SOUND,
    needs=(1,),
)
def nobody_waits(probe: Probe) -> None:
    """Hold ExpressPlay's answer to one viewer back, and ask for another meanwhile."""
    slow, answered, began = probe.cookie(), threading.Event(), time.monotonic()

    def ask_slowly() -> None:
        probe.ask(REGISTRATION, probe.dummy, slow)
        answered.set()

    with probe.fault(TOKEN, slow, {"fault": "delay", "seconds": HELD}):
        thread = threading.Thread(target=ask_slowly)
        thread.start()
        try:
            probe.the_mock().wait_for_fault()
            gave_up = answered.is_set()
            entitled(probe.ask(REGISTRATION, probe.dummy, probe.cookie()))
            # By time too: two answers that are sent at the same moment may arrive in either order.
            over = answered.is_set() or time.monotonic() - began >= HELD
            waited = over and not gave_up
        finally:
            probe.the_mock().clear_faults()
            thread.join()
    if waited:
        raise Failed(
            expected="another viewer to be answered while one waits for ExpressPlay",
            found="the one that waited was answered first",
        )
