"""What a reviewer wants to see of the queue, as the part of an address after the question mark says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import parse_qsl, urlencode

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

LONGEST_WORD = 200
MOST_DAYS = 9999


class View(TextChoices):
    """The piles that the queue is sorted into."""

    MINE = "mine", _("Mine")
    UNASSIGNED = "unassigned", _("Unassigned")
    LAPSED = "lapsed", _("Lapsed claims")
    WAITING = "waiting", _("Waiting for applicant")
    RECOMMENDED = "recommended", _("To decide")
    APPEALS = "appeals", _("Appeals")
    HOLDS = "holds", _("On hold")
    OVERDUE = "overdue", _("Overdue")
    DECIDED = "decided", _("Decided")
    ALL = "all", _("All")


class Sort(TextChoices):
    """In which order. Only what waits has a date by which it is due."""

    OLDEST = "oldest", _("Oldest first")
    NEWEST = "newest", _("Newest first")
    DUE = "due", _("Due soonest")


@dataclass(frozen=True)
class Wanted:
    """One view of the queue; a filter that is empty lets everything through."""

    view: View = View.UNASSIGNED
    text: str = ""  # number, name or institution
    family: str = ""  # slug
    country: str = ""
    position: str = ""
    signal: str = ""  # kind
    days: int = 0  # at least so old
    sort: Sort = Sort.OLDEST

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Wanted:
        """From anything at all: what makes no sense counts as not said."""
        given = {name: str(data.get(name, "")).replace("\x00", "").strip()[:LONGEST_WORD] for name in NAMES}
        view = View(given["view"]) if given["view"] in View.values else View.UNASSIGNED
        usual = Sort.NEWEST if view == View.DECIDED else Sort.OLDEST
        sort = Sort(given["sort"]) if given["sort"] in Sort.values else usual
        if sort == Sort.DUE and view in (View.DECIDED, View.ALL):
            sort = usual
        words = {name: given[name] for name in ("text", "family", "country", "position", "signal")}
        return cls(view=view, days=_days(given["days"]), sort=sort, **words)

    @classmethod
    def parse(cls, query: str) -> Wanted:
        """From the text that `query` gave."""
        return cls.read(dict(parse_qsl(query[:1000])))

    @property
    def query(self) -> str:
        """The address without what is usual, so that equal wishes have equal addresses."""
        plain = Wanted.read({"view": self.view})
        said = {name: getattr(self, name) for name in NAMES if getattr(self, name) != getattr(plain, name)}
        return urlencode({"view": self.view, **said})

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the view was chosen."""
        return replace(self, sort=Sort.OLDEST) != Wanted(view=self.view)

    def of(self, view: View) -> str:
        """The address of another view with the same filters."""
        return Wanted.read({**{name: str(getattr(self, name)) for name in NAMES}, "view": view}).query


NAMES = tuple(field.name for field in fields(Wanted))


def _days(text: str) -> int:
    return min(int(text), MOST_DAYS) if text.isascii() and text.isdigit() and len(text) < 10 else 0
