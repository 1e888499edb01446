"""Running `fps-emulator conform` as its users do."""

from click.testing import CliRunner, Result
from small_sees import DUMMY, FILM, SmallSees

from emulator.cli import main
from hosting.serving import running
from sees_testing.expressplay import RunningExpressPlay


def conform(sees: str, *options: str, content: str = FILM, dummy: str = DUMMY) -> Result:
    return CliRunner().invoke(main, ["conform", f"--sees={sees}", f"--content={content}", f"--dummy={dummy}", *options])


def conform_broken(kind: type[SmallSees], expressplay: RunningExpressPlay, *options: str) -> Result:
    with running(kind(expressplay.url, expressplay.authenticator).app()) as url:
        return conform(url, f"--expressplay={expressplay.url}", *options)
