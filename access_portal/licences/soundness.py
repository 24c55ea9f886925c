"""Whether a text can be published at all: what the database could not keep, and what nobody could cite."""

from __future__ import annotations

import re
from datetime import datetime

from django.utils.translation import gettext as _

from access_portal.errors import InvalidError

LONGEST_TEXT = 300_000  # characters
NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,19}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?")


def check_version(*, number: str, text: str, language: str, reconsent_by: datetime | None, now: datetime) -> None:
    """Raises InvalidError with the `field` at fault."""
    if not text.strip() or not number.strip():
        raise InvalidError(
            "licence_empty",
            _("A licence version needs a number and a text."),
            field="number" if text.strip() else "text",
        )
    if not NUMBER.fullmatch(number):
        raise InvalidError(
            "licence_number_unusable",
            _("A number is up to 20 letters, digits, dots and hyphens, such as 1.1 or 2026-03."),
            field="number",
        )
    if len(text) > LONGEST_TEXT or "\x00" in text:
        raise InvalidError(
            "licence_text_unusable",
            _("The text is longer than %(count)d characters, or holds bytes that are no text.")
            % {"count": LONGEST_TEXT},
            field="text",
        )
    if not LANGUAGE.fullmatch(language):
        raise InvalidError("language_unknown", _("Name the language by its code, such as en or ms."), field="language")
    if reconsent_by is not None and reconsent_by <= now:
        raise InvalidError(
            "reconsent_in_the_past",
            _("People need time to read: the date until which they must accept lies in the future."),
            field="reconsent_by",
        )
