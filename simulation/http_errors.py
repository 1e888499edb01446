"""HTTP errors as JSON: a number, what was found, what to do. Never an HTML page, never a traceback.

The body is `{"error": <HTTP status>, "errorText": "…"}`. A party whose interface has its own refusals
(SEES for 400, ExpressPlay for 413) answers those itself, before these handlers.
"""

import logging
import traceback

from flask import Flask, Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge, RequestURITooLarge

MAX_QUERY = 16 * 1024
"""Bytes of a query string. The longest one has a token in it, of at most 8 KiB."""

log = logging.getLogger(__name__)


def register_http_errors(app: Flask) -> None:
    """Answer every HTTP error and every unforeseen exception of `app` as JSON; refuse long query strings."""
    app.before_request(_limit_query)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unforeseen)


def read_body() -> bytes:
    """Read the request's body whole. Raises `RequestEntityTooLarge` over the request's `max_content_length`.

    Werkzeug does that by itself where the length is told beforehand, but cuts a chunked body at the limit in
    silence; so here a chunked body that fills the limit counts as over it.
    """
    body = request.get_data(cache=False)
    limit = request.max_content_length
    if request.content_length is None and limit is not None and len(body) >= limit:
        raise RequestEntityTooLarge
    return body


def _limit_query() -> None:
    if len(request.query_string) > MAX_QUERY:
        raise RequestURITooLarge


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    response = jsonify({"error": status, "errorText": _TEXTS.get(status, _other)(error)})
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value  # Allow, Retry-After
    return response


def _unforeseen(error: Exception) -> Response:
    # Where it happened, and no word of the message: that could hold a request's secrets.
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("unforeseen %s\n%s", type(error).__name__, where.rstrip())
    return _http_error(InternalServerError())


def _asked() -> str:
    return f"{request.method} {request.path[:200]}"


def _not_found(_: HTTPException) -> str:
    if request.url_rule is not None:
        return f"nothing here: {_asked()}. The route exists, the thing it was asked for does not."
    routes = sorted({rule.rule for rule in current_app.url_map.iter_rules()})
    return f"no such route: {_asked()}. The routes are {', '.join(routes)}."


def _method(error: HTTPException) -> str:
    allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return f"method not allowed: expected {allowed or 'another method'}, found {_asked()}."


def _too_large(_: HTTPException) -> str:
    limit = request.max_content_length
    found = request.content_length if request.content_length is not None else "more"
    return f"body too large: expected at most {limit} bytes, found {found}. Send one message per request."


def _query_too_large(_: HTTPException) -> str:
    found = len(request.query_string)
    return f"query string too long: expected at most {MAX_QUERY} bytes, found {found}. Send a form or a body instead."


def _media_type(_: HTTPException) -> str:
    return f"content type not supported: found {(request.content_type or 'none')[:100]!r} at {_asked()}."


def _internal(_: HTTPException) -> str:
    return "internal error: a mistake in this service, not in the request. Its log on stderr says where."


def _other(error: HTTPException) -> str:
    return f"{error.name}: {error.description}"


_TEXTS = {404: _not_found, 405: _method, 413: _too_large, 414: _query_too_large, 415: _media_type, 500: _internal}
