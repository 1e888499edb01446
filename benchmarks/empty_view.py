"""A service whose one view only answers, on the server of all services: what HTTP and Flask cost before any work."""

from flask import Flask

from hosting.serving import serve
from simulation.routes import PREFIX

SERVICE = "empty-view"
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"


def build(_url: str) -> Flask:
    """Make the app."""
    app = Flask(SERVICE, static_folder=None)
    app.add_url_rule("/", view_func=lambda: b"", endpoint="empty")
    app.add_url_rule(f"{PREFIX}/health", view_func=lambda: {"service": SERVICE}, endpoint="health")
    return app


if __name__ == "__main__":
    serve(build, service=SERVICE, host="127.0.0.1", port=0, until_stdin_closes=True, threads=1)
