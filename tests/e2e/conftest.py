"""What end-to-end tests share: the mock and SEES as real processes, started once."""

from collections.abc import Iterator

import pytest
from processes import Processes, running_processes


@pytest.fixture(scope="session")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Both services on free ports, at log level debug."""
    with running_processes(tmp_path_factory.mktemp("state")) as both:
        yield both
