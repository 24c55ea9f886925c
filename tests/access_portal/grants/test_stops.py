"""One button stops everything of a person, a lab, a family or the house, and another lets it go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from access_portal.accounts.models import Role
from access_portal.applications.models import Conflict
from access_portal.audit.models import Event
from access_portal.errors import GatehouseError, PermissionRefusedError
from access_portal.grants import stop_mail, stops
from access_portal.grants.commands import create_grant
from access_portal.grants.models import Grant, GrantMember, Stop, StopNotice
from access_portal.grants.policy import Action, Granted, Model, decide
from access_portal.grants.stop_reach import Reach, reach
from access_portal.grants.stops import Scope, Target
from access_portal.outbox.models import OutboxMail
from release.models import Family
from tests.access_portal.grants.situations import DAY
from tests.factories import make_acceptance, make_family, make_grant, make_release, make_user, make_variant
from tests.inference_worker.jobs import make_batch

pytestmark = pytest.mark.django_db
NOW = timezone.now()


class House:
    """Ada's grant, a lab of Pia with Mia in it, and Eve's grant for another family."""

    def __init__(self) -> None:
        self.family: Family = make_family("toy")
        self.other: Family = make_family("other")
        self.ada, self.pia, self.mia, self.eve = (make_user(name) for name in ("ada", "pia", "mia", "eve"))
        self.dan = make_user("dan", Role.DECIDER)
        self.own = make_grant(self.ada, self.family, now=NOW, token_quota=1_000_000)
        self.lab = make_grant(self.pia, self.family, now=NOW, kind="lab", lab_name="Pia's lab")
        self.elsewhere = make_grant(self.eve, self.other, now=NOW)
        GrantMember.objects.create(
            grant=self.lab, email=self.mia.email, invited_by=self.pia, invited_at=NOW, user=self.mia, joined_at=NOW,
            acceptance=make_acceptance(self.mia, self.lab.licence_version),
        )  # fmt: skip

    def target(self, what: str) -> Target:
        return {
            "ada": Target(Scope.PERSON, user=self.ada), "pia": Target(Scope.PERSON, user=self.pia),
            "lab": Target(Scope.LAB, grant=self.lab), "family": Target(Scope.FAMILY, family_id=self.family.pk),
            "house": Target(Scope.HOUSE),
        }[what]  # fmt: skip

    def open_to(self) -> set[str]:
        """Who may download from the family of their grant."""
        doors = {"ada": self.family, "pia": self.family, "mia": self.family, "eve": self.other}
        return {
            name
            for name, family in doors.items()
            if isinstance(decide(getattr(self, name), Action.DOWNLOAD, _model(family), NOW), Granted)
        }


def _model(family: Family) -> Model:
    version = family.weights_licence.versions.get()
    return Model(family.pk, 0, version.pk, withdrawn=False, name="M", family_slug=family.slug)


@pytest.fixture
def house(db: None) -> House:
    return House()


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(GatehouseError) as caught:
        call()
    return caught.value.code


EVERYBODY = {"ada", "pia", "mia", "eve"}
STILL_OPEN = {
    "ada": {"pia", "mia", "eve"}, "pia": {"ada", "eve"}, "lab": {"ada", "eve"}, "family": {"eve"}, "house": set(),
}  # fmt: skip


@pytest.mark.parametrize("what", STILL_OPEN)
def test_a_stop_takes_effect_at_once_and_on_nobody_else(house: House, what: str) -> None:
    assert house.open_to() == EVERYBODY
    made = stops.stop(actor=house.dan, target=house.target(what), reason=" A leak. ", now=NOW)
    assert house.open_to() == STILL_OPEN[what]
    assert (made.reason, made.by, made.at) == ("A leak.", house.dan, NOW)
    stops.lift(actor=house.dan, stop_id=made.pk, reason="Found.", now=NOW)
    assert house.open_to() == EVERYBODY
    events = Event.objects.filter(subject=f"stop:{made.pk}").order_by("pk")
    assert [(event.name, event.actor) for event in events] == [("stop_made", house.dan), ("stop_lifted", house.dan)]


@pytest.mark.parametrize("role", Role)
def test_deciders_administrators_and_operators_may_stop_and_lift(house: House, role: Role) -> None:
    may = role in (Role.DECIDER, Role.ADMIN, Role.OPERATOR)
    sam = make_user("sam", role)
    standing = stops.stop(actor=house.dan, target=house.target("lab"), reason="A leak.", now=NOW)
    if may:
        stops.stop(actor=sam, target=house.target("ada"), reason="A leak.", now=NOW)
        stops.lift(actor=sam, stop_id=standing.pk, reason="Over.", now=NOW)
    else:
        assert code_of(lambda: stops.stop(actor=sam, target=house.target("ada"), reason="x", now=NOW)) == "role_missing"
        assert code_of(lambda: stops.lift(actor=sam, stop_id=standing.pk, reason="x", now=NOW)) == "role_missing"
    assert Stop.objects.filter(user=house.ada, lifted_at=None).exists() == may


def test_nobody_stops_or_lifts_their_own(house: House) -> None:
    dan = house.dan
    assert code_of(lambda: stops.stop(actor=dan, target=Target(Scope.PERSON, user=dan), reason="x", now=NOW)) == (
        "own_case"
    )
    lab = make_grant(dan, house.other, now=NOW, kind="lab", lab_name="Dan's lab")
    stopped = stops.stop(actor=make_user("sam", Role.ADMIN), target=Target(Scope.LAB, grant=lab), reason="x", now=NOW)
    assert code_of(lambda: stops.lift(actor=dan, stop_id=stopped.pk, reason="x", now=NOW)) == "own_case"


def test_stopped_staff_cannot_undo_anything(house: House) -> None:
    sam = make_user("sam", Role.ADMIN, Role.DECIDER)
    stopped = stops.stop(actor=house.dan, target=Target(Scope.PERSON, user=sam), reason="Stolen account.", now=NOW)
    assert code_of(lambda: stops.lift(actor=sam, stop_id=stopped.pk, reason="x", now=NOW)) == "stopped"
    assert code_of(lambda: stops.stop(actor=sam, target=house.target("ada"), reason="x", now=NOW)) == "stopped"


BAD = {"": "reason_missing", " \n": "reason_missing", "x" * 2001: "reason_too_long"}


@pytest.mark.parametrize("reason", BAD)
def test_a_reason_is_needed_for_both(house: House, reason: str) -> None:
    standing = stops.stop(actor=house.dan, target=house.target("lab"), reason="x" * 2000, now=NOW)
    again = [
        lambda: stops.stop(actor=house.dan, target=house.target("ada"), reason=reason, now=NOW),
        lambda: stops.lift(actor=house.dan, stop_id=standing.pk, reason=reason, now=NOW),
    ]
    assert [code_of(call) for call in again] == [BAD[reason]] * 2


@pytest.mark.parametrize("what", STILL_OPEN)
def test_what_is_stopped_is_not_stopped_twice_but_again_after_it_was_lifted(house: House, what: str) -> None:
    def stop() -> Stop:
        return stops.stop(actor=house.dan, target=house.target(what), reason="A leak.", now=NOW)

    first = stop()
    assert code_of(stop) == "already_stopped"
    stops.lift(actor=house.dan, stop_id=first.pk, reason="Over.", now=NOW)
    assert code_of(lambda: stops.lift(actor=house.dan, stop_id=first.pk, reason="x", now=NOW)) == "not_stopped"
    assert stop().pk != first.pk


def test_only_a_lab_is_stopped_by_its_grant(house: House) -> None:
    target = Target(Scope.LAB, grant=house.own)
    assert code_of(lambda: stops.stop(actor=house.dan, target=target, reason="x", now=NOW)) == "not_a_lab"
    assert code_of(lambda: stops.lift(actor=house.dan, stop_id=0, reason="x", now=NOW)) == "not_stopped"


REACHED = {
    "ada": Reach(1, 1, 2, ["Ada Example (ada)"]),
    "pia": Reach(2, 1, 1, ["Pia Example (pia)", "Mia Example (mia)"]),
    "lab": Reach(2, 1, 1, ["Pia Example (pia)", "Mia Example (mia)"]),
    "family": Reach(3, 2, 3, ["Ada Example (ada)", "Pia Example (pia)", "Mia Example (mia)"]),
}


@pytest.mark.parametrize("what", REACHED)
def test_whom_and_what_it_would_touch_is_counted_beforehand(house: House, what: str) -> None:
    make_grant(house.eve, house.family, now=NOW, ends_at=NOW)  # over: it gives nothing that could be stopped
    release = make_release(make_variant(house.family))
    make_batch(house.own, release, stored=False)
    make_batch(house.own, release, stored=False, state="validating")
    make_batch(house.own, release, stored=False, state="completed")
    make_batch(house.lab, release, stored=False, owner=house.mia)
    assert reach(house.target(what), NOW) == REACHED[what]


def told() -> list[tuple[str, str]]:
    return sorted(
        (mail.to.partition("@")[0], mail.subject.split()[2])
        for mail in OutboxMail.objects.filter(about__startswith="stop:")
    )


TOLD = {"ada": ["ada"], "pia": ["mia", "pia"], "lab": ["mia", "pia"], "family": ["ada", "mia", "pia"],
        "house": ["ada", "eve", "mia", "pia"]}  # fmt: skip


@pytest.mark.parametrize("what", TOLD)
def test_everybody_concerned_is_told_once_of_each(house: House, what: str) -> None:
    made = stops.stop(actor=house.dan, target=house.target(what), reason="A leak.", now=NOW)
    assert [stop_mail.tell_due(NOW) for _ in range(2)] == [len(TOLD[what]), 0]
    assert told() == [(name, "is") for name in TOLD[what]]
    assert all("A leak." in mail.body and "%" not in mail.body for mail in OutboxMail.objects.all())
    stops.lift(actor=house.dan, stop_id=made.pk, reason="Mended.", now=NOW)
    assert [stop_mail.tell_due(NOW) for _ in range(2)] == [len(TOLD[what]), 0]
    assert [name for name, word in told() if word == "goes"] == TOLD[what]
    assert "Mended." in OutboxMail.objects.latest("pk").body


def test_many_are_told_in_slices_and_who_was_not_told_hears_of_no_lifting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop_mail, "SLICE", 2)
    made = stops.stop(actor=house.dan, target=house.target("house"), reason="A leak.", now=NOW)
    assert stop_mail.tell_due(NOW) == 2
    stops.lift(actor=house.dan, stop_id=made.pk, reason="Mended.", now=NOW)
    assert [stop_mail.tell_due(NOW) for _ in range(3)] == [2, 0, 0]
    assert StopNotice.objects.filter(kind="lifted").count() == StopNotice.objects.filter(kind="stopped").count() == 2
    made.refresh_from_db()
    assert (made.told_at, made.lift_told_at) == (NOW, NOW)


def test_whoever_got_a_grant_after_the_stop_is_told_too_while_it_is_being_told(house: House) -> None:
    stops.stop(actor=house.dan, target=house.target("family"), reason="A leak.", now=NOW)
    make_grant(make_user("zoe"), house.family, now=NOW)
    assert stop_mail.tell_due(NOW + DAY) == 4


BROKEN = [
    "UPDATE grants_stop SET reason = 'None.'",
    "DELETE FROM grants_stop",
    "UPDATE grants_stop SET lifted_at = NULL, lifted_by_id = NULL",
    "UPDATE grants_stop SET lift_reason = 'Other.'",
    "DELETE FROM grants_stopnotice",
]


@pytest.mark.parametrize("statement", BROKEN)
def test_what_was_stopped_and_lifted_stays_on_record(house: House, statement: str) -> None:
    made = stops.stop(actor=house.dan, target=house.target("ada"), reason="A leak.", now=NOW)
    stop_mail.tell_due(NOW)
    stops.lift(actor=house.dan, stop_id=made.pk, reason="Mended.", now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_stopped_lab_cannot_escape_into_a_new_grant(house: House) -> None:
    """A stop names one grant, so nothing takes its place before the stop is lifted."""
    made = stops.stop(actor=house.dan, target=house.target("lab"), reason="A leak.", now=NOW)

    def renew() -> Grant:
        return create_grant(
            holder=house.pia, family_id=house.family.pk, licence_version=house.lab.licence_version, variants=(),
            whole_family=True, kind=Grant.Kind.LAB, lab_name="Pia's lab", supersedes=house.lab, starts_at=NOW,
            ends_at=NOW + DAY, reason="Renewed.", token_quota=1, may_download=True, may_infer=True,
            given_by=house.dan, now=NOW,
        )  # fmt: skip

    assert code_of(renew) == "stopped"
    stops.lift(actor=house.dan, stop_id=made.pk, reason="Mended.", now=NOW)
    assert renew().supersedes == house.lab
    assert house.open_to() == EVERYBODY


def test_who_stands_near_may_stop_a_colleague_and_not_let_them_go_on() -> None:
    ada, ben, dan = make_user("ada"), make_user("ben", Role.DECIDER), make_user("dan", Role.DECIDER)
    Conflict.objects.create(user=ben, applicant=ada, declared_at=NOW)
    made = stops.stop(actor=ben, target=Target(Scope.PERSON, user=ada), reason="A leak.", now=NOW)
    with pytest.raises(PermissionRefusedError) as error:
        stops.lift(actor=ben, stop_id=made.pk, reason="It is fine.", now=NOW)
    assert error.value.code == "conflict_of_interest"
    assert stops.lift(actor=dan, stop_id=made.pk, reason="It is fine.", now=NOW).lifted_by == dan
