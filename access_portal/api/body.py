"""What the API reads as a body: JSON whose every word a database can keep."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser


class SoundParser(Parser):
    """Refuses NUL and halves of a surrogate pair, which are no text, and numbers that JSON does not have."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Raises ValueError or RecursionError, which Ninja answers with 400."""
        body = json.loads(request.body, parse_constant=_no_number)
        _check(body)
        return body  # type: ignore[no-any-return]  # whatever it is: the shape of the endpoint tells


def is_text(words: str) -> bool:
    """Whether PostgreSQL can keep them."""
    return "\0" not in words and not any("\ud800" <= character <= "\udfff" for character in words)


def _check(value: object) -> None:
    if isinstance(value, str) and not is_text(value):
        raise ValueError("a text holds what is no character")
    if isinstance(value, list):
        for item in value:
            _check(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check(name)
            _check(item)


def _no_number(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")
