"""One command for each of several cases, and how each of them went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.cockpit.fields import words
from access_portal.errors import GatehouseError

MOST_CASES = 50  # a page of the queue

BULK: Mapping[str, str | Promise] = {
    "release": _("Give back"),
    "hand_over": _("Hand over"),
    "message": _("Write to the applicants"),
}


@dataclass(frozen=True)
class Picked:
    """A case and the version in which it was on the screen."""

    number: str
    version: int

    def __str__(self) -> str:
        return f"{self.number}:{self.version}"


@dataclass(frozen=True)
class Result:
    """How it went with one case."""

    number: str
    done: bool
    words: str


class BulkForm(forms.Form):
    """What the command needs besides the cases."""

    def __init__(self, data: Mapping[str, Any] | None, *, what: str) -> None:
        super().__init__(data, auto_id="bulk_%s")
        if what == "message":
            hint = _("Each applicant gets it for themselves, in the thread of their application and by mail.")
            self.fields["text"] = words(_("Message"), rows=5, hint=hint)
        if what == "hand_over":
            judges = Q(roles__role__in=(Role.REVIEWER, Role.DECIDER))
            people = User.objects.filter(judges, is_active=True).distinct().order_by("full_name", "username")
            self.fields["to"] = forms.ModelChoiceField(label=_("To whom"), queryset=people)


def chosen(values: Sequence[str]) -> list[Picked]:
    """The ticked rows, each once; what is no row is left out."""
    found: dict[str, Picked] = {}
    for value in values[: 2 * MOST_CASES]:
        number, _mark, version = value.partition(":")
        if number and len(number) <= 20 and version.isascii() and version.isdigit() and len(version) < 10:
            found[number] = Picked(number, int(version))
    return list(found.values())[:MOST_CASES]


def do_all(what: str, picked: Sequence[Picked], data: Mapping[str, Any], *, actor: User, now: datetime) -> list[Result]:
    """Give the command case by case: one that is refused holds up no other."""
    return [_one(what, case, data, actor, now) for case in picked]


def _one(what: str, case: Picked, data: Mapping[str, Any], actor: User, now: datetime) -> Result:
    told: dict[str, Any] = {"actor": actor, "number": case.number, "now": now}
    acts: dict[str, Callable[[], Any]] = {
        "release": lambda: commands.release(version=case.version, **told),
        "hand_over": lambda: commands.hand_over(version=case.version, to=data["to"], **told),
        "message": lambda: commands.send_message(text=data["text"], **told),
    }
    try:
        acts[what]()
    except GatehouseError as problem:
        return Result(case.number, False, problem.explanation)
    return Result(case.number, True, _now("Done."))
