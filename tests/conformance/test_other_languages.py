"""The examples in Java and JavaScript: green from their READMEs, judged by the kit, and found out where they err."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sees_testing.conform import Known
from sees_testing.conform.model import Verdict
from sees_testing.conform.runner import conform, failures
from sees_testing.expressplay import RunningExpressPlay
from sees_testing.serving import serving_process

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BIN = str(Path(sys.executable).parent)
KNOWN = Known(
    bytes.fromhex("e4907b3fa1c852d60fbb92647cd31e58"),
    bytes.fromhex("ffeeddccbbaa99887766554433221100"),
    lifetimes=(60, 600),
)


@dataclass(frozen=True)
class Example:
    """How an example is built and run in a copy of its folder, and which mistakes are planted in its source."""

    folder: str
    program: str
    source: str
    build: tuple[str, ...]
    run: tuple[str, ...]
    ids: tuple[str, str]
    """Of content and dummy."""
    mistakes: dict[int, tuple[str, str]] = field(default_factory=dict)
    """By the check that must find it: what stands there, and what is put in its place."""


JAVA = Example(
    "java-sees",
    "javac",
    "Sees.java",
    ("javac", "-d", "build", "Json.java", "Sees.java", "SeesTest.java"),
    ("java", "-cp", "build", "Sees"),
    ("5a1e0000-0000-4000-8000-00000000000b", "5a1e0000-0000-4000-8000-00000000000a"),
    {
        13: (
            '"cookie", cookieOfPlays(cookie), "deviceId", device(cookie)',
            '"cookie", device(cookie).substring(0, 32)',
        ),
        19: ('"cookie", cookieOfPlays(cookie),', '"cookie", cookie,'),
        43: ('"+300"', '"+2592000"'),
    },
)
NODE = Example(
    "node-sees",
    "node",
    "sees.js",
    (),
    ("node", "sees.js"),
    ("5a1e0000-0000-4000-8000-0000000000bb", "5a1e0000-0000-4000-8000-0000000000aa"),
    {
        13: ("deviceId: await this.device(cookie)", "lang: await this.device(cookie)"),
        39: ("return this.token(content, { cookie });", "return this.token(content, { cookie: cookie.trim() });"),
        50: ("if (!/^https?:", "if (!/^{|^https?:"),
    },
)
BOTH = pytest.mark.parametrize("example", [JAVA, NODE], ids=lambda example: example.folder)


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Example], Path]:
    """Return a copy of an example's folder; skips where its language is missing."""

    def make(example: Example) -> Path:
        if shutil.which(example.program) is None:
            reason = f"no {example.program}: .ci/run installs it"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        return Path(shutil.copytree(EXAMPLES / example.folder, tmp_path / example.folder))

    return make


@contextmanager
def running_example(example: Example, folder: Path, expressplay: RunningExpressPlay) -> Iterator[str]:
    if example.build:
        subprocess.run(example.build, cwd=folder, check=True)
    settings = {"EXPRESSPLAY_URL": expressplay.url, "EXPRESSPLAY_AUTHENTICATOR": expressplay.authenticator}
    with serving_process(example.run, settings | {"PORT": "{port}"}, cwd=folder) as url:
        yield url


@BOTH
def test_it_conforms(example: Example, copy: Callable[[Example], Path], expressplay: RunningExpressPlay) -> None:
    content, dummy = example.ids
    with running_example(example, copy(example), expressplay) as url:
        results = conform(
            sees=url,
            expressplay=expressplay.url,
            content=content,
            dummy=dummy,
            authenticator=expressplay.authenticator,
            known=KNOWN,
            quick=True,
            strict=True,
        )
    assert failures(results) == []


@pytest.mark.parametrize(
    ("example", "number"),
    [(example, number) for example in (JAVA, NODE) for number in example.mistakes],
    ids=lambda value: value.folder if isinstance(value, Example) else str(value),
)
def test_a_planted_mistake_is_found(
    example: Example, number: int, copy: Callable[[Example], Path], expressplay: RunningExpressPlay
) -> None:
    folder, (right, wrong) = copy(example), example.mistakes[number]
    source = folder / example.source
    text = source.read_text()
    assert text.count(right) == 1
    source.write_text(text.replace(right, wrong))
    content, dummy = example.ids
    with running_example(example, folder, expressplay) as url:
        results = conform(sees=url, expressplay=expressplay.url, content=content, dummy=dummy, only=[1, number])
    assert [(result.check.number, result.verdict) for result in results] == [
        (1, Verdict.PASSED),
        (number, Verdict.FAILED),
    ]


@BOTH
def test_its_suite_is_green_by_its_own_commands(example: Example, copy: Callable[[Example], Path]) -> None:
    folder = copy(example)
    commands = re.findall(r"^\$ (.*)$", (folder / "README.md").read_text(), re.MULTILINE)
    assert commands.pop(0) == f"cd examples/{example.folder}"
    for command in commands:
        program, *arguments = command.split()
        bin_ = [f"-Dbin={BIN}"] if program == "java" else []
        done = subprocess.run(
            [program, *bin_, *arguments],
            cwd=folder,
            env=os.environ | {"BIN": BIN},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
