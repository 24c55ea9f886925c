"""Names in the addresses of the Hub protocol: repositories, revisions, and what is left of an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import StringConverter

NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
KINDS = ("datasets", "spaces", "kernels")  # of repositories elsewhere; here are models only
LONG_REFS = ("refs/heads/", "refs/tags/")


class RestConverter(StringConverter):
    """Whatever is left of the address, line breaks included, so that the view answers and not the page for 404."""

    regex = r"(?s:.*)"


class OrganisationConverter(StringConverter):
    """The first half of a repository's name; never one under which this site has pages."""

    def to_python(self, value: str) -> str:
        """Raises ValueError, which means that the address is somebody else's."""
        if not is_name(value) or value in taken():
            raise ValueError(value)
        return value


class NameConverter(StringConverter):
    """The second half of a repository's name."""

    def to_python(self, value: str) -> str:
        """Raises ValueError for what clients would not ask for either."""
        if not is_name(value):
            raise ValueError(value)
        return value


def is_name(text: str) -> bool:
    """Whether clients take this for half of a repository's name."""
    return bool(NAME.fullmatch(text)) and "--" not in text and ".." not in text and not text.endswith(".git")


@cache
def taken() -> frozenset[str]:
    """The first words of this site's own addresses."""
    return frozenset([*_first_words(get_resolver().url_patterns), settings.STATIC_URL.strip("/"), *KINDS])


def _first_words(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        word = re.split(r"[/<(]", str(pattern.pattern).lstrip("^"), maxsplit=1)[0].rstrip("$")
        if word:
            yield word
        elif isinstance(pattern, URLResolver):
            yield from _first_words(pattern.url_patterns)


def short_ref(revision: str) -> str:
    """`refs/heads/main` and `refs/tags/v1` are `main` and `v1`."""
    for prefix in LONG_REFS:
        if revision.startswith(prefix):
            return revision.removeprefix(prefix)
    return revision


def split_revision(rest: str) -> tuple[str, str]:
    """Revision and path in what follows `resolve/` or `tree/`.

    Servers decode `%2F` before anybody sees it, so a slash in a revision could be one of the path. No version has
    one; the long names of Git have two.
    """
    parts = rest.split("/")
    length = 3 if parts[0] == "refs" and len(parts) >= 3 else 1
    return short_ref("/".join(parts[:length])), "/".join(parts[length:])
