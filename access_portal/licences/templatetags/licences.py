"""How templates speak of licences: names of languages, pages of code licences."""

from __future__ import annotations

import re

from django import template
from django.conf.locale import LANG_INFO

register = template.Library()
SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


@register.filter
def language_name(code: str) -> str:
    """A language by its own name, or its code where nobody told us one."""
    return str(LANG_INFO.get(code.lower(), {}).get("name_local", code))


@register.filter
def spdx_page(identifier: str) -> str:
    """The page of a single SPDX identifier; empty for expressions and for licences that have none."""
    if not SPDX.fullmatch(identifier) or identifier.startswith(("LicenseRef-", "NOASSERTION", "NONE")):
        return ""
    return f"https://spdx.org/licenses/{identifier}.html"
