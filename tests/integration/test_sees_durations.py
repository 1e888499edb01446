"""What the catalog says of leases and persistent keys arrives in the CKC, through the real mock."""

import pytest

from emulator.binding import bind
from fairplay.ckc import Duration
from fairplay.layout import KeyType
from walkthrough.record.deployment import Deployment


@pytest.mark.parametrize(
    ("title", "duration"),
    [
        ("film", Duration(KeyType.PERSIST_RENTAL, rental=172_800)),
        ("rotation", Duration(KeyType.LEASE, lease=120)),
    ],
)
def test_each_title_has_its_duration(deployment: Deployment, title: str, duration: Duration) -> None:
    dummy, *grants = bind(deployment.client(title), deployment.name(title), title)
    assert dummy.license.duration is None
    assert {grant.license.duration for grant in grants} == {duration}
