"""One place in a definition's JSON, which knows its path and refuses what does not belong there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from access_portal.errors import InvalidError
from access_portal.questionnaires import limits
from access_portal.questionnaires.definition import Text

NAME = re.compile(r"[a-z][a-z0-9_]*")
LANGUAGES = {"en", "ms"}


def refuse(path: str, explanation: str) -> NoReturn:
    """Raises the InvalidError of a definition."""
    where = path or _("the definition")
    raise InvalidError("form_definition", f"{where}: {explanation}", field=path or "definition")


@dataclass(frozen=True)
class Node:
    """A value and the path to it, such as `sections[2].questions[0]`; every method raises InvalidError."""

    value: Any
    path: str

    def at(self, key: str) -> str:
        """The path of one of its keys."""
        return f"{self.path}.{key}" if self.path else key

    def get(self, key: str) -> Any:
        """The value of a key, or None."""
        return self.value.get(key)

    def check_keys(self, known: Collection[str], needed: Collection[str]) -> None:
        """It is an object with these keys and no others."""
        if not isinstance(self.value, dict):
            refuse(self.path, _("An object is expected here."))
        for key in self.value:
            if key not in known:
                refuse(self.at(str(key)[:80]), _("This key is not known."))
        for key in sorted(needed):
            if key not in self.value:
                refuse(self.at(key), _("This key is missing."))

    def items(self, key: str, *, least: int = 0, most: int) -> list[Node]:
        """The members of a list."""
        value = self.value.get(key, [])
        if not isinstance(value, list):
            refuse(self.at(key), _("A list is expected here."))
        if not least <= len(value) <= most:
            numbers = {"least": least, "most": most, "number": len(value)}
            refuse(self.at(key), _("Between %(least)d and %(most)d entries, please; these are %(number)d.") % numbers)
        return [Node(item, f"{self.at(key)}[{place}]") for place, item in enumerate(value)]

    def string(self, value: object, most: int) -> str:
        """A non-empty text on one line, or with line breaks, without control characters."""
        if not isinstance(value, str) or not value.strip():
            refuse(self.path, _("A text is expected here."))
        if len(value) > most:
            refuse(self.path, _("This text has more than %(most)d characters.") % {"most": most})
        if any(character != "\n" and unicodedata.category(character) in {"Cc", "Cs"} for character in value):
            refuse(self.path, _("This text has control characters in it."))
        return value

    def name(self, key: str) -> str:
        """An identifier: a small letter, then small letters, digits and underlines."""
        place = Node(self.get(key), self.at(key))
        name = place.string(place.value, limits.NAME_CHARACTERS)
        if not NAME.fullmatch(name):
            refuse(place.path, _("Use small letters, digits and underlines; begin with a letter."))
        return name

    def text(self, key: str, most: int) -> Text:
        """A text in the languages of the house; English must be there. Without the key, an empty one."""
        if self.get(key) is None:
            return Text()
        place = Node(self.get(key), self.at(key))
        place.check_keys(LANGUAGES, {"en"})
        said = {language: Node(value, place.at(language)) for language, value in place.value.items()}
        return Text(**{language: node.string(node.value, most) for language, node in said.items()})

    def flag(self, key: str) -> bool:
        """True or false; false without the key."""
        value = self.value.get(key, False)
        if not isinstance(value, bool):
            refuse(self.at(key), _("This is either true or false."))
        return value

    def number(self, key: str, least: int, most: int) -> int | None:
        """A whole number, or None without the key."""
        if key not in self.value:
            return None
        value = self.value[key]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            numbers = {"least": f"{least:,}", "most": f"{most:,}"}
            refuse(self.at(key), _("A whole number from %(least)s to %(most)s is expected here.") % numbers)
        return value
