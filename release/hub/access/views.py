"""The addresses of access requests: for staff with a token for reviewing, and the way to the form for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from access_portal.accounts.models import Scope, User
from access_portal.api.bearer import person_of
from access_portal.errors import GatehouseError
from access_portal.grants.policy import Action, Office, require
from release.hub import errors
from release.hub.access.asked import handling, named_user
from release.hub.access.moves import move
from release.hub.access.pages import page
from release.hub.access.requests import Status, request_of, request_with, requests
from release.hub.access.shapes import reported
from release.hub.door import Caller, hub_door
from release.hub.metadata import repo_at

SEE_OTHER = 303


@hub_door("GET")
def access_requests(request: HttpRequest, caller: Caller, org: str, name: str, status: str) -> HttpResponse:
    """Those in one status, oldest first."""
    _owner(caller, Action.REVIEW)
    variant = repo_at(caller, org, name).variant
    if status not in list(Status):
        raise errors.nothing_here()
    return page(request, variant, Status(status), caller.now)


@hub_door("POST")
def handle(request: HttpRequest, caller: Caller, org: str, name: str) -> HttpResponse:
    """Move one request to another status."""
    owner, variant = _owner(caller, Action.DECIDE), repo_at(caller, org, name).variant
    wanted = handling(request)
    if wanted.key:
        asked = request_with(wanted.key, variant, caller.now)
    else:
        asked = request_of(_person(wanted.user), variant, caller.now)
    if asked is None or (wanted.user and asked.person.username != wanted.user):
        raise errors.HubError(404, f"There is no such request for {variant.hub_repo}.")
    if asked.status == wanted.status:
        raise errors.HubError(404, f"The request of {asked.person.username} is {asked.status} already.")
    with _told():
        move(asked, wanted.status, variant=variant, actor=owner, reason=wanted.reason, now=caller.now)
    return JsonResponse({})


@hub_door("POST")
def grant(request: HttpRequest, caller: Caller, org: str, name: str) -> HttpResponse:
    """Accept somebody's request; who has made none has to apply, since a right rests on what its holder accepted."""
    owner, variant = _owner(caller, Action.DECIDE), repo_at(caller, org, name).variant
    person = _person(named_user(request))
    asked = request_of(person, variant, caller.now)
    if asked is None:
        form = settings.BASE_URL + reverse("apply", args=[variant.family.slug])
        raise errors.not_allowed(
            f"{person.username} has not applied for {variant}, and nobody gets it unasked: a right rests on the "
            f"licence that its holder accepted. Ask them to apply at {form}"
        )
    if asked.status == Status.ACCEPTED:
        raise errors.malformed(f"{person.username} has access already.")
    with _told():
        move(asked, Status.ACCEPTED, variant=variant, actor=owner, reason="", now=caller.now)
    return JsonResponse({"requestId": asked.key, "user": person.username, "status": str(Status.ACCEPTED)})


@hub_door("GET")
def report(request: HttpRequest, caller: Caller, org: str, name: str) -> HttpResponse:
    """Every request in every status; also to a browser in which one of the staff is signed in."""
    if caller.is_anonymous and isinstance(request.user, User):
        with _told():
            require(request.user, Action.REVIEW, Office(), caller.now)
    else:
        _owner(caller, Action.REVIEW)
    variant = repo_at(caller, org, name).variant
    lines = [reported(asked) for status in Status for asked in requests(variant, status, caller.now)]
    return JsonResponse(lines, safe=False)


@hub_door("GET", "POST")
def ask_access(request: HttpRequest, caller: Caller, org: str, name: str) -> HttpResponse:
    """To the form of the application; nothing is asked for here, and nothing given."""
    variant = repo_at(caller, org, name).variant
    return HttpResponseRedirect(reverse("apply", args=[variant.family.slug]), status=SEE_OTHER)


def _owner(caller: Caller, action: Action) -> User:
    """The person, if the token is one for the work of staff and the policy lets them do it; raises HubError."""
    if caller.token is None:
        raise errors.not_signed_in()
    with _told():
        person = person_of(caller.token, Scope.REVIEW)
        require(person, action, Office(), caller.now)
    return person


def _person(name: str) -> User:
    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        raise errors.HubError(404, "There is nobody of this name.")
    return found


@contextmanager
def _told() -> Iterator[None]:
    """What the house refuses, with the page that helps; no code, which clients would take for something else."""
    try:
        yield
    except GatehouseError as refused:
        where = f" See {settings.BASE_URL}{refused.remedy_path}" if refused.remedy_path else ""
        raise errors.HubError(
            refused.status, f"{refused.explanation} {refused.remedy}{where}", cause=refused
        ) from refused
