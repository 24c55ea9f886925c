"""Deprecating and withdrawing: what is said, to whom, and what comes of it at every door."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.errors import InvalidError
from access_portal.grants.policy import Action, Granted, decide, explain
from access_portal.outbox.models import OutboxMail
from release import queries
from release.models import Release
from release.publishing import deprecate_release, publish_release, telling, withdraw_release
from release.publishing.telling import tell_due
from tests.factories import make_family, make_grant, make_release, make_user, make_variant
from tests.release.publishing.scenes import DAY, NOW, fetched, fresh, manager

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)


def deprecate(release: Release, reason: str = "Better ones.", successor: Release | None = None) -> Release:
    return deprecate_release(release=release, reason=reason, successor=successor, actor=manager(), now=NOW)


def told(template: str) -> list[str]:
    mails = OutboxMail.objects.filter(template=template).order_by("pk")
    return [mail.user.username for mail in mails if mail.user is not None]


def test_those_who_fetched_it_within_a_year_are_told_what_to_use_instead() -> None:
    old = make_release()
    new = make_release(old.variant, "v2")
    for name, at in (("ada", NOW), ("cy", NOW - YEAR), ("dot", NOW - YEAR - DAY)):
        fetched(old, name, at)
    found = deprecate(old, "Digits are <wrong> & slow.", new)
    assert (found.state, found.deprecated_at, found.successor) == ("deprecated", NOW, new)
    assert told("release_deprecated") == ["ada", "cy"]
    body = OutboxMail.objects.filter(template="release_deprecated")[0].body
    assert "Digits are <wrong> & slow." in body
    assert "/models/toy/1m/v2/" in body


def test_what_is_deprecated_can_still_be_had_and_the_facts_say_so() -> None:
    release, ada = make_release(), make_user("ada")
    make_grant(ada, release.variant.family)
    model = queries.policy_model(deprecate(release))
    assert isinstance(decide(ada, Action.DOWNLOAD, model, timezone.now()), Granted)
    assert isinstance(decide(ada, Action.INFER, model, timezone.now()), Granted)
    facts = [fact.text for fact in explain(ada, Action.DOWNLOAD, model, timezone.now())]
    assert any("is deprecated: it can still be had" in text for text in facts)


def test_a_withdrawn_one_is_told_apart() -> None:
    release, ada = make_release(), make_user("ada")
    make_grant(ada, release.variant.family)
    withdrawn = withdraw_release(release=release, reason="Wrong.", actor=manager(), now=NOW)
    facts = explain(ada, Action.DOWNLOAD, queries.policy_model(withdrawn), timezone.now())
    assert [(fact.code, fact.text) for fact in facts if not fact.holds] == [
        ("release_withdrawn", "This release of Toy 1M was withdrawn.")
    ]


def test_what_main_stands_for() -> None:
    """Newest published, else newest deprecated, else newest withdrawn: by the day of publication, not of the change."""
    variant = make_variant()
    releases = [make_release(variant, version) for version in ("v1", "v2", "v3")]

    def main() -> str:
        found = queries.revision(variant, "main")
        latest = queries.latest_releases().get(variant.pk)
        assert found is not None
        assert found.state == "withdrawn" or found == latest == queries.latest_release(variant)
        return found.version

    assert main() == "v3"
    deprecate(releases[2])
    assert main() == "v2"
    deprecate(releases[1])
    withdraw_release(release=releases[0], reason="x", actor=manager(), now=NOW)
    assert main() == "v3"
    for release in releases[1:]:
        withdraw_release(release=release, reason="x", actor=manager(), now=NOW)
    assert (main(), queries.latest_releases(), queries.published_release("toy-1m")) == ("v3", {}, None)


def _unfit(old: Release) -> Iterable[Release]:
    yield old
    yield make_release(old.variant, "staged", "staged")
    yield make_release(old.variant, "gone", "withdrawn")
    yield make_release(old.variant, "going", "deprecated")
    yield make_release(make_variant(make_family("other")))


def test_nobody_is_sent_to_what_is_not_there_or_on_its_way_out() -> None:
    old = make_release()
    for successor in _unfit(old):
        with pytest.raises(InvalidError) as refused:
            deprecate(old, successor=successor)
        assert refused.value.code == "successor_unfit"
    assert fresh(old).state == "published"


@pytest.mark.parametrize(
    ("reason", "code"), [("", "reason_missing"), (" \n\0 ", "reason_missing"), ("x" * 2001, "reason_too_long")]
)
def test_reasons_that_nobody_could_read_are_refused(reason: str, code: str) -> None:
    release = make_release()
    withdraw = partial(withdraw_release, release=release, reason=reason, actor=manager(), now=NOW)
    for give in (partial(deprecate, release, reason), withdraw):
        with pytest.raises(InvalidError) as refused:
            give()
        assert (refused.value.code, refused.value.field) == (code, "reason")
    assert fresh(release).state == "published"


def test_another_reason_tells_those_people_again() -> None:
    old = make_release()
    fetched(old, "ada")
    deprecate(old, "Slow.")
    new = make_release(old.variant, "v2")
    deprecate_release(release=old, reason="Slow and wrong.", successor=new, actor=manager(), now=NOW + DAY)
    assert told("release_deprecated") == ["ada", "ada"]
    withdraw_release(release=old, reason="Wrong.", actor=manager(), now=NOW + DAY)
    assert told("release_withdrawn") == ["ada"]


def test_many_people_are_told_by_the_clock_and_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "SLICE", 2)
    release = make_release()
    names = [fetched(release, f"user{n}").username for n in range(5)]
    User.objects.filter(username="user4").update(is_active=False)
    withdraw_release(release=release, reason="Wrong.", actor=manager(), now=NOW)
    assert told("release_withdrawn") == names[:2]
    assert [tell_due(NOW + DAY) for _ in range(3)] == [2, 0, 0]
    assert told("release_withdrawn") == names[:4]
    assert fresh(release).told_at == NOW + DAY


@pytest.mark.usefixtures("s3_server")
def test_nothing_is_told_of_what_was_never_fetched_nor_published() -> None:
    with pytest.raises(Exception, match="was published before"):
        publish_release(release=make_release(), actor=manager(), now=NOW)
    assert (tell_due(NOW), OutboxMail.objects.count()) == (0, 0)


def test_another_reason_reaches_the_many_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "SLICE", 2)
    release = make_release()
    names = [fetched(release, f"user{n}").username for n in range(3)]
    for day in (NOW, NOW + DAY):
        deprecate_release(release=release, reason="Slow.", successor=None, actor=manager(), now=day)
        tell_due(day)
    assert told("release_deprecated") == [*names, *names]
