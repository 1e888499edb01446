"""What a learner does on the page, and what can be seen of a device's screen."""

from typing import Any

from playwright.sync_api import Page

FRAMES = "name => document.querySelector(`[data-device=${name}] video`).getVideoPlaybackQuality().totalVideoFrames"


def play(page: Page, device: str, title: str) -> None:
    """Press the button of a title on a device, and wait until its run is over."""
    button = page.locator(f"[data-device={device}] [data-title={title}]")
    if not button.is_visible():
        more_of(page, device)
    button.click()
    page.wait_for_function(
        "([d, t]) => document.querySelector(`[data-device=${d}] [data-title=${t}]`).ariaDisabled === 'false'",
        arg=[device, title],
    )


def more_of(page: Page, device: str) -> None:
    """Unfold what is folded on a device's card: clock, seed, the other titles."""
    page.locator(f"[data-device={device}] .more > summary").click()


def wait_for_frames(page: Page, device: str, seconds: float = 0.3) -> None:
    """Wait until the decoder has shown frames and its time has moved on."""
    page.wait_for_function(
        """([name, seconds]) => {
            const video = document.querySelector(`[data-device=${name}] video`);
            return video.getVideoPlaybackQuality().totalVideoFrames > 5 && video.currentTime > seconds;
        }""",
        arg=[device, seconds],
    )


def video(page: Page, device: str, expression: str) -> Any:
    """Evaluate an expression over a device's `video`."""
    return page.locator(f"[data-device={device}] video").evaluate(f"video => {expression}")


def screen(page: Page, device: str) -> str:
    """Return the words on a device's screen."""
    return page.locator(f"[data-device={device}] .overlay").inner_text()


def register_and_play(page: Page) -> None:
    """The story as far as the film on Device A."""
    play(page, "A", "dummy")
    play(page, "A", "film")
