"""A Chromium window that has FairPlay as Safari does: the virtual device fairplay-eme.js in every page of it.

What decodes is the browser's own ClearKey module; see docs/web-players.md for what differs from a real Safari.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import emulator

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

SCRIPT = Path(emulator.__file__).parent / "browser" / "fairplay-eme.js"
USER_AGENT = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Safari/605.1.15"
)
# Players look at all three to tell Safari from Chromium.
IDENTITY = """
Object.defineProperty(Navigator.prototype, 'vendor', { get: () => 'Apple Computer, Inc.' });
delete Navigator.prototype.userAgentData;
"""

Safari = Callable[..., "BrowserContext"]
"""Opens a window for a device's seed; keyword arguments are options of `FairPlayEme.install`."""


def new_safari(
    browser: "Browser",
    provisioning: Mapping[str, Any],
    seed: str = "device A",
    *,
    identity: bool = True,
    **options: bool,
) -> "BrowserContext":
    """Return a new browser context whose pages have FairPlay, as the device grown from `seed`.

    `provisioning` is the answer of `/_sim/provisioning`. With `identity` the browser says that it is Safari. `options`
    (`only`, `legacy`, `nativeHls`) are those of `FairPlayEme.install`.
    """
    context = browser.new_context(user_agent=USER_AGENT) if identity else browser.new_context()
    settings = {"provisioning": provisioning, "device": seed, **options}
    script = SCRIPT.read_text(encoding="utf-8")
    context.add_init_script(f"{IDENTITY if identity else ''}\n{script}\nFairPlayEme.install({json.dumps(settings)});")
    return context
