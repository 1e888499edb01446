"""Set up what the project needs, from nothing but Python: a virtual environment with the locked dependencies.

`.venv` is a symbolic link to `.venv-<hash of the lock>`. A new environment is built beside the old one and the link
moved when it is complete, so Ctrl-C at any moment leaves a working tree. This file runs under the Python that the
user has: it must parse even on versions that the project does not support, to be able to say so.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, NoReturn  # noqa: UP035 - list[str] is younger than some Pythons that must read this

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
LINK = ROOT / ".venv"
LOCK_FILE = ROOT / ".venv.lock"
OLDEST = (3, 11)

Command = List[str]  # noqa: UP006


def ensure() -> str:
    """Make sure that the environment is there and fits the lock; return the path of its Python."""
    _require_python()
    target = ROOT / (".venv-" + _fingerprint())
    if LINK.resolve() != target or not (target / "complete").exists():
        try:
            file = LOCK_FILE.open("w")
        except OSError as error:
            sys.exit(f"{LOCK_FILE}: {error.strerror}. The set-up writes .venv beside it: make that directory writable.")
        with file:
            # Whoever comes second, from another terminal say, waits here and finds the work done.
            fcntl.flock(file, fcntl.LOCK_EX)
            if not (target / "complete").exists():
                _build(target)
            _point_link_at(target)
    return str(LINK / "bin" / "python")


def enter(script: str) -> None:
    """Go on with `script` under the environment's Python; return at once where that is so already.

    Then it can import all packages of this checkout, `benchmarks` too, which is in no wheel.
    """
    python = ensure()
    if Path(sys.prefix).resolve() != LINK.resolve():
        os.execv(python, [python, script, *sys.argv[1:]])
    sys.path.insert(0, str(ROOT))


def _require_python() -> None:
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(f"Python 3.11 or later is needed, this is {found}. Run it with a newer one: python3.12 {sys.argv[0]}")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = "python{}.{}-venv".format(*sys.version_info[:2])
        sys.exit(f"Python's venv module is missing. Install your system's package for it, {version} on Debian.")


def _fingerprint() -> str:
    import tomllib  # here, since Pythons that are too old must get as far as being told so

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    parts = (LOCK.read_text(), json.dumps(project, sort_keys=True), sys.version, str(ROOT))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _build(target: Path) -> None:
    _say("Setting up the environment in .venv: locked dependencies, checked by hash. Once only: 180 MB, 670 on disk.")
    shutil.rmtree(target, ignore_errors=True)
    try:
        _run([sys.executable, "-m", "venv", str(target)])
        pip = [str(target / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
        _install([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)])
        _run([*pip, "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    except KeyboardInterrupt:
        shutil.rmtree(target, ignore_errors=True)
        _say("\nStopped. Nothing was changed; the next run starts the set-up anew.")
        sys.exit(130)
    (target / "complete").touch()


def _install(command: Command) -> None:
    """Run pip, and show one line per package in place of its own output."""
    total = LOCK.read_text().count("==")
    seen = 0
    output = []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout or ():
        output.append(line)
        if line.startswith("Collecting "):
            seen += 1
            _progress(f"  collecting {seen} of about {total}: {line.split()[1].partition('=')[0]}")
        elif line.startswith("Installing "):
            _progress("  installing")
    _progress("")
    if process.wait():
        _fail(command, "".join(output[-15:]))


def _run(command: Command) -> None:
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode:
        _fail(command, result.stdout[-2000:])


def _fail(command: Command, output: str) -> NoReturn:
    sys.exit(f"The set-up failed at: {' '.join(command)}\n\n{output}\nMend that (no network?) and run this again.")


def _point_link_at(target: Path) -> None:
    if LINK.exists() and not LINK.is_symlink():
        sys.exit(f"{LINK} is a directory that this project did not make. Move it away and run this again.")
    old = LINK.resolve()
    new = LINK.with_name(".venv-link")
    new.unlink(missing_ok=True)
    new.symlink_to(target.name)
    new.replace(LINK)
    for other in ROOT.glob(".venv-*"):
        # The one just replaced stays until the next time: something may still run in it.
        if other not in (target, old):
            shutil.rmtree(other, ignore_errors=True)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text)
        sys.stderr.flush()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
