"""Counts in words."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from access_portal.reports.small_numbers import Hidden, Shown

register = template.Library()


@register.filter
def shown(count: Shown) -> str:
    """A count with its thousands apart, or why it is not there."""
    if count == Hidden.FEW:
        return _("fewer than 5")
    if count == Hidden.WITHHELD:
        return _("not shown")
    return f"{count:,}"


@register.filter
def cell(value: str | float | None) -> str:
    """A cell of a report."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:,}"


@register.filter
def is_number(value: str | float | None) -> bool:
    return not isinstance(value, str)
