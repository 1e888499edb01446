"""`POST /_sim/open`: opens a token of this simulation for a learner. Off, unless the mock is told `--teach`.

The answer holds the content key, which is what a token keeps from the client: never switch it on where tokens matter.
"""

from flask import Blueprint, Response, jsonify

from expressplay_mock.errors import Refusal
from expressplay_mock.tokens.sealed_token import TokenKeys, open_token
from simulation.clock import rfc3339
from simulation.http_errors import read_body
from simulation.routes import PREFIX


def teaching_routes(keys: TokenKeys) -> Blueprint:
    """Build the route. Its body is the text of a token; the answer names its restrictions, or why it does not open."""
    routes = Blueprint("teaching", __name__, url_prefix=PREFIX)

    @routes.post("/open")
    def open_for_learner() -> tuple[Response, int]:
        try:
            token = open_token(read_body().decode("ascii", "replace"), keys)
        except Refusal as refusal:
            return jsonify(refusal.as_json()), refusal.status
        restrictions = {
            "account": token.account,
            "contentKey": token.content_key.hex(),
            "iv": token.iv.hex(),
            "expires": rfc3339(token.expires),
            "cookie": token.cookie,
            "deviceId": token.device_id,
            "rentalDuration": token.rental,
            "extensions": list(token.extensions),
        }
        return jsonify(restrictions), 200

    return routes
