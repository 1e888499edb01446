"""Ten lines: the page plays on the device that registered, and on no other."""


def test_only_the_registered_device_plays(safari, expressplay, sees, site):
    def watch(device, title):
        page = safari(device).new_page()
        certificate = f"{expressplay.url}/_sim/fairplay.cer"
        page.goto(f"{site}/?sees={sees.url}&certificate={certificate}&cookie=alice&title={title}")
        page.wait_for_function("document.body.dataset.refused || document.querySelector('video').currentTime > 1")
        return page.evaluate("document.body.dataset.refused") or "plays"

    assert "not registered" in watch("device A", "film")
    assert watch("device A", "dummy") == watch("device A", "film") == "plays"
    assert "-9003" in watch("device B", "film")
