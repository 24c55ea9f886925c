"""A new text may ask for a new acceptance, by a date: whom it concerns, from when, and who is reminded when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access_portal.accounts.models import User
from access_portal.audit.models import Event
from access_portal.errors import InvalidError
from access_portal.grants.models import Grant, GrantMember
from access_portal.licences.commands import publish_version
from access_portal.licences.models import Licence, LicenceVersion, ReconsentNotice
from access_portal.licences.queries import awaiting_consent, required_since
from access_portal.licences.reminders import remind_due
from access_portal.outbox.models import OutboxMail
from release.models import Family
from tests.factories import make_acceptance, make_family, make_grant, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def licence() -> Licence:
    return Licence.objects.create(slug="research", title="Research licence")


def publish(licence: Licence, number: str, *, at: datetime = NOW, by: datetime | None = None) -> LicenceVersion:
    return publish_version(
        licence=licence, number=number, text=f"Text {number}.", summary=[], actor=None, now=at, reconsent_by=by
    )


def test_nothing_is_required_where_no_version_asks(licence: Licence) -> None:
    publish(licence, "1")
    publish(licence, "2")
    assert required_since(licence, NOW + 999 * DAY) is None


def test_a_version_is_required_from_the_end_of_its_grace(licence: Licence) -> None:
    publish(licence, "1")
    second = publish(licence, "2", by=NOW + DAY)
    assert required_since(licence, NOW + DAY - timedelta(microseconds=1)) is None
    assert required_since(licence, NOW + DAY) == second


def test_the_newest_version_whose_grace_is_over_is_required(licence: Licence) -> None:
    second = publish(licence, "2", by=NOW + 9 * DAY)
    third = publish(licence, "3", at=NOW + DAY, by=NOW + 5 * DAY)
    publish(licence, "4", at=NOW + 2 * DAY)
    assert required_since(licence, NOW + 6 * DAY) == third
    assert required_since(licence, NOW + 10 * DAY) == third != second


def test_another_licence_requires_nothing_of_this_one(licence: Licence) -> None:
    publish(Licence.objects.create(slug="other", title="Other"), "2", by=NOW + DAY)
    assert required_since(licence, NOW + 2 * DAY) is None


def test_a_date_in_the_past_is_refused(licence: Licence) -> None:
    with pytest.raises(InvalidError) as error:
        publish(licence, "2", by=NOW)
    assert (error.value.code, error.value.field) == ("reconsent_in_the_past", "reconsent_by")
    assert not licence.versions.exists()


def test_the_date_is_on_record_with_the_publication(licence: Licence) -> None:
    publish(licence, "2", by=NOW + DAY)
    assert Event.objects.get(subject="licence:research").data["reconsent_by"] == "2026-03-02T12:00:00+00:00"


def test_whoever_accepted_nothing_owes_nothing(licence: Licence) -> None:
    publish(licence, "1")
    publish(licence, "2", at=NOW + DAY, by=NOW + 9 * DAY)
    assert awaiting_consent(make_user(), NOW) == []


def test_the_old_text_the_asking_one_and_the_one_to_accept_are_named(licence: Licence) -> None:
    first = publish(licence, "1")
    second = publish(licence, "2", at=NOW + DAY, by=NOW + 9 * DAY)
    third = publish(licence, "3", at=NOW + 2 * DAY, by=NOW + 30 * DAY)
    ada = make_user()
    make_acceptance(ada, first)
    [found] = awaiting_consent(ada, NOW + 9 * DAY)
    assert (found.accepted, found.required, found.current) == (first, second, third)
    assert (found.until, found.is_overdue) == (NOW + 9 * DAY, True)
    assert not awaiting_consent(ada, NOW + 8 * DAY)[0].is_overdue


@pytest.mark.parametrize(("accepted", "owes"), [("1", True), ("2", False), ("3", False)])
def test_this_version_or_a_later_one_settles_it(accepted: str, owes: bool, licence: Licence) -> None:
    texts = {"1": publish(licence, "1"), "2": publish(licence, "2", at=NOW + DAY, by=NOW + 9 * DAY)}
    texts["3"] = publish(licence, "3", at=NOW + 2 * DAY)
    ada = make_user()
    make_acceptance(ada, texts["1"])
    if accepted != "1":
        make_acceptance(ada, texts[accepted])
    assert bool(awaiting_consent(ada, NOW + 20 * DAY)) is owes


def test_the_most_urgent_licence_comes_first_and_others_do_not_mix_in(licence: Licence) -> None:
    other = Licence.objects.create(slug="other", title="Other")
    ada = make_user()
    for one, days in ((licence, 9), (other, 3)):
        make_acceptance(ada, publish(one, "1"))
        publish(one, "2", at=NOW + DAY, by=NOW + days * DAY)
    make_acceptance(make_user("cy"), other.versions.latest("published_at"))
    assert [found.current.licence for found in awaiting_consent(ada, NOW)] == [other, licence]


# Reminders


@pytest.fixture
def family(licence: Licence) -> Family:
    return make_family("toy", publish(licence, "1", at=NOW - 90 * DAY))


@pytest.fixture
def holder(family: Family) -> User:
    ada = make_user("ada")
    make_grant(ada, family, now=NOW)
    return ada


def told() -> list[str]:
    return [f"{row.user} {row.kind}" for row in ReconsentNotice.objects.select_related("user").order_by("pk")]


@pytest.mark.parametrize(
    ("days_before", "kinds"),
    [(15, []), (14, ["14_days"]), (4, ["14_days"]), (3, ["3_days"]), (1, ["3_days"]), (0, ["due"]), (-40, ["due"])],
)
def test_a_reminder_is_due_at_14_3_and_0_days(
    days_before: int, kinds: list[str], licence: Licence, holder: User
) -> None:
    publish(licence, "2", at=NOW - 60 * DAY, by=NOW + days_before * DAY)
    assert remind_due(NOW) == len(kinds)
    assert told() == [f"Ada Example {kind}" for kind in kinds]
    assert OutboxMail.objects.count() == len(kinds)


def test_a_rerun_sends_nothing_twice_and_each_stage_is_sent_once(licence: Licence, holder: User) -> None:
    publish(licence, "2", at=NOW - DAY, by=NOW + 20 * DAY)
    sent = [remind_due(NOW + hours * timedelta(hours=1)) for hours in range(24 * 22)]
    assert sum(sent) == 3
    assert told() == [f"Ada Example {kind}" for kind in ("14_days", "3_days", "due")]
    assert Event.objects.filter(subject=f"user:{holder.pk}", name="reconsent_reminded").count() == 3


def test_the_mail_says_what_changed_where_and_by_when(licence: Licence, holder: User) -> None:
    second = publish(licence, "2", at=NOW - DAY, by=NOW + 10 * DAY)
    remind_due(NOW)
    mail = OutboxMail.objects.get()
    assert mail.user == holder
    assert "by March 11, 2026" in mail.subject
    first = licence.versions.get(number="1")
    assert f"http://testserver/licences/{second.pk}/changes/?since={first.pk}" in mail.body
    assert f"http://testserver/licences/{second.pk}/" in mail.body


def test_whoever_has_accepted_is_left_in_peace(licence: Licence, holder: User) -> None:
    make_acceptance(holder, publish(licence, "2", at=NOW - DAY, by=NOW + 10 * DAY))
    assert remind_due(NOW) == 0


@pytest.mark.parametrize(
    "fields",
    [{"state": "revoked"}, {"state": "expired"}, {"ends_at": NOW}, {"state": "surrendered"}],
    ids=["revoked", "expired", "ended", "surrendered"],
)
def test_only_live_grants_count(fields: dict[str, Any], licence: Licence, family: Family) -> None:
    make_grant(make_user("ada"), family, now=NOW, **fields)
    publish(licence, "2", at=NOW - DAY, by=NOW + 10 * DAY)
    assert remind_due(NOW) == 0


def test_a_suspended_holder_is_told_too(licence: Licence, family: Family) -> None:
    make_grant(make_user("ada"), family, now=NOW, state=Grant.State.SUSPENDED)
    publish(licence, "2", at=NOW - DAY, by=NOW + 10 * DAY)
    assert remind_due(NOW) == 1


def test_a_closed_account_and_holders_of_other_licences_are_not_told(licence: Licence, family: Family) -> None:
    make_grant(make_user("ada", is_active=False), family, now=NOW)
    make_grant(make_user("cy"), make_family("other"), now=NOW)
    publish(licence, "2", at=NOW - DAY, by=NOW + 10 * DAY)
    assert remind_due(NOW) == 0


@pytest.mark.parametrize(("place", "count"), [("joined", 1), ("invited", 0), ("removed", 0)])
def test_members_of_a_lab_are_told_once_they_have_joined(
    place: str, count: int, licence: Licence, family: Family
) -> None:
    ada, mia = make_user("ada"), make_user("mia")
    grant = make_grant(ada, family, now=NOW, kind=Grant.Kind.LAB, lab_name="Lab")
    first = licence.versions.get()
    fields = {} if place == "invited" else {"user": mia, "joined_at": NOW, "acceptance": make_acceptance(mia, first)}
    if place == "removed":
        fields |= {"removed_at": NOW, "removed_by": ada}
    GrantMember.objects.create(grant=grant, email=mia.email, invited_by=ada, invited_at=NOW, **fields)
    publish(licence, "2", at=NOW - DAY, by=NOW + 10 * DAY)
    remind_due(NOW)
    assert OutboxMail.objects.filter(user=mia).count() == count
    assert OutboxMail.objects.filter(user=ada).count() == 1
