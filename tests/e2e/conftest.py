"""What end-to-end tests share: the mock and SEES as real processes, started once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from installed import build_wheel, install_wheel
from processes import Processes, running_processes


@pytest.fixture(scope="session")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Both services on free ports, at log level debug."""
    with running_processes(tmp_path_factory.mktemp("state")) as both:
        yield both


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def binaries(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel and nothing of this checkout."""
    return install_wheel(wheel, tmp_path_factory.mktemp("installed") / "environment")
