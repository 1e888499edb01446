"""From the wheel alone, outside the repository: every program, and a suite of ten lines that uses the plugin."""

import subprocess
from pathlib import Path

import pytest
from installed import environment

SUITE = """
import pytest
from sees_testing import LicenseRefused


def test_only_the_device_that_registered_plays(sees, virtual_device):
    virtual_device.register(sees.url, sees.dummy, "alice")
    virtual_device.play(sees.url, sees.film, "alice")
    with pytest.raises(LicenseRefused) as refusal:
        virtual_device.other("another phone").play(sees.url, sees.film, "alice")
    assert refusal.value.number == -9003
"""

PROGRAMS = [
    "expressplay-mock --help",
    "sees-server --help",
    "sees-server serve --help",
    "fps-emulator --help",
    "fps-emulator bind --help",
    "fps-emulator serve --help",
    "fps-emulator conform --help",
    "fps-emulator explain -- -9003",
]


@pytest.mark.parametrize("command", PROGRAMS)
def test_a_program_starts(command: str, binaries: Path, tmp_path: Path) -> None:
    program, *arguments = command.split()
    done = subprocess.run(
        [binaries / program, *arguments],
        cwd=tmp_path,
        env=environment(binaries, tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_code_is_that_of_the_wheel(binaries: Path, tmp_path: Path) -> None:
    ask = "import fairplay, hosting, walkthrough; print(fairplay.__file__, hosting.__file__, walkthrough.__file__)"
    done = subprocess.run(
        [binaries / "python", "-c", ask],
        cwd=tmp_path,
        env=environment(binaries, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(Path(each).is_relative_to(binaries.parent) for each in done.stdout.split())


def test_a_suite_of_ten_lines_uses_the_plugin(binaries: Path, tmp_path: Path) -> None:
    (tmp_path / "test_binding.py").write_text(SUITE)
    done = subprocess.run(
        [binaries / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "sees_testing.plugin"],
        cwd=tmp_path,
        env=environment(binaries, tmp_path, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
