"""What the catalog says of leases and persistent keys arrives in the CKC, through the real mock."""

from collections.abc import Iterator

import pytest
from emulator_stage import real_stage

from emulator.binding import bind
from fairplay.ckc import Duration
from fairplay.layout import KeyType
from walkthrough.record.deployment import Deployment


@pytest.fixture(scope="module")
def stage() -> Iterator[Deployment]:
    with real_stage() as standing:
        yield standing


@pytest.mark.parametrize(
    ("title", "duration"),
    [
        ("film", Duration(KeyType.PERSIST_RENTAL, rental=172_800)),
        ("rotation", Duration(KeyType.LEASE, lease=120)),
    ],
)
def test_each_title_has_its_duration(stage: Deployment, title: str, duration: Duration) -> None:
    dummy, *grants = bind(stage.client(title), stage.name(title), title)
    assert dummy.license.duration is None
    assert {grant.license.duration for grant in grants} == {duration}
