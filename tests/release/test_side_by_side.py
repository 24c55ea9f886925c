"""While a link is made, what it rests on cannot be changed, and other links can be made beside it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.grants.models import Grant
from release import delivery
from release.models import Mint, Release
from tests.access_portal.grants.life_scenes import make_lab
from tests.factories import make_family, make_grant, make_release, make_user, make_variant

pytestmark = [pytest.mark.django_db(transaction=True)]
CHANGES: dict[str, Callable[[], object]] = {
    "revoking the grant": lambda: Grant.objects.select_for_update(nowait=True).get(),
    "withdrawing the release": lambda: Release.objects.select_for_update(nowait=True).get(),
    "a plain change of the grant": lambda: Grant.objects.select_for_update(nowait=True, no_key=True).get(),
}


def elsewhere(call: Callable[[], object]) -> str:
    """The outcome of a call on a connection of its own."""

    def run() -> str:
        try:
            with transaction.atomic():
                call()
        except OperationalError:
            return "would wait"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result()


def link(user: User, release: Release) -> None:
    delivery.mint(actor=user, release=release, path="params.json", address=None, user_agent="", now=timezone.now())


def lab_of(ada: User, mem: User) -> Release:
    family = make_family()
    release = make_release(make_variant(family))
    make_lab(ada, family, mem, ends_at=timezone.now() + timedelta(days=9))
    return release


@pytest.mark.parametrize("member", [False, True], ids=["holder", "member"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_waits_for_the_link(change: Callable[[], object], member: bool) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at any time")
    ada, mem = make_user("ada"), make_user("mem")
    release = lab_of(ada, mem)
    with transaction.atomic():
        link(mem if member else ada, release)
        assert elsewhere(change) == "would wait"
    assert elsewhere(change) == "done"


def test_links_of_one_person_are_made_beside_each_other() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at any time")
    release = make_release()
    ada = make_grant(make_user("ada"), release.variant.family).holder
    link(ada, release)  # the bytes are counted, so that no turn is taken any more
    with transaction.atomic():
        link(ada, release)
        assert elsewhere(lambda: link(ada, release)) == "done"
    assert Mint.objects.count() == 3
