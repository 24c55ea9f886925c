"""Access requests by the stock client against the portal as it is deployed: an answer holds with the next request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import httpx
import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.utils import timezone
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, GatedRepoError, HfHubHTTPError

from access_portal.accounts.models import Role, User
from access_portal.accounts.tokens import issue_token
from access_portal.applications.models import Application, State
from access_portal.outbox.models import OutboxMail
from release.models import Family
from tests.access_portal.applications.scenes import make_application
from tests.factories import make_user
from tests.release.hub.stock.world import World

pytestmark = pytest.mark.service
TOY = "gatehouse/toy-1m"
REASON = "We could not see from this what the model is needed for."
Client = Callable[[str | None], HfApi]
_numbers = count(1)


@pytest.fixture
def owner(world: World, api: Client) -> HfApi:
    """Of a decider with the second factor and a token for the work of staff."""
    if "dora" not in world.tokens:
        dora = make_user("dora", Role.DECIDER)
        TOTP.activate(dora, generate_totp_secret())
        _token, world.tokens["dora"] = issue_token(
            actor=dora, name="office", scopes=["review", "read"], days=9, now=timezone.now()
        )
    return api("dora")


@pytest.fixture
def applicant(world: World, owner: HfApi) -> User:
    """Somebody whose application a reviewer has recommended, with a token for downloads."""
    user = make_user(f"app-{next(_numbers)}")
    make_application(user, Family.objects.get(slug="toy"), State.RECOMMENDED)
    _token, world.tokens[user.username] = issue_token(
        actor=user, name="laptop", scopes=["download"], days=9, now=timezone.now()
    )
    return user


def head(world: World, user: User) -> int:
    """The status of what a download asks first."""
    headers = {"Authorization": f"Bearer {world.tokens[user.username]}"}
    return httpx.head(f"{world.endpoint}/{TOY}/resolve/main/config.json", headers=headers).status_code


def names(listed: Iterable[Any]) -> set[str]:
    return {request.username for request in listed}


def test_an_owner_accepts_and_the_same_token_downloads(
    owner: HfApi, world: World, applicant: User, api: Client
) -> None:
    theirs = api(applicant.username)
    with pytest.raises(GatedRepoError):
        theirs.auth_check(TOY)
    assert head(world, applicant) == 403
    (request,) = [one for one in owner.list_pending_access_requests(TOY) if one.username == applicant.username]
    assert (request.fullname, request.email) == (applicant.full_name, applicant.email)
    assert request.status == "pending"
    assert request.timestamp.tzinfo is not None
    assert (request.fields or {})["Institution"] == "Example University"
    owner.accept_access_request(TOY, applicant.username)
    theirs.auth_check(TOY)
    assert head(world, applicant) == 302
    assert applicant.username in names(owner.list_accepted_access_requests(TOY))
    assert applicant.username not in names(owner.list_pending_access_requests(TOY))


def test_cancelling_takes_it_away_at_once_and_accepting_gives_it_back(
    owner: HfApi, world: World, applicant: User
) -> None:
    owner.accept_access_request(TOY, applicant.username)
    owner.cancel_access_request(TOY, applicant.username)
    assert head(world, applicant) == 403
    assert applicant.username in names(owner.list_pending_access_requests(TOY))
    owner.accept_access_request(TOY, applicant.username)
    assert head(world, applicant) == 302


def test_rejecting_somebody_who_has_it_ends_it_until_a_second_person_speaks(
    owner: HfApi, world: World, applicant: User
) -> None:
    owner.accept_access_request(TOY, applicant.username)
    owner.reject_access_request(TOY, applicant.username, rejection_reason="A file was found in public.")
    assert head(world, applicant) == 403
    assert applicant.username in names(owner.list_rejected_access_requests(TOY))
    with pytest.raises(HfHubHTTPError) as refused:
        owner.accept_access_request(TOY, applicant.username)
    assert refused.value.response.status_code == 409
    assert head(world, applicant) == 403


def test_rejecting_with_a_reason_refuses_in_these_words(owner: HfApi, world: World, applicant: User) -> None:
    owner.reject_access_request(TOY, applicant.username, rejection_reason=REASON)
    assert applicant.username in names(owner.list_rejected_access_requests(TOY))
    assert REASON in OutboxMail.objects.get(user=applicant, template="application_refused").body
    for call in (owner.accept_access_request, owner.cancel_access_request, owner.grant_access):
        with pytest.raises(HfHubHTTPError, match="not possible now") as refused:
            call(TOY, applicant.username)
        assert refused.value.response.status_code == 409
    assert head(world, applicant) == 403


def test_rejecting_without_a_reason_is_told_what_is_missing(owner: HfApi, applicant: User) -> None:
    with pytest.raises(BadRequestError, match="Write something here"):
        owner.reject_access_request(TOY, applicant.username, rejection_reason=None)
    assert Application.objects.get(applicant=applicant).state == State.RECOMMENDED


def test_a_request_is_handled_by_its_key(owner: HfApi, world: World, applicant: User) -> None:
    (request,) = [one for one in owner.list_pending_access_requests(TOY) if one.username == applicant.username]
    owner.accept_access_request(TOY, request_id=request.request_id)
    assert head(world, applicant) == 302


def test_granting(owner: HfApi, world: World, applicant: User) -> None:
    owner.grant_access(TOY, applicant.username)
    assert head(world, applicant) == 302
    with pytest.raises(BadRequestError, match="has access already"):
        owner.grant_access(TOY, applicant.username)
    with pytest.raises(HfHubHTTPError, match="/apply/toy/") as refused:
        owner.grant_access(TOY, "ben")
    assert refused.value.response.status_code == 403
    with pytest.raises(HfHubHTTPError) as unknown:
        owner.grant_access(TOY, "nobody-at-all")
    assert unknown.value.response.status_code == 404


def test_what_is_missing_is_said_with_the_page(owner: HfApi, world: World) -> None:
    user = make_user(f"app-{next(_numbers)}")
    case = make_application(user, Family.objects.get(slug="toy"), State.SUBMITTED)
    with pytest.raises(HfHubHTTPError, match=f"{world.endpoint}/review/{case.number}/") as refused:
        owner.accept_access_request(TOY, user.username)
    assert refused.value.response.status_code == 409


@pytest.mark.parametrize(("name", "status"), [(None, 401), ("ada", 403), ("ben", 403), ("olga", 403)])
def test_others_are_kept_out(name: str | None, status: int, api: Client, owner: HfApi, applicant: User) -> None:
    other = api(name)
    calls: list[Callable[[], object]] = [
        lambda: list(other.list_pending_access_requests(TOY)),
        lambda: list(other.list_accepted_access_requests(TOY)),
        lambda: list(other.list_rejected_access_requests(TOY)),
        lambda: other.accept_access_request(TOY, applicant.username),
        lambda: other.cancel_access_request(TOY, applicant.username),
        lambda: other.grant_access(TOY, applicant.username),
    ]
    for call in calls:
        with pytest.raises(HfHubHTTPError) as refused:
            call()
        assert refused.value.response.status_code == status
    assert Application.objects.get(applicant=applicant).state == State.RECOMMENDED
