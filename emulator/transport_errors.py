"""What an exchange failed of, told by the types of the errors behind it, never by their texts.

Only an exchange imports this module: urllib3 and ssl are in memory then anyhow.
"""

import socket
from collections.abc import Iterator
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import urllib3

from emulator.errors import EmulatorError, NoAnswer, TlsFailed
from emulator.parties import Party
from emulator.urls import origin_of
from hosting.tls.tls import ClientTls
from hosting.tls.tls_diagnosis import Problem, diagnose

TRUST = "name its authority with --ca; where ca.pem of a simulated service lies is in its ready line"
SHOW = "show one with --client-certificate and --client-key; where a good one lies is in SEES's ready line"


def no_answer(error: Exception, party: Party, url: str, tls: ClientTls) -> EmulatorError:
    """Return the error of a request to which no whole answer came."""
    address, kinds = origin_of(url), tuple(causes(error))
    broken = (RemoteDisconnected, ConnectionResetError, BrokenPipeError, ConnectionAbortedError, IncompleteRead)

    def any_is(*types: type[BaseException]) -> bool:
        return any(isinstance(cause, types) for cause in kinds)

    fix = f"is {party.program} running? Check the port in {party.option}"
    # In this order: urllib3 counts a refused connection and an unknown name among its time-outs.
    if any_is(socket.gaierror, urllib3.exceptions.NameResolutionError, urllib3.exceptions.LocationParseError):
        found, fix = f"no host of that name: {address}", f"check the spelling of the host in {party.option}"
    elif any_is(ConnectionRefusedError):
        found = f"nothing answers at {address}"
    elif any_is(TimeoutError, urllib3.exceptions.TimeoutError):
        found = f"no answer in time at {address}"
    elif problem := diagnose(url, tls):
        fix = problem.fix(party.program, trust=TRUST, show=SHOW)
        return TlsFailed(expected=f"{party.name} at {address}", found=problem.value, fix=fix)
    elif any_is(*broken):
        found, fix = f"a connection that broke off at {address}", f"has {party.program} ended? Look at its log"
    elif any_is(HTTPException, urllib3.exceptions.HTTPError):
        found = f"something at {address} that does not speak HTTP ({type(kinds[-1]).__name__})"
    else:
        found = f"no way to {address} ({type(kinds[-1]).__name__})"
    return NoAnswer(expected=f"{party.name} at {address}", found=found, fix=fix)


def turned_away(party: Party, url: str) -> TlsFailed:
    """Return the error of a request that a server answers by asking for a certificate."""
    problem = Problem.CERTIFICATE_REQUIRED
    fix = problem.fix(party.program, trust=TRUST, show=SHOW)
    return TlsFailed(expected=f"{party.name} at {origin_of(url)}", found=problem.value, fix=fix)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all those behind it, nearest first, each once: chained, or handed on as reason or argument."""
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        behind = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        waiting += [other for other in behind if isinstance(other, BaseException)]
