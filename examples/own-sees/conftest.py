"""Start your own server on the mock. This is all the set-up there is."""

import pytest
from own_sees import Settings, make_app

from sees_testing.serving import serving


@pytest.fixture
def own_sees(expressplay):
    """The server under test, pointed at the mock by its own settings; yields its base URL."""
    with serving(make_app(Settings(expressplay.url, expressplay.authenticator))) as url:
        yield url
