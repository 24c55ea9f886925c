"""Applications over the API: the same commands as the pages, for applicants and for reviewers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema

from access_portal.accounts.models import Scope, User
from access_portal.api import shapes
from access_portal.api.bearer import TokenRequest, needs, person_of
from access_portal.api.once import once
from access_portal.api.representation import event, line, moment, whole
from access_portal.applications import commands
from access_portal.applications.cockpit.listing import page as queue_page
from access_portal.applications.cockpit.staff import require_distance
from access_portal.applications.cockpit.wanted import Wanted
from access_portal.applications.disclosure import told_events
from access_portal.applications.families import family_with_slug
from access_portal.applications.forms import draft_form
from access_portal.applications.models import Application
from access_portal.applications.standing import not_found
from access_portal.applications.terms import Terms
from access_portal.applications.workflow import Command
from access_portal.applications.workflow_table import COMMANDS as WORDS
from access_portal.audit.models import Event
from access_portal.errors import NotFoundError
from access_portal.grants.policy import Action, Office, require

router = Router(tags=["applications"])
MOST_LISTED = 100
RELATED = (
    "applicant", "family", "form", "claimed_by", "decision", "recommendation__by", "final_proposal",
    "acceptance__version__licence",
)  # fmt: skip

OWN = (  # what an applicant's token (scope `apply`) may ask for; the rest is staff's (scope `review`)
    "save", "submit", "resubmit", "withdraw", "appeal", "message",
)  # fmt: skip


class QueueFilter(Schema):
    """Which cases: the same words as in the address of the queue page."""

    view: str = "unassigned"
    text: str = ""
    family: str = ""
    country: str = ""
    position: str = ""
    signal: str = ""
    days: str = ""
    sort: str = ""
    after: str = ""


@router.get("/applications", summary="My applications, newest first")
@needs(Scope.READ)
def mine(request: TokenRequest) -> dict[str, Any]:
    now = timezone.now()
    rows = Application.objects.filter(applicant=request.user).select_related("family").order_by("-created_at", "-pk")
    return {"applications": [line(row, request.user, now) for row in rows[:MOST_LISTED]]}


@router.post("/applications", summary="Begin a draft")
@needs(Scope.APPLY)
def start(request: TokenRequest, body: shapes.Start) -> dict[str, Any]:
    now = timezone.now()

    def act() -> dict[str, Any]:
        made = commands.start_application(
            actor=request.user, family=family_with_slug(body.family), previous=body.previous, now=now
        )
        return whole(find(str(made.number)), request.user, now)

    return once(request, request.user, now, act)


@router.get("/applications/{number}", summary="One application: mine, or a case for staff")
@needs(Scope.READ)
def show(request: TokenRequest, number: str) -> dict[str, Any]:
    now = timezone.now()
    return whole(readable(request, number), request.user, now)


@router.get("/applications/{number}/events", summary="What happened to it")
@needs(Scope.READ)
def events(request: TokenRequest, number: str) -> dict[str, Any]:
    found = readable(request, number)
    if found.applicant_id == request.user.pk:
        return {"events": [event(row, name_actor=False) for row in told_events(found, timezone.now())]}
    rows = Event.objects.filter(subject=found.subject).select_related("actor").order_by("sequence")
    return {"events": [event(row, name_actor=True) for row in rows]}


@router.get("/applications/{number}/messages", summary="The thread")
@needs(Scope.READ)
def messages(request: TokenRequest, number: str) -> dict[str, Any]:
    found = readable(request, number)
    return {
        "messages": [
            {"from_office": row.from_office, "text": row.text, "at": moment(row.at)} for row in found.messages.all()
        ]
    }


@router.get("/review/queue", summary="Cases for staff, fifty at a time; `after` continues")
@needs(Scope.REVIEW)
def queue(request: TokenRequest, wanted: Query[QueueFilter]) -> dict[str, Any]:
    now = timezone.now()
    require(request.user, Action.REVIEW, Office(), now)
    found = queue_page(Wanted.read(wanted.dict(exclude={"after"})), request.user, now, after=wanted.after)
    return {"applications": [line(row, request.user, now) for row in found.rows], "after": found.later}


def find(number: str) -> Application:
    """With all that is shown of it; raises NotFoundError."""
    found = Application.objects.select_related(*RELATED).filter(number=number).first()
    if found is None:
        raise not_found(number)
    return found


def readable(request: TokenRequest, number: str) -> Application:
    """One's own, or for staff with a token for reviewing a case that they do not stand too near to."""
    found = find(number)
    if found.applicant_id == request.user.pk:
        return found
    if Scope.REVIEW not in request.auth.scopes or not found.is_sent:
        raise not_found(number)
    person_of(request.auth, Scope.REVIEW)
    require_distance(request.user, found, timezone.now())
    return found


