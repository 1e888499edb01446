"""The targets of scripts/fuzz by name, with the services that the HTTP targets ask.

Good messages are the samples that it damages. Targets of one kind are in fuzz_player, fuzz_http, fuzz_inbox and
fuzz_browser; those of single messages are here.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from fuzz_answers import answers_target
from fuzz_browser import browser_targets
from fuzz_http import (
    connection_target,
    cors_target,
    free_play_target,
    gallery_target,
    mock_target,
    page_target,
    sees_target,
)
from fuzz_inbox import inbox_target
from fuzz_player import KEY_URI, PLAYLIST, title_target
from fuzz_target import Target

from emulator.errors import EmulatorError
from emulator.transport import Web
from expressplay_mock import app as mock
from expressplay_mock.credentials import new_credentials
from expressplay_mock.errors import Refusal
from expressplay_mock.tokens.sealed_token import open_token
from fairplay.annotate import annotate_ckc, annotate_spc, keys_of
from fairplay.certificate import load_certificate
from fairplay.ckc import ContentKey, open_ckc, seal_ckc
from fairplay.errors import CkcError, SpcError
from fairplay.session_key import device_id_of
from fairplay.spc import build_spc, open_spc
from hosting.serving import running
from server import app as sees
from server.catalog import CONTENT, CatalogError, parse_catalog
from server.expressplay import ExpressPlayAccount
from walkthrough.page import app as page
from walkthrough.players import app as gallery
from walkthrough.record.deployment import find_deployment
from walkthrough.record.inspection import TooLong, inspect_bytes

CREDENTIALS = new_credentials()
KEYS = CREDENTIALS.redemption_keys().fairplay
SPC, CONTENTS = build_spc(
    certificate=load_certificate(CREDENTIALS.certificate),
    ask=CREDENTIALS.ask,
    device_id=device_id_of("fuzz"),
    asset_id=b"a content id",
    now=1_700_000_000,
    random=os.urandom,
)
CKC = seal_ckc(CONTENTS, ContentKey(bytes(16), bytes(16)), random=os.urandom)
PLAYER = "https://player.example"
"""The origin whose pages the mock of the target `cors` answers."""


def open_any_spc(data: bytes) -> None:
    """An SPC opens or is refused, and its bytes are explained."""
    annotate_spc(data, KEYS)
    annotate_spc(data, keys_of(CONTENTS))
    with suppress(SpcError):
        # The payload has no tag of its own, but nobody may come out as another device.
        assert open_spc(data, KEYS).device_id == CONTENTS.device_id


def open_any_ckc(data: bytes) -> None:
    """A CKC opens or is refused, and its bytes are explained."""
    annotate_ckc(data, keys_of(CONTENTS))
    with suppress(CkcError):
        open_ckc(data, CONTENTS)


def open_any_token(data: bytes) -> None:
    """Nothing that was not sealed under this key opens."""
    with suppress(Refusal):
        open_token(data.decode("latin-1"), CREDENTIALS.token_keys)
        raise AssertionError("a forged token opened")


def inspect_anything(data: bytes) -> None:
    """`fps-emulator inspect` explains whatever file it is given."""
    with suppress(EmulatorError, TooLong):
        inspect_bytes(data)


def read_any_catalog(data: bytes) -> None:
    """A catalog is read, or refused with a sentence."""
    with suppress(CatalogError):
        parse_catalog(data.decode("utf-8", "replace"))


@contextmanager
def targets() -> Iterator[dict[str, Target]]:
    """Yield every target by name; the services behind the HTTP targets run as long as the block."""
    with ExitStack() as services:
        mock_app, mock_url = _served(
            services, lambda url: mock.create_app(mock.Config(credentials=CREDENTIALS, teach=True, public_url=url))
        )
        authenticator = CREDENTIALS.account.authenticator
        sees_app = sees.create_app(sees.Config(ExpressPlayAccount(mock_url, mock_url, authenticator)))
        sees_url = services.enter_context(running(sees_app))
        deployment = find_deployment(sees_url, mock_url)
        page_app, page_url = _served(services, lambda url: page.create_app(deployment, url))
        modules = Path(services.enter_context(TemporaryDirectory()))
        hung = gallery.Gallery(sees_url, mock_url, modules, Web())
        gallery_app, gallery_url = _served(services, lambda url: gallery.create_app(hung, url))
        open_mock = mock.create_app(mock.Config(credentials=CREDENTIALS, cors_origins=frozenset({PLAYER})))
        quiet_mock = mock.create_app(mock.Config(credentials=CREDENTIALS))
        yield {
            "spc": Target(open_any_spc, (SPC,)),
            "ckc": Target(open_any_ckc, (CKC,)),
            "token": Target(open_any_token, (b"AQAAAQ" + b"A" * 120,)),
            "playlist": PLAYLIST,
            "inspect": Target(inspect_anything, (SPC, CKC)),
            "mock": mock_target(mock_url, mock_app, SPC, CREDENTIALS),
            "sees": sees_target(sees_url, sees_app),
            "key-uri": KEY_URI,
            "title": services.enter_context(title_target()),
            "catalog": Target(read_any_catalog, ((CONTENT / "catalog.toml").read_bytes(),)),
            "page": page_target(page_url, page_app, SPC),
            "free-play": free_play_target(page_url),
            "gallery": gallery_target(gallery_url, gallery_app, SPC),
            "inbox": inbox_target(services.enter_context(running(quiet_mock)), authenticator, SPC),
            "cors": cors_target(services.enter_context(running(open_mock)), PLAYER),
            "answers": services.enter_context(answers_target(deployment.provisioning, modules)),
            "connection": connection_target(mock_url),
            **(services.enter_context(browser_targets(CREDENTIALS, CONTENTS, CKC)) if shutil.which("node") else {}),
        }


def _served(services: ExitStack, build: Callable[[str], Flask]) -> tuple[Flask, str]:
    made: list[Flask] = []

    def keep(url: str) -> Flask:
        made.append(build(url))
        return made[0]

    url = services.enter_context(running(keep))
    return made[0], url
