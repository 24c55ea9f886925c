"""What applicants read about their own applications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, IntegerField, QuerySet, Value, When

from access_portal.accounts.models import User
from access_portal.applications.forms import sizes_of
from access_portal.applications.models import Application, Attachment, InfoRequest, Message, Round, State
from access_portal.applications.standing import not_found
from access_portal.questionnaires.definition import Definition
from access_portal.questionnaires.parsing import parse
from access_portal.questionnaires.reading import Answer, Change, answered, differences


@dataclass(frozen=True)
class Line:
    """One answer; `file` is the attachment, when it is one that we still have."""

    answer: Answer
    file: Attachment | None


@dataclass(frozen=True)
class Sent:
    """One round: what was sent, how it differs from the round before, and what was then asked about it."""

    round: Round
    lines: list[Line]
    changes: list[Change]
    asked: list[InfoRequest]


@dataclass(frozen=True)
class Said:
    """A message of the thread, from one of its two sides."""

    text: str
    at: datetime
    is_mine: bool


def applications_of(user: User) -> QuerySet[Application]:
    """A person's own applications: drafts, then what waits for them, then the rest, newest first."""
    first = Case(
        When(state=State.DRAFT, then=Value(0)),
        When(state=State.INFO_REQUESTED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = Application.objects.filter(applicant=user).select_related("family", "decision")
    return rows.annotate(place=first).order_by("place", "-created_at", "-pk")


def own_application(user: User, number: str) -> Application:
    """One of a person's own; raises NotFoundError for anybody else's."""
    rows = Application.objects.select_related(
        "family__weights_licence", "form", "decision", "appeal", "acceptance__version__licence"
    )
    application = rows.filter(applicant=user, number=number).first()
    if application is None:
        raise not_found(number)
    return application


def open_draft(user: User, family_id: int) -> Application | None:
    """The draft that this person has begun for a family."""
    return Application.objects.filter(applicant=user, family_id=family_id, state=State.DRAFT).first()


def lines(application: Application, definition: Definition, answers: dict[str, object]) -> list[Line]:
    """Answers in words, with their files."""
    files = {(file.question, file.sha256): file for file in application.attachments.defer("content")}

    def file_of(name: str) -> Attachment | None:
        value = answers.get(name)
        return files.get((name, str(value.get("sha256")))) if isinstance(value, dict) else None

    return [Line(answer, file_of(answer.name)) for answer in answered(definition, answers, sizes_of(application))]


def rounds_of(application: Application, *, with_open_requests: bool) -> list[Sent]:
    """Everything that was sent, newest first; requests that may still be undone are left out on demand."""
    rounds = list(application.sent_rounds.select_related("form", "acceptance__version__licence"))
    answered = {None, *(sent.sent_at for sent in rounds)}  # what was taken back was settled by no sending
    requests = [request for request in application.info_requests.all() if request.settled_at in answered]
    if not with_open_requests:
        requests = [request for request in requests if request.settled_at is not None]
    made = []
    for place, sent in enumerate(rounds):
        definition = parse(sent.form.definition)
        before = rounds[place - 1].answers if place else None
        changes = [] if before is None else differences(definition, before, sent.answers, sizes_of(application))
        asked = [request for request in requests if request.round == sent.number]
        made.append(Sent(sent, lines(application, definition, sent.answers), changes, asked))
    return made[::-1]


def changes_since_sent(application: Application, definition: Definition) -> list[Change]:
    """How the answers of a returned application differ from those of its last round."""
    last = application.sent_rounds.order_by("-number").first()
    return [] if last is None else differences(definition, last.answers, application.answers, sizes_of(application))


def open_requests(application: Application) -> list[InfoRequest]:
    """What the reviewer asked and the applicant has not sent an answer to."""
    return list(application.info_requests.filter(settled_at=None))


def unmet_requests(application: Application, requests: Sequence[InfoRequest]) -> list[InfoRequest]:
    """Those with neither a reply nor a changed answer: the application cannot be sent yet."""
    last = application.sent_rounds.order_by("-number").first()
    before = last.answers if last else {}
    return [
        request
        for request in requests
        if not request.reply.strip()
        and not (request.question and before.get(request.question) != application.answers.get(request.question))
    ]


def thread(application: Application) -> list[Said]:
    """The messages between applicant and office, oldest first."""
    messages: QuerySet[Message] = application.messages.all()
    return [Said(message.text, message.at, not message.from_office) for message in messages]
