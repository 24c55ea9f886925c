"""The office's pages about grants: found, read by whom it concerns, acted on as the lifecycle allows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role, User
from access_portal.grants.forms import OFFICE_FORMS
from access_portal.grants.models import Grant
from access_portal.grants.reading import LISTS
from tests.access_portal.applications.scenes import make_staff
from tests.access_portal.grants.life_scenes import (
    make_invitation,
    make_lab,
    make_open_family,
    make_person_grant,
    make_proposal,
    make_renewal,
    make_transfer,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ben(client: Client) -> User:
    ben = make_staff("ben", Role.DECIDER)
    client.force_login(ben)
    return ben


@pytest.fixture
def ada() -> User:
    return make_user("ada")


def test_a_grant_is_found_by_number_person_address_lab_or_model(ben: User, ada: User, client: Client) -> None:
    lab = make_lab(ada, make_open_family("heron"))
    make_invitation(lab, "nova@uni.example")
    other = make_person_grant(make_user("zoe"))
    for words in (str(lab.number), "ada exam", "ADA@uni", "of tests", "Heron", "nova@"):
        page = client.get("/office/grants/", {"q": words}).content.decode()
        assert f">{lab.number}<" in page, words
        assert f">{other.number}<" not in page, words
    for words in ("nothing like it", "\0", "x" * 10_000, "%' OR 1=1", "\u202e<script>"):
        assert client.get("/office/grants/", {"q": words}).status_code == 200


def test_each_list_holds_what_it_says(ben: User, ada: User, client: Client) -> None:
    now = timezone.now()
    grants = {
        "ending": make_person_grant(ada, ends_at=now + 20 * DAY),
        "suspended": make_person_grant(ada, state="suspended", ends_at=now + 300 * DAY),
        "renewals": make_person_grant(ada, ends_at=now + 80 * DAY),
        "revocations": make_person_grant(ada, ends_at=now + 300 * DAY),
        "transfers": make_lab(ada, None, ben, ends_at=now + 300 * DAY),
        "attesting": make_person_grant(ada, ends_at=now + 300 * DAY, attest_due_at=now - DAY),
        "all": make_person_grant(ada, state="revoked", ends_at=now + 300 * DAY),
    }
    make_renewal(grants["renewals"])
    make_proposal(grants["revocations"], ben)
    make_transfer(grants["transfers"], ben)
    for which in LISTS:
        page = client.get("/office/grants/", {"show": which}).content.decode()
        shown = {name for name, grant in grants.items() if f">{grant.number}<" in page}
        wanted = {"all": set(grants), "live": set(grants) - {"all"}}.get(which, {which})
        assert shown == wanted, which


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    ben: User, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    family = make_open_family()
    for number in range(12):
        make_person_grant(make_user(f"u{number}"), family, ends_at=timezone.now() + 99 * DAY)
    client.get("/office/grants/")
    with django_assert_max_num_queries(15):
        client.get("/office/grants/")


def test_what_can_be_done_is_offered_and_nothing_else(ben: User, ada: User, client: Client) -> None:
    grant = make_person_grant(ada, state="suspended", ends_at=timezone.now() + 300 * DAY)
    page = client.get(f"/office/grants/{grant.number}/").content.decode()
    offered = {str(command) for command in OFFICE_FORMS if f'/office/grants/{grant.number}/{command}/"' in page}
    assert offered == {"suspend", "lift", "propose_revocation", "revoke_at_once"}


def test_an_act_goes_through_from_the_page(ben: User, ada: User, client: Client) -> None:
    grant = make_person_grant(ada, ends_at=timezone.now() + 300 * DAY)
    day = (timezone.now() + 5 * DAY).date()
    data = {"version": 1, "reason": "A doubt.", "review_at": day.isoformat()}
    assert client.post(f"/office/grants/{grant.number}/suspend/", data).status_code == 302
    grant.refresh_from_db()
    assert grant.state == "suspended"
    assert client.post(f"/office/grants/{grant.number}/suspend/", data).status_code == 409


def test_a_renewal_is_granted_from_the_page(ben: User, ada: User, client: Client) -> None:
    grant = make_person_grant(ada, ends_at=timezone.now() + 30 * DAY)
    make_renewal(grant)
    data = {
        "version": 1,
        "duration_months": 6,
        "variants": ["1m"],
        "may_download": "on",
        "token_quota": 0,
        "bytes_per_day": "1.5",
        "reason": "Good.",
    }
    assert client.post(f"/office/grants/{grant.number}/grant_renewal/", data).status_code == 302
    new = Grant.objects.get(supersedes=grant)
    assert (new.whole_family, [size.slug for size in new.variants.all()], new.may_infer) == (False, ["1m"], False)
    assert new.bytes_per_day == 1_500_000_000


@pytest.mark.parametrize(
    "data",
    [
        {}, {"reason": ""}, {"reason": "x", "review_at": "yesterday"}, {"reason": "x", "review_at": "1990-01-01"},
        {"reason": "x", "review_at": "9999-12-31"}, {"reason": "x" * 5000, "review_at": "2040-01-01"},
    ],
)  # fmt: skip
def test_a_form_with_faults_comes_back_open(data: dict[str, str], ben: User, ada: User, client: Client) -> None:
    grant = make_person_grant(ada, ends_at=timezone.now() + 300 * DAY)
    answer = client.post(f"/office/grants/{grant.number}/suspend/", {"version": 1, **data})
    assert answer.status_code == 422
    assert '<details class="card" open>' in answer.content.decode()
    grant.refresh_from_db()
    assert grant.state == "active"


@pytest.mark.parametrize("command", ["create_grant", "undo_grant", "expire", "attest", "surrender", "nothing"])
def test_no_other_command_can_be_given_by_its_address(command: str, ben: User, ada: User, client: Client) -> None:
    grant = make_person_grant(ada)
    assert client.post(f"/office/grants/{grant.number}/{command}/", {"version": 1}).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.REVIEWER, 200), (Role.DECIDER, 200), (Role.ADMIN, 200), (Role.OPERATOR, 200), (Role.AUDITOR, 200),
        (Role.RELEASE_MANAGER, 403), (None, 403),
    ],
)  # fmt: skip
def test_who_may_look(role: Role | None, status: int, ada: User, client: Client) -> None:
    grant = make_person_grant(ada)
    client.force_login(make_staff("sam", role) if role else make_user("sam"))
    for path in ("grants/", f"grants/{grant.number}/", "revocations/"):
        assert client.get(f"/office/{path}").status_code == status


def test_nobody_looks_at_a_grant_of_their_own_or_of_their_lab(ben: User, ada: User, client: Client) -> None:
    own, near = make_person_grant(ben), make_lab(ada, None, ben)
    for grant, code in ((own, "own_case"), (near, "conflict_of_interest")):
        answer = client.get(f"/office/grants/{grant.number}/")
        assert (answer.status_code, code in answer.content.decode()) == (403, True)


def test_revocations_tell_what_waits_and_how_others_ended(ben: User, ada: User, client: Client) -> None:
    waiting, over = (make_person_grant(ada, ends_at=timezone.now() + 99 * DAY) for _ in range(2))
    make_proposal(waiting, make_user("dan", Role.DECIDER), emergency=True)
    made = make_proposal(over, ben)
    type(made).objects.filter(pk=made.pk).update(lapsed_at=timezone.now())
    page = client.get("/office/revocations/").content.decode()
    assert page.index(str(waiting.number)) < page.index(str(over.number))
    assert "not answered" in page
