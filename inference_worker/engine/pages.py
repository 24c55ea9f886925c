"""Which page of keys and values belongs to whom, and which contents can be shared. No torch.

A page holds PAGE_TOKENS consecutive tokens of one sequence in every layer (paged attention: Kwon et al. 2023,
arXiv 2309.06180). What a full page holds follows from its tokens and all tokens before them, so two sequences that
begin alike can read the same pages. Contents are told apart by the number of the content before and the tokens
themselves, never by a hash of them: nobody can be given somebody else's page by a collision.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from .sequence import TokenScore

PAGE_TOKENS = 16


def pages_for(tokens: int) -> int:
    return -(-tokens // PAGE_TOKENS)


Key = tuple[Hashable, tuple[int, ...]]  # what comes before, and the tokens of the page


@dataclass(eq=False, slots=True)
class Content:
    """What a full page holds; `page` is None while it is being computed.

    `scores` are those of its tokens, where somebody asked for them: they too follow from the tokens alone.
    """

    number: int
    key: Key
    page: int | None = None
    scores: Sequence[TokenScore | None] | None = None


class PagePool:
    """Counts who uses each page. A page that nobody uses keeps its content until its place is needed."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._users = [0] * count
        self._empty = list(reversed(range(count)))
        self._idle: OrderedDict[int, Content] = OrderedDict()  # unused, with a content; longest unused first
        self._contents: dict[Key, Content] = {}
        self._content_of: dict[int, Content] = {}
        self._numbers = itertools.count(1)

    @property
    def available(self) -> int:
        """Pages that can be taken now."""
        return len(self._empty) + len(self._idle)

    def take(self) -> int:
        """A page for one user, its former content forgotten; IndexError when none is available."""
        page = self._empty.pop() if self._empty else self._evict()
        self._users[page] = 1
        return page

    def drop(self, page: int) -> None:
        """One user less. Drop the pages of a sequence last to first, since the first ones serve more newcomers."""
        self._users[page] -= 1
        assert self._users[page] >= 0
        if self._users[page]:
            return
        content = self._content_of.get(page)
        if content is None:
            self._empty.append(page)
        else:
            self._idle[page] = content

    def find(self, before: Hashable, tokens: tuple[int, ...]) -> Content | None:
        return self._contents.get((before, tokens))

    def is_idle(self, content: Content) -> bool:
        return content.page in self._idle

    def share(self, content: Content) -> int:
        """One user more of the page with this content."""
        assert content.page is not None
        self._idle.pop(content.page, None)
        self._users[content.page] += 1
        return content.page

    def announce(self, before: Hashable, tokens: tuple[int, ...]) -> Content:
        """The content that a page is going to have; the one that is known already where there is one."""
        key = (before, tokens)
        if key not in self._contents:
            self._contents[key] = Content(next(self._numbers), key)
        return self._contents[key]

    def publish(self, content: Content, page: int) -> None:
        """The page has its content: from now on it can be shared. Where another page has it already, that one stays."""
        if content.page is None:
            content.page = page
            self._content_of[page] = content

    def withdraw(self, content: Content) -> None:
        """Nobody is computing this any more."""
        if content.page is None:
            del self._contents[content.key]

    def _evict(self) -> int:
        page, content = self._idle.popitem(last=False)
        del self._contents[content.key], self._content_of[page]
        return page
