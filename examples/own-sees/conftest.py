"""Start your own server on the mock. This is all the set-up there is."""

import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from own_sees import Settings, make_app


class Quiet(WSGIRequestHandler):
    """Keeps the test output clean."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def own_sees(expressplay):
    """The server under test, pointed at the mock by its own settings; yields its base URL."""
    app = make_app(Settings(expressplay.url, expressplay.authenticator))
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
