"""What the transaction log holds: rows of redemptions, and the records that the record service answers with."""

from dataclasses import dataclass
from typing import Any

from simulation.clock import rfc3339


@dataclass(frozen=True, slots=True)
class Row:
    """One redemption, as it is written into the transaction log. Never the content key.

    `time` in Unix seconds; `result` 0 where a license was issued, else the refusal's number, with the number
    of the SPC check as `cause`. `device_id` and `content_id` are None where no SPC opened. `replay_id`
    stands for the SPC (64 hex digits): two issued rows never share one.
    """

    account: str
    time: float
    cookie: str | None
    device_id: str | None
    content_id: str | None
    registration: bool
    result: int
    cause: int | None
    replay_id: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """A row in the log, with the number that the log gave it: unique and increasing."""

    event_id: int
    row: Row

    def as_json(self) -> dict[str, Any]:
        """Return the record as the service answers it."""
        return {
            "event_id": self.event_id,
            "time": rfc3339(self.row.time),
            "cookie": self.row.cookie,
            "device_id": self.row.device_id,
            "content_id": self.row.content_id,
            "registration": self.row.registration,
            "result": self.row.result,
            "cause": self.row.cause,
        }
