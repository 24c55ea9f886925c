"""Links to files, asked of the portal some at a time and anew when the store does not take one any more.

Whether a link has ended is the store's to say: its clock counts, ours may be wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import Lock
from typing import Any

from .address import is_address, require_privacy
from .errors import DamagedError, NetworkError
from .manifest import File
from .model_name import ModelName
from .problems import not_gatehouse
from .session import Portal

MOST_AT_ONCE = 100  # the portal gives no more in one answer
MOST_USELESS = 3
LINK_REFUSED = "link_refused"
AHEAD_BYTES = 4_000_000_000  # links for later files would end unused, and each of them is on record


class Links:
    """One link for each file, shared by threads."""

    def __init__(self, portal: Portal, name: ModelName, files: Sequence[File]) -> None:
        """`files` in the order in which they will be fetched."""
        self._portal = portal
        self._path = f"/portal/v1/releases/{name.path}/links"
        self._files = {file.path: file for file in files}
        self._urls: dict[str, str] = {}
        self._useless: Counter[str] = Counter()  # links in a row that served nobody, by path
        self._lock = Lock()

    def url(self, file: File) -> str:
        """Raises ClientError: AccessError when the portal does not give one any more."""
        with self._lock:
            if file.path not in self._urls:
                self._urls |= self._ask(self._from(file))
            return self._urls[file.path]

    def renew(self, file: File, refused: str) -> str:
        """Another one than that which the store refused; it may be there already. Raises ClientError."""
        with self._lock:
            if self._urls.get(file.path) == refused:
                if self._useless[file.path] == MOST_USELESS:
                    raise _all_refused(file)
                self._useless[file.path] += 1
                self._urls |= self._ask([file])
            return self._urls[file.path]

    def worked(self, file: File) -> None:
        """The store took the link to this file."""
        self._useless[file.path] = 0

    def _from(self, first: File) -> list[File]:
        """`first` and what comes soon after it."""
        asked, ahead = [first], first.size
        waiting = [file for file in self._files.values() if file.path not in self._urls and file is not first]
        for file in waiting:
            ahead += file.size
            if ahead > AHEAD_BYTES or len(asked) == MOST_AT_ONCE:
                break
            asked.append(file)
        return asked

    def _ask(self, files: list[File]) -> dict[str, str]:
        rows = self._portal.post(self._path, {"paths": [file.path for file in files]}).get("links")
        if not isinstance(rows, list):
            raise not_gatehouse(self._portal.server, "links of another shape")
        found = dict(self._link(row) for row in rows if isinstance(row, dict))
        if missing := [file.path for file in files if file.path not in found]:
            raise not_gatehouse(self._portal.server, f"no link to {missing[0]}")
        return found

    def _link(self, row: dict[str, Any]) -> tuple[str, str]:
        path, url = row.get("path"), row.get("url")
        file = self._files.get(path) if isinstance(path, str) else None
        if file is None or not isinstance(url, str) or not (is_address(url) and url.isascii()):
            raise not_gatehouse(self._portal.server, "links of another shape")
        require_privacy(url, insecure=self._portal.allows_http)
        if (row.get("size", file.size), row.get("sha256", file.sha256)) != (file.size, file.sha256):
            raise DamagedError(
                "link_differs",
                f"The portal's link to {file.path} is to another content than the signed manifest names.",
                "Nothing of it was kept. Tell the publisher.",
            )
        return file.path, url


def _all_refused(file: File) -> NetworkError:
    return NetworkError(
        LINK_REFUSED,
        f"The store refuses fresh links to {file.path}.",
        "Its clock and the portal's may differ, or a proxy alters requests. Try again later.",
    )
