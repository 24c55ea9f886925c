"""Bytes of a day: what counts, once for whom, until when, and never more than there are."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from access_portal.accounts.models import User
from access_portal.grants.daily_bytes import daily_bytes
from access_portal.grants.models import Grant
from release.delivery import Link, mint, mint_each
from release.errors import DailyBytesUsedError, ReleaseNotFoundError
from release.models import Artifact, Mint, Release
from tests.access_portal.grants.life_scenes import make_lab
from tests.factories import make_grant, make_release, make_user
from tests.races import at_once

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOME, CAFE = "192.0.2.1", "198.51.100.9"


def make_files(**sizes: int) -> Release:
    """A release that is out, as its rows say: no bytes are stored."""
    release = make_release(state="staged")
    for path, size in sizes.items():
        Artifact.objects.create(
            release=release, path=path, size_bytes=size, sha256="a" * 64, md5="b" * 32, storage_key=path
        )
    Release.objects.filter(pk=release.pk).update(state="published", published_at=NOON)
    release.refresh_from_db()
    return release


@pytest.fixture
def release(settings: Settings) -> Release:
    settings.DOWNLOAD_BYTES_PER_DAY = 1000
    return make_files(a=400, b=600, c=1, empty=0, huge=2000)


@pytest.fixture
def grant(release: Release) -> Grant:
    return make_grant(make_user("ada"), release.variant.family, now=NOON)


def link(user: User, release: Release, path: str, address: str | None = HOME, now: datetime = NOON) -> Link:
    return mint(actor=user, release=release, path=path, address=address, user_agent="", now=now)


def used(grant: Grant, now: datetime = NOON) -> int:
    return daily_bytes(grant, now).used


def test_a_day_gives_as_many_bytes_as_are_set_and_says_when_it_opens_again(grant: Grant, release: Release) -> None:
    link(grant.holder, release, "a")
    link(grant.holder, release, "b")
    with pytest.raises(DailyBytesUsedError) as refused:
        link(grant.holder, release, "c")
    assert (refused.value.code, refused.value.status) == ("daily_bytes_used", 429)
    assert refused.value.opens_at == datetime(2026, 6, 2, tzinfo=UTC)
    assert (refused.value.retry_after, "2026-06-02 00:00 UTC" in refused.value.remedy) == (12 * 3600 + 1, True)
    assert Mint.objects.count() == 2


@pytest.mark.parametrize(
    ("address", "later", "counts"),
    [
        (HOME, timedelta(0), 400),
        (HOME, timedelta(hours=11, minutes=59), 400),
        (CAFE, timedelta(0), 800),
        (None, timedelta(0), 800),
        (HOME, timedelta(hours=12), 400),  # of the next day
    ],
)
def test_a_file_counts_once_for_one_address_and_day(
    grant: Grant, release: Release, address: str | None, later: timedelta, counts: int
) -> None:
    link(grant.holder, release, "a")
    again = link(grant.holder, release, "a", address, NOON + later)
    assert again.size_bytes == 400
    assert used(grant, NOON + later) == counts


def test_the_next_day_begins_with_nothing_used(grant: Grant, release: Release) -> None:
    link(grant.holder, release, "a")
    link(grant.holder, release, "b")
    midnight = datetime(2026, 6, 2, tzinfo=UTC)
    assert (used(grant, midnight - timedelta(microseconds=1)), used(grant, midnight)) == (1000, 0)
    link(grant.holder, release, "b", now=midnight)
    assert used(grant, midnight) == 600


def test_an_unknown_address_counts_once_as_well(grant: Grant, release: Release) -> None:
    link(grant.holder, release, "a", None)
    link(grant.holder, release, "a", None)
    assert used(grant) == 400


def test_what_was_counted_can_be_taken_up_again_when_the_day_is_used(grant: Grant, release: Release) -> None:
    link(grant.holder, release, "a")
    link(grant.holder, release, "b")
    assert link(grant.holder, release, "b").size_bytes == 600
    assert link(grant.holder, release, "empty").size_bytes == 0
    with pytest.raises(DailyBytesUsedError):
        link(grant.holder, release, "a", CAFE)


def test_a_figure_of_the_grants_own_goes_before_that_of_the_house(grant: Grant, release: Release) -> None:
    Grant.objects.filter(pk=grant.pk).update(bytes_per_day=400)
    link(grant.holder, release, "a")
    with pytest.raises(DailyBytesUsedError):
        link(grant.holder, release, "c")


def test_a_file_larger_than_any_day_says_so(grant: Grant, release: Release) -> None:
    """And tells nobody to come back tomorrow."""
    with pytest.raises(DailyBytesUsedError, match="download links for 1") as refused:
        link(grant.holder, release, "huge")
    assert ("more than any day has" in refused.value.remedy, refused.value.retry_after) == (True, None)


def test_several_files_are_given_together_or_not_at_all(grant: Grant, release: Release) -> None:
    asked: dict[str, Any] = {"actor": grant.holder, "release": release, "address": HOME, "user_agent": "", "now": NOON}
    with pytest.raises(DailyBytesUsedError):
        mint_each(paths=["a", "b", "c"], **asked)
    with pytest.raises(ReleaseNotFoundError):
        mint_each(paths=["a", "none"], **asked)
    assert not Mint.objects.exists()
    assert [each.path for each in mint_each(paths=["b", "a", "b"], **asked)] == ["b", "a"]
    assert (Mint.objects.count(), used(grant)) == (2, 1000)


def test_a_lab_shares_the_bytes_of_its_grant(settings: Settings) -> None:
    settings.DOWNLOAD_BYTES_PER_DAY = 1000
    release, ada, mem = make_files(a=400, b=600), make_user("ada"), make_user("mem")
    family = release.variant.family
    grant = make_lab(ada, family, mem)
    link(ada, release, "b")
    with pytest.raises(DailyBytesUsedError):
        link(mem, release, "b")
    assert link(mem, release, "a").size_bytes == 400
    assert used(grant) == 1000


def test_the_pages_of_the_house_say_it_too(grant: Grant, release: Release, client: Client) -> None:
    Grant.objects.filter(pk=grant.pk).update(bytes_per_day=1)
    client.force_login(grant.holder)
    answer = client.post("/models/toy/1m/v1/download/a")
    assert (answer.status_code, "daily_bytes_used" in answer.content.decode()) == (429, True)


def test_the_cost_does_not_grow_with_the_number_of_files(
    settings: Settings, django_assert_max_num_queries: Any
) -> None:
    settings.DOWNLOAD_BYTES_PER_DAY = 10**6
    release = make_files(**{f"f{n}": 7 for n in range(100)})
    ada = make_grant(make_user("ada"), release.variant.family, now=NOON).holder
    with django_assert_max_num_queries(20):
        links = mint_each(
            actor=ada, release=release, paths=[f"f{n}" for n in range(100)], address=HOME, user_agent="", now=NOON
        )
    assert (len(links), len({each.url for each in links})) == (100, 100)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("paths", [["a", "b"] * 3, ["b"] * 6])
def test_links_made_at_once_never_exceed_the_day(settings: Settings, paths: list[str]) -> None:
    settings.DOWNLOAD_BYTES_PER_DAY = 1000
    release = make_files(a=600, b=400)
    grant = make_grant(make_user("ada"), release.variant.family, now=NOON)
    addresses = [f"192.0.2.{n}" for n in range(len(paths))]
    connection.close()

    def one(path: str, address: str) -> Any:
        return lambda: link(User.objects.get(), Release.objects.get(), path, address)

    outcomes = at_once(*map(one, paths, addresses))
    assert used(grant) <= 1000
    assert sum(Mint.objects.values_list("counted_bytes", flat=True)) == used(grant)
    assert outcomes.count("ok") == Mint.objects.count() == 2
