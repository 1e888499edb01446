"""The project as somebody else has it: from its wheel, in an environment of its own, outside the repository."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build_wheel(directory: Path) -> Path:
    """Build the sdist into a directory, the wheel from that sdist alone, and return the wheel's path."""
    _build("sdist", ROOT, directory)
    [sdist] = directory.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(directory, filter="data")
    _build("wheel", directory / sdist.name.removesuffix(".tar.gz"), directory)
    [wheel] = directory.glob("*.whl")
    return wheel


def _build(target: str, source: Path, directory: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(directory)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


def install_wheel(wheel: Path, directory: Path) -> Path:
    """Install a wheel into a new environment; return the environment's bin directory.

    The dependencies are those of the running environment: nothing is fetched.
    """
    venv.create(directory, with_pip=False)
    python = directory / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel],
        check=True,
        capture_output=True,
    )
    version = "python{}.{}".format(*sys.version_info[:2])
    packages = directory / "lib" / version / "site-packages"
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return directory / "bin"


def environment(binaries: Path, home: Path, **more: str) -> dict[str, str]:
    """Return the variables of a shell that has these programs first on its path, and nothing of the repository."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "VIRTUAL"))}
    return own | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "HOME": str(home)} | more
