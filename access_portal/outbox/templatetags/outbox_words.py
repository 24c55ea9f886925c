"""The words and the badge of a state."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from access_portal.outbox.wording import Words

register = template.Library()


@register.simple_tag
def badge(words: Words, state: str) -> SafeString:
    """A state in its words and colour."""
    text, kind = words[state]
    return format_html('<span class="badge badge--{}">{}</span>', kind, text)


@register.filter
def words_of(code: str, words: dict[str, object]) -> object:
    """The words for a code; the code itself where there are none."""
    return words.get(code, code)
