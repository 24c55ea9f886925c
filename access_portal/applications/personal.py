"""What the applications hold on a person. What can still be undone has not been said, so it is not exported either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial

from django.db.models import Case, CharField, F, Q, QuerySet, When
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.models import (
    Appeal,
    Application,
    Attachment,
    Conflict,
    Decision,
    InfoRequest,
    Message,
    Reminder,
    Round,
    SavedFilter,
    Verdict,
)
from access_portal.privacy.section import Held, Paper, Section, held


def data_of(user: User, now: datetime) -> Iterable[Section]:
    yield Section(
        key="applications",
        title=_("Your applications"),
        purpose=_("To decide whether you are given a licence, and to be able to say later how that was decided."),
        kept_for=_(
            "Answers, files and messages: until two years after the case is closed, where the model family sets no "
            "other time, or until you close your account. That you applied, when, and how it was answered stays."
        ),
        seen_by=_("You, and the reviewers and deciders of this house who are not in your lab or near to you."),
        held=tuple(_case_files(user, now)),
        papers=_papers(user),
        left_out=_(
            "What colleagues write to each other about a case: notes, opinions, recommendations, signals that ask for "
            "a look, grounds of a hold. They name other people or speak of them, and reviewers must be able to "
            "think aloud. Who of the staff did what is left out for the same reason."
        ),
    )
    yield Section(
        key="desk",
        title=_("Your desk as a reviewer"),
        purpose=_("To find your way in the queue, and to keep you away from cases that you stand too near to."),
        kept_for=_("Until you delete them, or close your account."),
        seen_by=_("You; declared conflicts also the colleagues of a case."),
        held=(
            held("saved_filters", SavedFilter.objects.filter(user=user), "name", "query"),
            held(
                "conflicts_of_interest", Conflict.objects.filter(user=user).order_by("pk"), "domain", "reason",
                "declared_at", "ended_at", application="application__number",
            ),
        ),
    )  # fmt: skip


def _case_files(user: User, now: datetime) -> Iterator[Held]:
    own, told = Q(application__applicant=user), Q(application__undo_until=None) | Q(application__undo_until__lte=now)
    number = {"application": "application__number"}
    yield held(
        "applications", _told(user, now), "number", "version", "answers", "created_at", "saved_at", "submitted_at",
        "closed_at", "anonymised_at", state="told", family="family__slug", previous="previous__number",
    )  # fmt: skip
    yield held(
        "rounds", Round.objects.filter(own).order_by("application", "number"), "number", "answers", "sent_at",
        form="form__number", accepted_licence="acceptance__version__number", **number,
    )  # fmt: skip
    # A question that was taken back in its minute was never asked: its row is gone, or hidden here while it can be.
    yield held(
        "questions_to_you", InfoRequest.objects.filter(own & (told | Q(settled_at__isnull=False))).order_by("pk"),
        "round", "question", "text", "reply", "asked_at", "settled_at", **number,
    )  # fmt: skip
    yield held("messages", Message.objects.filter(own).order_by("at", "pk"), "from_office", "text", "at", **number)
    yield held(
        "attachments", Attachment.objects.filter(own).order_by("pk"), "question", "name", "media_type", "size_bytes",
        "sha256", "uploaded_at", file="pk", **number,
    )  # fmt: skip
    said = Q(undone_at=None) & (~Q(verdict=Verdict.REFUSE_FINAL) | Q(confirmed_at__isnull=False))
    yield held(
        "decisions", Decision.objects.filter(own & told & said).order_by("at", "pk"), "round", "verdict", "code",
        "text", "what_to_change", "retry_from", "at", **number,
    )  # fmt: skip
    yield held(
        "appeals", Appeal.objects.filter(own).order_by("pk"), "text", "at", "upheld", "ground", "decided_at", **number
    )
    yield held("reminders", Reminder.objects.filter(own).order_by("pk"), "kind", "due_at", "sent_at", **number)


def _told(user: User, now: datetime) -> QuerySet[Application]:
    """Their applications with the state that they may know of."""
    undoable = When(undo_until__gt=now, then=F("undo_to"))
    told = Case(undoable, default=F("state"), output_field=CharField())
    return Application.objects.filter(applicant=user).annotate(told=told).order_by("pk")


def _papers(user: User) -> Iterator[Paper]:
    rows = Attachment.objects.filter(application__applicant=user).order_by("pk")
    for key, name, number in rows.values_list("pk", "name", "application__number").iterator():
        yield Paper(number or "draft", key, name, partial(_content, user.pk, key))


def _content(owner: int, key: int) -> bytes:
    """One file, read when its turn comes."""
    row = Attachment.objects.filter(pk=key, application__applicant=owner).values_list("content", flat=True).first()
    return bytes(row) if row is not None else b""
