"""What a server said when it did not do what was asked, as an error that a person can act upon."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .errors import AccessError, ClientError, NetworkError, RefusedError, SignInError
from .wording import printable

CLASSES: dict[int, type[ClientError]] = {401: SignInError, 403: AccessError}
BY_ITSELF = {
    401: ("not_signed_in", "The server does not know who asks.", "Run `gatehouse login`."),
    403: ("refused", "The server refused this.", "`gatehouse models` says what you may have, and why not the rest."),
    404: ("not_found", "The server has nothing at this address.", "`gatehouse models` lists what there is."),
    429: ("too_many_requests", "The server asks for fewer requests.", "Wait a minute and try again."),
}


def problem(status: int, headers: Mapping[str, str], body: bytes, server: str) -> ClientError:
    """The server's own words where it has some, else what its status means."""
    told = _told(headers, body)
    code, explanation, remedy = BY_ITSELF.get(status, _without_words(status, server))
    kind = NetworkError if status >= 500 else CLASSES.get(status, RefusedError)
    error = kind(
        _code(told.get("code"), code),
        printable(told.get("detail") or told.get("title") or told.get("message") or explanation),
        printable(told.get("remedy") or ("" if told.get("message") else remedy)),
        _link(told, server),
    )
    error.retry_after_seconds = retry_after(headers)
    return error


def redirected(server: str, location: str) -> ClientError:
    """The server sent us elsewhere, which its API never does: a page of signing in, or another address of it."""
    try:
        target = urlsplit(location)
    except ValueError:
        target = urlsplit("")
    if "login" in target.path or "signin" in target.path:
        return SignInError("not_signed_in", f"{server} asks to sign in first.", "Run `gatehouse login`.")
    where = f"{target.scheme}://{target.netloc}" if target.netloc else location[:200] or "another address"
    return RefusedError(
        "redirected",
        f"{server} sends to {printable(where)} instead of answering.",
        "If that is where it has moved, name it by --server; your token was not sent there.",
    )


def not_gatehouse(server: str, what: str) -> ClientError:
    """An answer of another kind: a proxy's page, another program, half an answer."""
    return NetworkError(
        "answer_unreadable",
        f"{server} answered with {what} instead of what Gatehouse answers with.",
        "Check the address, and whether a proxy or a network's sign-in page stands between.",
    )


def unreachable(server: str, error: Exception) -> ClientError:
    text = printable(str(error) or type(error).__name__)
    return NetworkError(
        "server_unreachable",
        f"{server} cannot be reached: {text}.",
        "Check the address, the network and, where you need one, the proxy (HTTPS_PROXY).",
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; None where none is told, or in another form."""
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _told(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """A problem document, or the object that the inference API wraps; empty for anything else."""
    if "json" not in headers.get("content-type", ""):
        return {}
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(content, dict) and isinstance(content.get("error"), dict):
        return dict(content["error"])
    return content if isinstance(content, dict) else {}


def _code(told: object, otherwise: str) -> str:
    return told[:60] if isinstance(told, str) and told.isidentifier() else otherwise


def _link(told: Mapping[str, Any], server: str) -> str:
    path = told.get("remedy_path")
    return printable(f"{server}{path}") if isinstance(path, str) and path.startswith("/") else ""


def _without_words(status: int, server: str) -> tuple[str, str, str]:
    if status >= 500:
        return "server_trouble", f"{server} has trouble of its own (status {status}).", "Try again in some minutes."
    return "refused", f"{server} refused this (status {status}).", ""
