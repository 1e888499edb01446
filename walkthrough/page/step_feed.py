"""The one way of a step to the browser: an entry of the client's journal, what the services say of it, the page.

The client journals an exchange once it is over. By then the services have journalled what they did for it, so one
look into the journals of those who took part gives all steps of that exchange, and each is told once.
"""

from collections.abc import Mapping
from typing import Any

from emulator.transport import EXPRESSPLAY, SEES, Party, Web
from simulation.journal import Journal
from simulation.steps import Step
from walkthrough.page.devices import PageDevice
from walkthrough.page.pacing import PageRun
from walkthrough.page.page_state import PageState
from walkthrough.record.journals import Entry, fetch_journal
from walkthrough.record.recording import record_steps, written_row
from walkthrough.record.steps import STEPS

EXCHANGES: Mapping[int, tuple[range, tuple[Party, ...]]] = {
    Step.READ_DUMMY: (range(1), ()),
    Step.ASK_TO_REGISTER: (range(1, 4), (SEES, EXPRESSPLAY)),
    Step.SEND_SPC_TO_REGISTER: (range(4, 6), (EXPRESSPLAY,)),
    Step.ASK_TO_PLAY: (range(6, 11), (SEES, EXPRESSPLAY)),
    Step.SEND_SPC_TO_PLAY: (range(11, 14), (EXPRESSPLAY,)),
}
"""The client's step → the steps of its exchange, and whose journals tell of them (and of rows, which have no step)."""


class StepFeed(Journal):
    """The client's journal of one run. What it notes is on the page before the client goes on, in the client's thread.

    `about` is what the page shows with each step: device, title, run.
    """

    def __init__(self, page: PageState, run: PageRun, device: PageDevice, web: Web, about: Mapping[str, Any]) -> None:
        super().__init__("client", device.clock)
        self._page, self._run, self._web, self._about = page, run, web, about
        self._cookie, self._device_id = device.cookie, device.device_id
        self._rounds: dict[Any, int] = {}

    def record(self, **fields: Any) -> None:
        """Append an entry, and show its exchange. Raises `StartedOver` where the learner has started over."""
        super().record(**fields)
        entry: Entry = self.entries()[-1]
        numbers, parties = EXCHANGES[entry["step"]]
        addresses = {SEES: self._page.deployment.sees, EXPRESSPLAY: self._page.deployment.expressplay}
        entries = [entry]
        for party in parties:
            theirs = fetch_journal(self._web, party, addresses[party], entry["trace"])
            entries += [other for other in theirs if other.get("step") is None or other["step"] in numbers]
        steps = record_steps(entries, self._cookie, self._device_id, [step for step in STEPS if step.n in numbers])
        number = self._rounds.setdefault(entry["trace"], len(self._rounds) + 1)
        about = {**self._about, "round": number} if number > 1 else self._about
        rows = [row for row in map(written_row, entries) if row]
        self._page.show(self._run, [{**step, **about} for step in steps], rows)
