"""Sends requests out and comes back in bounded time, whatever the other side does.

Nothing of an answer is read but its status: bodies may be endless, and redirects could lead anywhere.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx

from access_portal.outbox.destinations import AddressRefusedError, addresses_of

DEADLINE_SECONDS = 10.0  # for one request as a whole, name and handshake included
AT_ONCE = 8
ADDRESSES_TRIED = 3
USER_AGENT = "Gatehouse-Webhooks/1"

# They write down whole addresses, which may hold a key of the receiver.
for chatty in ("httpx", "httpcore"):
    logging.getLogger(chatty).setLevel(logging.WARNING)


class Failure(StrEnum):
    """Why no answer came; empty where one did."""

    NONE = ""
    ADDRESS_REFUSED = "address_refused"
    NAME_UNKNOWN = "name_unknown"
    TIMEOUT = "timeout"
    NOT_REACHABLE = "not_reachable"  # nobody listens, or the certificate is not to be trusted
    BAD_ANSWER = "bad_answer"  # not HTTP
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 - of ours, so nothing was sent


@dataclass(frozen=True)
class Post:
    """A request to send."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """The status that came back, or why there is none."""

    status: int | None = None
    failure: Failure = Failure.NONE

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post_all(posts: Sequence[Post]) -> list[Answer]:
    """Send all, some at once; answers come in the order of `posts`. Must not be called where an event loop runs."""
    return asyncio.run(_post_all(posts)) if posts else []


async def _post_all(posts: Sequence[Post]) -> list[Answer]:
    gate = asyncio.Semaphore(AT_ONCE)
    # Proxies in our environment would be asked to resolve names behind our back; SSL_CERT_FILE is still honoured.
    async with httpx.AsyncClient(verify=httpx.create_ssl_context(), trust_env=False, follow_redirects=False) as client:
        return await asyncio.gather(*(_answer(client, gate, post) for post in posts))


async def _answer(client: httpx.AsyncClient, gate: asyncio.Semaphore, post: Post) -> Answer:
    async with gate:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return Answer(status=await _status(client, post))
        except AddressRefusedError:
            return Answer(failure=Failure.ADDRESS_REFUSED)
        except (socket.gaierror, UnicodeError, httpx.InvalidURL):
            return Answer(failure=Failure.NAME_UNKNOWN)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(failure=Failure.TIMEOUT)
        except (OSError, httpx.NetworkError):
            return Answer(failure=Failure.NOT_REACHABLE)
        except httpx.HTTPError:
            return Answer(failure=Failure.BAD_ANSWER)


async def _status(client: httpx.AsyncClient, post: Post) -> int:
    url = httpx.URL(post.url)
    addresses = (await addresses_of(url))[:ADDRESSES_TRIED]
    for address in addresses[:-1]:
        try:
            return await _send(client, post, url, address)
        except httpx.ConnectError:
            continue
    return await _send(client, post, url, addresses[-1])


async def _send(client: httpx.AsyncClient, post: Post, url: httpx.URL, address: str) -> int:
    """To this very address; host header and certificate are those of the name."""
    headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json", **post.headers}
    host = {"Host": url.netloc.decode("ascii"), "Connection": "close"}
    extensions = {"sni_hostname": url.raw_host.decode("ascii").strip("[]")}
    target = url.copy_with(host=address)
    async with client.stream(
        "POST", target, content=post.body, headers=headers | host, extensions=extensions
    ) as answer:
        return answer.status_code
