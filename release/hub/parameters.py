"""What Hub clients send beside the address: flags, lists, bodies. What nobody here knows is passed over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError

from release.hub import errors

TRUE = ("true", "1")
MOST_DIGITS = 9
MOST_FIELDS = 20_000  # of a form: more than a release can have files


def flag(text: str) -> bool:
    """Clients of different ages write `true` and `True`."""
    return text.lower() in TRUE


def number(request: HttpRequest, name: str, default: int | None = None) -> int | None:
    """A count in the query; raises HubError for what is none."""
    text = request.GET.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise errors.malformed(f"{name} is not a number.")
    return int(text)


@dataclass(frozen=True)
class PathsAsked:
    """The body of `paths-info`."""

    paths: Sequence[str]
    expand: bool


def paths_asked(request: HttpRequest) -> PathsAsked:
    """From a form or from JSON; raises HubError for anything else."""
    try:
        if not request.body:
            return PathsAsked([], expand=False)
        if request.content_type == "application/json":
            return _from_json(json.loads(request.body))
        if request.content_type == "application/x-www-form-urlencoded":
            return _from_form(request.body.decode())
    except (SuspiciousOperation, UnreadablePostError, ValueError, RecursionError) as error:
        raise errors.malformed("The body cannot be read, or is too large.") from error
    raise errors.malformed("The body has to be a form or JSON.")


def _from_form(body: str) -> PathsAsked:
    """Read here, since Django takes fewer fields than a release may have files."""
    fields = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    flags = [value for name, value in fields if name == "expand"]
    return PathsAsked([value for name, value in fields if name == "paths"], flag("".join(flags[-1:])))


def _from_json(body: Any) -> PathsAsked:
    paths = body.get("paths") if isinstance(body, dict) else None
    paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise errors.malformed("paths has to be a list of paths.")
    return PathsAsked(paths, flag(str(body.get("expand", ""))))
