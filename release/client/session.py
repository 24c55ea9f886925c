"""Requests to the portal: who we are, JSON in and out, and every way in which an answer can be none."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from .errors import NetworkError, SignInError
from .problems import not_gatehouse, problem, redirected, unreachable
from .version import CLIENT

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
LARGEST_ANSWER = 32 * 1024 * 1024
LONGEST_PAUSE_SECONDS = 60.0
UNANSWERED = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)  # the last of names that no host has
PAUSES_SECONDS = (0.5, 1.0, 2.0)  # before asking again for what may be asked twice


@dataclass(frozen=True)
class Answer:
    """A whole answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Portal:
    """One server and one person, or nobody. Raises ClientError only; proxies and certificates are as httpx has them."""

    def __init__(
        self,
        server: str,
        token: str | None = None,
        *,
        insecure: bool = False,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """`server` is an origin; `insecure` lets the store be spoken to in the clear, as a server in the clear does."""
        self.server = server
        self.allows_http = insecure or server.startswith("http://")
        self.has_token = token is not None
        self._wait = wait
        headers = {"User-Agent": CLIENT, "Accept": "application/json", "Accept-Encoding": "identity"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._http = httpx.Client(base_url=server, headers=headers, timeout=TIMEOUT, follow_redirects=False)
        except (httpx.InvalidURL, ImportError, OSError, ValueError) as error:  # of proxies and certificates as well
            raise unreachable(server, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def require_token(self) -> None:
        """Raises SignInError where there is none, before anything is asked."""
        if not self.has_token:
            raise SignInError(
                "not_signed_in",
                f"You are not signed in to {self.server}.",
                "Run `gatehouse login`, or set GATEHOUSE_TOKEN to a token from the page of your account.",
                f"{self.server}/account/tokens/",
            )

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """An object; asked again when the server has trouble."""
        return self._object(self._patiently("GET", path, params=query))

    def get_bytes(self, path: str) -> bytes:
        """Exactly what lies there."""
        return self._patiently("GET", path).body

    def post(self, path: str, content: object, *, promise: str | None = None) -> dict[str, Any]:
        """An object, empty when the server has nothing to say.

        Asked once; with a `promise` (an Idempotency-Key) again when the server has trouble, for then that does no harm.
        """
        if promise is None:
            answer = self._sound(self.send("POST", path, json=content))
        else:
            answer = self._patiently("POST", path, json=content, headers={"Idempotency-Key": promise})
        return {} if answer.status == 204 or not answer.body else self._object(answer)

    def upload(self, path: str, fields: Mapping[str, str], file: tuple[str, Any, str]) -> dict[str, Any]:
        """Send a form with one file, which is read as it is sent."""
        answer = self.send("POST", path, data=dict(fields), files={"file": file}, timeout=httpx.Timeout(300.0))
        return self._object(self._sound(answer))

    def save(self, path: str, write: Callable[[bytes], int]) -> int:
        """Give what lies there to `write`, however large it is; how many bytes that was."""
        count = 0
        try:
            with self._http.stream("GET", path) as response:
                if response.status_code != 200:
                    answer = Answer(response.status_code, _lower(response.headers), self._limited(response))
                    self._sound(answer)
                    raise not_gatehouse(self.server, f"status {answer.status}")
                for chunk in self._plain(response):
                    count += write(chunk)
        except UNANSWERED as error:
            raise unreachable(self.server, error) from error
        return count

    def send(self, method: str, path: str, **told: Any) -> Answer:
        """One request, whatever the status of its answer; raises NetworkError when there is none."""
        try:
            with self._http.stream(method, path, **told) as response:
                body = self._limited(response)
        except UNANSWERED as error:
            raise unreachable(self.server, error) from error
        return Answer(response.status_code, _lower(response.headers), body)

    def _patiently(self, method: str, path: str, **told: Any) -> Answer:
        for pause in PAUSES_SECONDS:
            try:
                return self._sound(self.send(method, path, **told))
            except NetworkError as error:
                if error.code == "answer_unreadable":
                    raise
                self._wait(min(error.retry_after_seconds or pause, LONGEST_PAUSE_SECONDS))
        return self._sound(self.send(method, path, **told))

    def _sound(self, answer: Answer) -> Answer:
        if 300 <= answer.status < 400:
            raise redirected(self.server, answer.headers.get("location", ""))
        if answer.status >= 400:
            raise problem(answer.status, answer.headers, answer.body, self.server)
        return answer

    def _plain(self, response: httpx.Response) -> Iterator[bytes]:
        """The body as it comes. We ask for none that is packed: a few bytes could unfold to more than there is room."""
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise not_gatehouse(self.server, "packed bytes")
        return response.iter_raw()

    def _limited(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in self._plain(response):
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise not_gatehouse(self.server, f"more than {LARGEST_ANSWER:,} bytes")
        return bytes(body)

    def _object(self, answer: Answer) -> dict[str, Any]:
        if "json" not in answer.headers.get("content-type", ""):
            kind = answer.headers.get("content-type", "").split(";")[0] or "nothing"
            raise not_gatehouse(self.server, f"a page ({kind[:60]})" if "html" in kind else kind[:60])
        try:
            content = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise not_gatehouse(self.server, "broken JSON") from None
        if not isinstance(content, dict):
            raise not_gatehouse(self.server, "JSON of another shape")
        return content


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): text for name, text in headers.items()}
