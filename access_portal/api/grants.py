"""Grants over the API: one's own, and for staff those of everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from ninja import Router, Schema

from access_portal.accounts.models import Scope, User
from access_portal.api import shapes
from access_portal.api.bearer import TokenRequest, needs, person_of
from access_portal.api.once import once
from access_portal.api.representation import event
from access_portal.api.representation import grant as shown
from access_portal.audit.models import Event
from access_portal.errors import NotFoundError
from access_portal.grants import commands
from access_portal.grants.models import Grant
from access_portal.grants.queries import rights_of
from access_portal.grants.reading import any_grant, my_grant, my_grants
from access_portal.grants.standing import require_reader
from access_portal.grants.wording import INTERNAL

router = Router(tags=["grants"])
MOST_LISTED = 100
USUAL_REVIEW = timedelta(days=14)  # of a suspension, where no date is given


class Renew(shapes.Versioned):
    outputs: str = shapes.Text
    changes: str = shapes.Text


class Member(shapes.Versioned):
    member_id: int
    reason: str = ""


@router.get("/grants", summary="Grants that I hold or use as a member of a lab")
@needs(Scope.READ)
def mine(request: TokenRequest) -> dict[str, Any]:
    now = timezone.now()
    return {"grants": [shown(row, request.user, now) for row in my_grants(request.user)[:MOST_LISTED]]}


@router.get("/grants/{number}", summary="One grant")
@needs(Scope.READ)
def show(request: TokenRequest, number: str) -> dict[str, Any]:
    found, _as_staff = readable(request, number)
    return shown(found, request.user, timezone.now())


@router.get("/grants/{number}/events", summary="What happened to it")
@needs(Scope.READ)
def events(request: TokenRequest, number: str) -> dict[str, Any]:
    found, as_staff = readable(request, number)
    rows = Event.objects.filter(subject=found.subject).select_related("actor").order_by("sequence")
    if not as_staff:
        rows = rows.exclude(name__in=INTERNAL)
    return {"events": [event(row, name_actor=as_staff) for row in rows]}


def readable(request: TokenRequest, number: str) -> tuple[Grant, bool]:
    """A grant, and whether it is read as staff, which needs a token for reviewing. Raises NotFoundError."""
    try:
        return my_grant(request.user, number), False
    except NotFoundError:
        if Scope.REVIEW not in request.auth.scopes or not request.user.is_office:
            raise
    person_of(request.auth, Scope.REVIEW)
    found = any_grant(number)
    require_reader(found, request.user, timezone.now())
    return found, True


def _plain(command: Callable[..., Any]) -> Callable[..., None]:
    def give(actor: User, number: str, body: Schema, **told: Any) -> None:
        command(actor=actor, number=number, **body.dict(), **told)

    return give


def _suspend(actor: User, number: str, body: shapes.Suspend, now: Any) -> None:
    review_at = body.review_at or now + USUAL_REVIEW
    commands.suspend(actor=actor, number=number, version=body.version, reason=body.reason, review_at=review_at, now=now)


COMMANDS: dict[str, tuple[type[Schema], Scope, Callable[..., None]]] = {
    "attest": (shapes.Statement, Scope.APPLY, _plain(commands.attest)),
    "ask_renewal": (Renew, Scope.APPLY, _plain(commands.ask_renewal)),
    "surrender": (shapes.Statement, Scope.APPLY, _plain(commands.surrender)),
    "invite": (shapes.Invite, Scope.APPLY, _plain(commands.invite)),
    "remove_member": (Member, Scope.APPLY, _plain(commands.remove_member)),
    "leave": (shapes.Empty, Scope.APPLY, _plain(commands.leave)),
    "suspend": (shapes.Suspend, Scope.REVIEW, _suspend),
    "lift": (shapes.Reason, Scope.REVIEW, _plain(commands.lift)),
    "propose_revocation": (shapes.Reason, Scope.REVIEW, _plain(commands.propose_revocation)),
    "ratify_revocation": (shapes.Versioned, Scope.REVIEW, _plain(commands.ratify_revocation)),
    "decline_revocation": (shapes.Reason, Scope.REVIEW, _plain(commands.decline_revocation)),
    "revoke_at_once": (shapes.Reason, Scope.REVIEW, _plain(commands.revoke_at_once)),
    "refuse_renewal": (shapes.VersionedWords, Scope.REVIEW, _plain(commands.refuse_renewal)),
}


def _needed(person: User, number: str, scope: Scope) -> Scope:
    """What staff do to a grant that is not theirs needs a token for reviewing, whatever a holder's token may do."""
    if person.is_office and not rights_of(person).filter(number=number).exists():
        return Scope.REVIEW
    return scope


def _register(name: str, shape: type[Schema], scope: Scope, give: Callable[..., None]) -> None:
    def endpoint(request: TokenRequest, number: str, body: Any) -> dict[str, Any]:
        now = timezone.now()
        request.user = person_of(request.auth, _needed(request.auth.user, number, scope))

        def act() -> dict[str, Any]:
            give(request.user, number, body, now=now)
            return shown(any_grant(number), request.user, now)

        return once(request, request.user, now, act)

    endpoint.__annotations__ = {"request": TokenRequest, "number": str, "body": shape, "return": dict[str, Any]}
    router.post(
        f"/grants/{{number}}/commands/{name}",
        summary=name.replace("_", " ").capitalize(),
        operation_id=f"grant_{name}",
    )(endpoint)


for _name, (_shape, _scope, _give) in COMMANDS.items():
    _register(_name, _shape, _scope, _give)
