"""What a refusal of the mock says."""

from typing import Any

from werkzeug.test import TestResponse


def number(answer: TestResponse) -> tuple[int, int]:
    """Return HTTP status and code of a refusal in JSON."""
    refusal: dict[str, Any] = answer.get_json()
    return answer.status_code, refusal["errorCode"]
