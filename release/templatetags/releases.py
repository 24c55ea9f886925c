"""How templates write sizes and scores of models."""

from __future__ import annotations

from django import template

from access_portal.gigabytes import size_words
from release.catalogue.plots.axis import readable

register = template.Library()


@register.filter
def size(count: int) -> str:
    """Bytes in the largest unit that fits, by thousands, as disks and network providers count."""
    return size_words(count)


@register.filter
def score(value: object) -> str:
    """A figure of a table as it was printed; a dash for what the source does not give."""
    if value is None:
        return "–"
    return readable(value) if isinstance(value, int | float) else str(value)
