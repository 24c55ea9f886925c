"""What the models are used for, in the words of those who chose to publish them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT

from access_portal.accounts.models import User
from access_portal.applications.models import Round
from access_portal.questionnaires.texts import tidy_line
from access_portal.reports.rows import given

MOST = 50
LOOKED_AT = 2000  # of the newest grants, so that a page never reads all answers that there are
LONGEST = 300  # characters
YES = "yes"


@dataclass(frozen=True)
class Statement:
    """`number` is for its writer only and is not published."""

    text: str
    family: str
    slug: str
    year: int
    number: str


def published(now: datetime) -> list[Statement]:
    """The newest fifty, of those among the newest two thousand grants."""
    newest = given(now).filter(application__isnull=False).order_by("-pk").values("application_id")[:LOOKED_AT]
    return _read(_consented(Round.objects.filter(application__in=newest)))


def of_person(person: User, now: datetime) -> list[Statement]:
    """Those of one person that are public."""
    keys = given(now).filter(application__applicant=person).values("application_id")
    return _read(_consented(Round.objects.filter(application__in=keys)))


def _consented(rows: QuerySet[Round]) -> QuerySet[Round]:
    """Where the last that this person sent for this family says yes: in the same application or in a later one."""
    own = Round.objects.filter(
        application__applicant=OuterRef("application__applicant"), application__family=OuterRef("application__family")
    )
    latest = own.order_by("-sent_at", "-pk").annotate(says=KT("answers__publish_statement")).values("says")[:1]
    said = rows.filter(
        number=F("application__rounds"), answers__publish_statement=YES, application__statement_taken_back=None
    )
    return said.annotate(still=Subquery(latest)).filter(still=YES)


def _read(rows: QuerySet[Round]) -> list[Statement]:
    newest = rows.annotate(text=KT("answers__use_statement")).order_by("-application__pk")
    columns = newest.values_list(
        "text", "application__family__name", "application__family__slug", "sent_at", "application__number"
    )
    found = [
        Statement(tidy_line(str(text or ""))[:LONGEST], name, slug, sent_at.year, str(number))
        for text, name, slug, sent_at, number in columns[:MOST]
    ]
    return [statement for statement in found if statement.text]