def _save(actor: User, number: str, body: shapes.Save, **told: Any) -> None:
    found = find(number)
    if found.applicant_id != actor.pk:
        raise not_found(number)
    form = draft_form(found, data=body.answers)
    commands.save_draft(actor=actor, number=number, version=body.version, answers=form.answers(), **told)


def _hand_over(actor: User, number: str, body: shapes.HandOver, **told: Any) -> None:
    colleague = User.objects.filter(username=body.to, is_active=True).first()
    if colleague is None:
        raise NotFoundError("person_not_found", _("There is nobody of this name."))
    commands.hand_over(actor=actor, number=number, version=body.version, to=colleague, **told)


def _request_info(actor: User, number: str, body: shapes.RequestInfo, **told: Any) -> None:
    asks = [commands.Ask(item.text, item.question) for item in body.asks]
    commands.request_info(actor=actor, number=number, version=body.version, asks=asks, due_at=body.due_at, **told)


def _approve(actor: User, number: str, body: shapes.Approve, **told: Any) -> None:
    chosen = body.dict(exclude={"version", "checked"})
    terms = Terms(**{**chosen, "variants": tuple(body.variants)})
    commands.approve(actor=actor, number=number, version=body.version, terms=terms, checked=body.checked, **told)


def _plain(command: Callable[..., Any]) -> Callable[..., None]:
    """A command that takes the fields of the body as they are."""

    def give(actor: User, number: str, body: Schema, **told: Any) -> None:
        command(actor=actor, number=number, **body.dict(), **told)

    return give


# name in the address -> what it takes, and how it is given
COMMANDS: dict[str, tuple[type[Schema], Callable[..., None]]] = {
    "save": (shapes.Save, _save),
    "submit": (shapes.Send, _plain(commands.submit_application)),
    "resubmit": (shapes.Resend, _plain(commands.resubmit)),
    "withdraw": (shapes.Empty, _plain(commands.withdraw)),
    "appeal": (shapes.Words, _plain(commands.appeal)),
    "message": (shapes.Words, _plain(commands.send_message)),
    "claim": (shapes.Versioned, _plain(commands.claim)),
    "release": (shapes.Versioned, _plain(commands.release)),
    "hand_over": (shapes.HandOver, _hand_over),
    "request_info": (shapes.RequestInfo, _request_info),
    "opine": (shapes.Opine, _plain(commands.opine)),
    "recommend": (shapes.Recommend, _plain(commands.recommend)),
    "send_back": (shapes.VersionedWords, _plain(commands.send_back)),
    "approve": (shapes.Approve, _approve),
    "refuse_fixable": (shapes.RefuseFixable, _plain(commands.refuse_fixable)),
    "propose_final": (shapes.ProposeFinal, _plain(commands.propose_final)),
    "refuse_final": (shapes.Versioned, _plain(commands.refuse_final)),
    "undo": (shapes.Versioned, _plain(commands.undo)),
    "set_hold": (shapes.SetHold, _plain(commands.set_hold)),
    "lift_hold": (shapes.Versioned, _plain(commands.lift_hold)),
    "decide_appeal": (shapes.DecideAppeal, _plain(commands.decide_appeal)),
    "note": (shapes.Words, _plain(commands.note)),
    "close": (shapes.Empty, _plain(commands.close)),
    "anonymise": (shapes.Empty, _plain(commands.anonymise)),
}


def _register(name: str, shape: type[Schema], give: Callable[..., None]) -> None:
    def endpoint(request: TokenRequest, number: str, body: Any) -> dict[str, Any]:
        now = timezone.now()
        own = Application.objects.filter(number=number, applicant=request.auth.user).exists()
        scope = Scope.APPLY if own or (name in OWN and name != "message") else Scope.REVIEW
        request.user = person_of(request.auth, scope)

        def act() -> dict[str, Any]:
            give(request.user, number, body, now=now)
            return whole(find(number), request.user, now)

        return once(request, request.user, now, act)

    endpoint.__annotations__ = {"request": TokenRequest, "number": str, "body": shape, "return": dict[str, Any]}
    router.post(
        f"/applications/{{number}}/commands/{name}",
        summary=str(WORDS[Command(name)]),
        operation_id=f"application_{name}",
    )(endpoint)


for _name, (_shape, _give) in COMMANDS.items():
    _register(_name, _shape, _give)
