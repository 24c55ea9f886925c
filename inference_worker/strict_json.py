"""JSON as the standard has it: UTF-8, no key twice in an object, no NaN or infinity."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def loads(data: bytes) -> object:
    """Raises ValueError with a sentence that quotes nothing of the data."""
    try:
        return json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_float=_number
        )
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("an object has the same key twice")
    return content


def _constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value
