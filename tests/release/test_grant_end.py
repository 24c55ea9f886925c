"""A grant that stops in the middle of a download: what was begun ends by itself, and nothing new is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import botocore.auth
import httpx
import pytest
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.applications.terms import Terms
from access_portal.errors import PermissionRefusedError
from access_portal.grants import commands
from access_portal.grants.models import Grant
from release.delivery import Link, mint
from release.models import Mint, Release
from tests.factories import make_grant, make_user

DAY = timedelta(days=1)
FILE = "consolidated.00.pth"


def link(user: User, release: Release, now: datetime) -> Link:
    return mint(actor=user, release=release, path=FILE, address=None, user_agent="", now=now)


@pytest.fixture
def grant(published: Release) -> Grant:
    return make_grant(make_user("ada"), published.variant.family)


def test_a_download_under_way_goes_on_and_the_next_link_is_refused_once_the_end_has_come(
    grant: Grant, published: Release
) -> None:
    now = timezone.now()
    short = make_grant(make_user("cy"), published.variant.family, ends_at=now + timedelta(seconds=600))
    made = link(short.holder, published, now)
    assert made.expires_at <= short.ends_at
    with httpx.stream("GET", made.url) as answer:
        chunks = answer.iter_bytes(16)
        first = next(chunks)
        commands.expire_due(short.ends_at)
        rest = b"".join(chunks)
    assert len(first + rest) == made.size_bytes
    with pytest.raises(PermissionRefusedError) as error:
        link(short.holder, published, short.ends_at)
    assert error.value.code == "grant_expired"
    assert Mint.objects.filter(grant=short).count() == 1


def _suspend(grant: Grant, ben: User, dan: User, now: datetime) -> None:
    commands.suspend(actor=ben, number=str(grant.number), reason="A doubt.", review_at=now + DAY, now=now)


def _revoke_at_once(grant: Grant, ben: User, dan: User, now: datetime) -> None:
    commands.revoke_at_once(actor=ben, number=str(grant.number), reason="A leak.", now=now)


def _revoke(grant: Grant, ben: User, dan: User, now: datetime) -> None:
    commands.propose_revocation(actor=ben, number=str(grant.number), reason="A leak.", now=now)
    commands.ratify_revocation(actor=dan, number=str(grant.number), now=now)


def _surrender(grant: Grant, ben: User, dan: User, now: datetime) -> None:
    words = "All copies were deleted today."
    commands.surrender(actor=grant.holder, number=str(grant.number), statement=words, now=now)


@pytest.mark.parametrize(
    ("stop", "code"),
    [
        (_suspend, "grant_suspended"), (_revoke_at_once, "grant_suspended"), (_revoke, "grant_revoked"),
        (_surrender, "grant_surrendered"),
    ],
)  # fmt: skip
def test_from_the_moment_it_is_stopped_no_link_is_made(
    stop: Callable[..., None], code: str, grant: Grant, published: Release
) -> None:
    ben, dan, now = make_user("ben", Role.DECIDER), make_user("dan", Role.DECIDER), timezone.now()
    assert httpx.get(link(grant.holder, published, now).url).status_code == 200
    stop(grant, ben, dan, now)
    with pytest.raises(PermissionRefusedError) as error:
        link(grant.holder, published, now)
    assert error.value.code == code


def test_the_link_that_was_made_before_dies_by_itself(
    grant: Grant, published: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signer's clock is set back by the longest life of a link, since nothing here waits."""
    past = timezone.now() - timedelta(seconds=901)
    with monkeypatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda *a, **k: past.replace(tzinfo=None))
        made = link(grant.holder, published, past)
    assert httpx.get(made.url).status_code == 403


def test_a_renewal_goes_on_where_the_old_grant_stopped(grant: Grant, published: Release) -> None:
    ben, now = make_user("ben", Role.DECIDER), timezone.now()
    ends = make_grant(make_user("cy"), published.variant.family, ends_at=now + 30 * DAY)
    outputs = "A paper, its data and its code."
    commands.ask_renewal(actor=ends.holder, number=str(ends.number), outputs=outputs, changes="Nothing.", now=now)
    terms = Terms(6, 100, may_download=True, may_infer=True, variants=(), whole_family=True, reason="It goes on.")
    new = commands.grant_renewal(actor=ben, number=str(ends.number), terms=terms, now=now)
    link(ends.holder, published, now)
    assert Mint.objects.latest("pk").grant == new
