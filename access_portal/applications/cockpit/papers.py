"""All small papers of one case in one reading: words, questions, opinions, signals, files, events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Case, CharField, DateTimeField, F, IntegerField, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from access_portal.applications.models import Application
from access_portal.audit.models import Event


class Kind(StrEnum):
    """What a paper is."""

    MESSAGE = "message"  # `detail` says `office` or `applicant`
    NOTE = "note"
    ASK = "ask"  # `detail` is the question of the form
    OPINION = "opinion"  # `detail` is the verdict
    SIGNAL = "signal"  # `detail` is its kind, `level` and `extra` where it comes from
    FILE = "file"  # `detail` is the question of the form, `extra` the SHA-256
    EVENT = "event"  # `text` is its name, `round` the version of the case after it


@dataclass(frozen=True)
class Paper:
    """One of them; what does not apply is empty."""

    kind: str
    pk: int
    by_id: int
    username: str
    full_name: str
    at: datetime
    round: int
    text: str
    detail: str
    extra: str
    level: str
    ended_at: datetime | None

    @property
    def by(self) -> str:
        return self.full_name or self.username


NOTHING = Value("", output_field=TextField())
REPLY = Case(  # an applicant still at work on it has told us nothing yet
    When(settled_at__isnull=False, then=F("reply")), default=Value(""), output_field=TextField()
)
NEVER = Cast(Value(None), DateTimeField())
NOBODY = Value(0, output_field=IntegerField())


def papers_of(application: Application) -> list[Paper]:
    """Oldest first; one query, since a case has to open quickly."""
    case = application
    side = Case(When(from_office=True, then=Value("office")), default=Value("applicant"), output_field=TextField())
    parts = [
        _part(case.messages.all(), Kind.MESSAGE, by="author", text=F("text"), detail=side, at=F("at")),
        _part(case.notes.all(), Kind.NOTE, by="author", text=F("text"), at=F("at")),
        _part(
            case.info_requests.all(), Kind.ASK, by="asked_by", text=F("text"), detail=F("question"), at=F("asked_at"),
            extra=REPLY, round=F("round"), ended_at=F("settled_at"),
        ),
        _part(
            case.opinions.all(), Kind.OPINION, by="by", text=F("text"), detail=F("verdict"), at=F("at"),
            round=F("round"),
        ),
        _part(
            case.signals.all(), Kind.SIGNAL, text=F("value"), detail=F("kind"), extra=F("source"), level=F("level"),
            at=F("at"), round=F("round"),
        ),
        _part(
            case.attachments.all(), Kind.FILE, text=F("name"), detail=F("question"), extra=F("sha256"),
            level=F("media_type"), at=F("uploaded_at"),
        ),
        _part(
            Event.objects.filter(subject=case.subject), Kind.EVENT, by="actor", text=F("name"), at=F("at"),
            round=Coalesce(Cast(KT("data__version"), IntegerField()), NOBODY),
        ),
    ]  # fmt: skip
    rows = parts[0].union(*parts[1:], all=True)
    papers = [Paper(**{name.removeprefix("paper_"): value for name, value in row.items()}) for row in rows]
    return sorted(papers, key=lambda paper: (paper.at, paper.kind, paper.pk))


def _part(rows: QuerySet[Any], kind: Kind, by: str = "", **columns: Combinable) -> QuerySet[Any, Any]:
    person = {
        "by_id": Coalesce(F(f"{by}_id"), NOBODY, output_field=IntegerField()) if by else NOBODY,
        "username": Coalesce(F(f"{by}__username"), NOTHING, output_field=TextField()) if by else NOTHING,
        "full_name": Coalesce(F(f"{by}__full_name"), NOTHING, output_field=TextField()) if by else NOTHING,
    }
    usual: dict[str, Any] = {
        "kind": Value(kind.value, output_field=CharField()), "pk": F("pk"), **person, "at": NEVER, "round": NOBODY,
        "text": NOTHING, "detail": NOTHING, "extra": NOTHING, "level": NOTHING, "ended_at": NEVER,
    }  # fmt: skip
    chosen = {**usual, **columns}
    aliased = {f"paper_{name}": expression for name, expression in chosen.items()}
    part: QuerySet[Any, Any] = rows.order_by().annotate(**aliased).values(*aliased)
    return part
