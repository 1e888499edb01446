"""A row of the transaction log as a registration writes it, for tests of the log."""

from expressplay_mock.record import Row

ROW = Row(
    account="1001",
    time=1_700_000_000.123,
    cookie="viewer-7",
    device_id="ab" * 20,
    content_id="film-1",
    registration=True,
    result=0,
    cause=None,
    replay_id=None,
)
