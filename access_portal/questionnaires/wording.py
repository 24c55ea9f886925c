"""What is said about an answer that cannot be used: by the server, and by the browser before it is sent."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SAID: dict[str, Promise | str] = {
    "missing": _("This answer is missing."),
    "text": _("A text is expected here."),
    "max_characters": _("This text has %(number)s characters; at most %(most)s fit."),
    "min_characters": _("Characters so far: %(number)s. At least %(least)s, please."),
    "max_words": _("These are %(number)s words; at most %(most)s fit."),
    "min_words": _("Words so far: %(number)s. At least %(least)s, please."),
    "integer": _("Write a whole number in digits, such as 2,000,000."),
    "range": _("A number from %(least)s to %(most)s is expected here."),
    "email": _("This is not an e-mail address; one looks like name@institution.example."),
    "url": _("This is not the address of a web page."),
    "orcid": _("This is not an ORCID iD: its last character does not fit the others."),
    "choice": _("Choose from the answers that are given."),
    "file": _("A file is expected here."),
    "file_empty": _("This file is empty."),
    "file_size": _("This file is larger than %(most)s."),
    "file_type": _("The name of this file ends in a way that we do not take here. Wanted: %(types)s."),
    "file_differs": _(
        "This file is called %(name)s, but its content is not %(type)s. Save it again as %(type)s and send that."
    ),
    # Only in the browser, while one types
    "words": _("Words: %(number)s of at most %(most)s"),
    "words_least": _("Words: %(number)s of at least %(least)s and at most %(most)s"),
    "characters": _("Characters: %(number)s of at most %(most)s"),
}


def said(key: str, **values: object) -> str:
    """The sentence in the reader's language; whole numbers get their groups of three digits."""
    words = {name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in values.items()}
    return str(SAID[key]) % words
