"""A rehearsed withdrawal: it tells what the real one does, changes nothing, and is on record."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Role
from access_portal.audit.models import Event
from access_portal.errors import PermissionRefusedError
from access_portal.outbox.models import OutboxMail
from inference_worker.models import Batch, Chunk, StoredFile
from release.delivery import mint
from release.drill import Rehearsal, masked, rehearse_withdrawal
from release.errors import ReleaseStateError
from release.models import Mint, Release
from release.publishing import withdraw_release
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_grant, make_release, make_user, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def release() -> Release:
    release = make_release()
    for name in ("ada", "ben"):
        grant = make_grant(make_user(name), release.variant.family)
        now = timezone.now()
        mint(actor=grant.holder, release=release, path="params.json", address=None, user_agent="", now=now)
    make_grant(make_user("cy"), release.variant.family)  # who never fetched it
    return release


def rehearse(release: Release, *roles: Role) -> Rehearsal:
    return rehearse_withdrawal(release=release, actor=make_staff("sam", *roles), now=timezone.now())


def test_whoever_would_be_told_is_who_is_told(release: Release) -> None:
    rehearsed = rehearse(release, Role.RELEASE_MANAGER)
    withdraw_release(release=release, reason="It leaks.", actor=None, now=timezone.now())
    told = set(OutboxMail.objects.filter(template="release_withdrawn").values_list("user__username", flat=True))
    assert {each.username for each in rehearsed.told} == told == {"ada", "ben"}
    assert rehearsed.told_count == 2


def test_nothing_is_changed_and_it_is_on_record(release: Release) -> None:
    before = (Release.objects.values().get(), Mint.objects.count(), OutboxMail.objects.count())
    rehearse(release, Role.RELEASE_MANAGER)
    assert (Release.objects.values().get(), Mint.objects.count(), OutboxMail.objects.count()) == before
    event = Event.objects.get(name="release_withdrawal_rehearsed")
    assert event.actor is not None
    assert (event.actor.username, event.data["people"], event.data["grants"]) == ("sam", 2, 3)


@pytest.mark.parametrize(
    ("role", "shown"), [(Role.RELEASE_MANAGER, "a…@uni.example"), (Role.AUDITOR, "ada@uni.example")]
)
def test_addresses_are_masked_for_those_who_may_not_see_them(release: Release, role: Role, shown: str) -> None:
    assert rehearse(release, role).told[0].email == shown


@pytest.mark.parametrize(("email", "shown"), [("a@b", "a…@b"), ("", "…"), ("odd@name@b", "o…@b"), ("é@b", "é…@b")])
def test_a_masked_address_shows_a_letter_and_the_institution(email: str, shown: str) -> None:
    assert masked(email) == shown


def test_grants_that_open_it_are_counted_whether_or_not_it_was_fetched(release: Release) -> None:
    family = release.variant.family
    other = make_variant(family, "2m")
    now = timezone.now()
    make_grant(make_user("d1"), family, variants=[other])
    make_grant(make_user("d2"), family, variants=[release.variant, other])
    make_grant(make_user("d3"), family, state="suspended")
    make_grant(make_user("d4"), family, state="revoked")
    make_grant(make_user("d5"), family, now=now - timedelta(days=30), ends_at=now)
    assert rehearse(release, Role.AUDITOR).grants_count == 3 + 2


def test_links_that_still_work_and_what_would_be_offered_instead_are_told(release: Release) -> None:
    newer = make_release(release.variant, "v2")
    rehearsed = rehearse(release, Role.RELEASE_MANAGER)
    assert (rehearsed.links_count, rehearsed.instead) == (2, newer)
    late = rehearse_withdrawal(release=release, actor=None, now=timezone.now() + timedelta(minutes=16))
    assert (late.links_count, late.links_until) == (0, None)


def test_jobs_and_workers_that_would_stop_are_counted(release: Release) -> None:
    ada = make_user("dee")
    file = StoredFile.objects.create(
        owner=ada, purpose="batch", filename="x", size_bytes=1, sha256="0" * 64, storage_key="x"
    )
    now = timezone.now()
    values: dict[str, Any] = {"owner": ada, "endpoint": "/v1/completions", "input_file": file, "expires_at": now}
    for state, lane in (("in_progress", "batch"), ("validating", "batch"), ("completed", "batch"),
                        ("in_progress", "interactive")):  # fmt: skip
        batch = Batch.objects.create(release=release, state=state, lane=lane, **values)
        for index, until in enumerate((now + timedelta(minutes=1), now - timedelta(minutes=1))):
            Chunk.objects.create(
                batch=batch, index=index, state="leased", owner=f"worker-{lane}-{index}", lease_until=until,
                lines_key="k", line_count=1, cost_tokens=1,
            )  # fmt: skip
    stops = {one.name: one.count for one in rehearse(release, Role.RELEASE_MANAGER).stops}
    assert stops == {"batches": 2, "requests": 1, "workers": 2}


@pytest.mark.parametrize("state", ["staged", "verified", "withdrawn"])
def test_only_what_can_be_had_can_be_rehearsed(state: str) -> None:
    release = make_release(state=state)
    with pytest.raises(ReleaseStateError) as refused:
        rehearse(release, Role.RELEASE_MANAGER)
    assert refused.value.code == "release_not_live"
    assert not Event.objects.filter(name="release_withdrawal_rehearsed").exists()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.DECIDER, Role.OPERATOR])
def test_others_may_not_rehearse(release: Release, role: Role) -> None:
    with pytest.raises(PermissionRefusedError):
        rehearse(release, role)


def test_the_page_rehearses_when_its_button_is_pressed(release: Release, client: Client) -> None:
    client.force_login(make_staff("sam", Role.RELEASE_MANAGER))
    page = "/office/releases/toy-1m/v1/rehearsal/"
    assert "Rehearse it" in client.get(page).content.decode()
    assert not Event.objects.filter(name="release_withdrawal_rehearsed").exists()
    text = client.post(page).content.decode()
    assert ("a…@uni.example" in text, "ada@uni.example" in text) == (True, False)
    assert Event.objects.filter(name="release_withdrawal_rehearsed").count() == 1
