"""Signals: each is seen when it should be and not otherwise, names its source, and never decides anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import DatabaseError, transaction
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import Application, Signal, State
from access_portal.applications.signals import TITLES, Level, Seen, keep_signal, note_signals
from access_portal.applications.standing import allowed_commands
from access_portal.applications.watched_countries import LIST_VERSION, WATCHED
from access_portal.questionnaires.countries import COUNTRIES
from release.models import Family
from tests.access_portal.applications.scenes import (
    ANSWERS,
    DAY,
    HOUR,
    NOW,
    make_application,
    make_open_family,
    make_staff,
    submit,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ADA, OTHER = str(ANSWERS["orcid"]), "0000-0001-5109-3700"
PURPOSE = str(ANSWERS["purpose"])


@pytest.fixture
def family() -> Family:
    return make_open_family()


def make_applicant(name: str = "ada", email: str = "", days: int = 90, **fields: Any) -> User:
    """Somebody who joined long before; `email` takes the place of the address that names the institution."""
    user = make_user(name, date_joined=NOW - days * DAY, **fields)
    if email:
        User.objects.filter(pk=user.pk).update(email=email)
        EmailAddress.objects.filter(user=user).update(email=email)
        user.refresh_from_db()
    return user


def seen(application: Application) -> dict[str, tuple[str, str]]:
    """Kind -> level and value, of the signals noted now."""
    note_signals(application, NOW)
    return {row.kind: (row.level, row.value) for row in Signal.objects.filter(application=application)}


def case(applicant: User, family: Family, **answers: Any) -> Application:
    return make_application(applicant, family, answers={**ANSWERS, **answers})


ADDRESSES = [
    ("ada@gmail.com", "Example University", "free_mail", "gmail.com"),
    ("ada@GMAIL.com", "Gmail University", "free_mail", "gmail.com"),
    ("ada@hotmail.fr", "Hotmail Institute", "free_mail", "hotmail.fr"),
    ("ada@yahoo.com.my", "Example", "free_mail", "yahoo.com.my"),
    ("ada@live.unc.edu", "University of North Carolina", "affiliation_matches", "live.unc.edu"),
    ("ada@cs.example.edu", "Example University", "affiliation_matches", "cs.example.edu"),
    ("ada@uliege.be", "Université de Liège", "affiliation_matches", "uliege.be"),
    ("ada@usm.my", "Universiti Sains Malaysia", "affiliation_matches", "usm.my"),
    ("ada@lab.test", "Example University", "affiliation_unclear", "lab.test"),
    ("ada@university.test", "The University", "affiliation_unclear", "university.test"),
    ("ada@lab.test", "", "affiliation_unclear", "lab.test"),
    ("ada@lab.test", "<script>\u202e" + "x" * 5000, "affiliation_unclear", "lab.test"),
]


@pytest.mark.parametrize(("email", "institution", "kind", "domain"), ADDRESSES)
def test_an_address_speaks_for_the_institution_or_does_not(
    family: Family, email: str, institution: str, kind: str, domain: str
) -> None:
    found = seen(case(make_applicant(email=email), family, institution=institution))
    assert found[kind][1] == domain
    assert len({"free_mail", "affiliation_matches", "affiliation_unclear"} & set(found)) == 1


@pytest.mark.parametrize(("verified", "kind"), [(True, "affiliation_matches"), (False, "free_mail")])
def test_a_second_address_counts_once_it_is_proven(family: Family, verified: bool, kind: str) -> None:
    ada = make_applicant(email="ada@gmail.com")
    EmailAddress.objects.create(user=ada, email="ada@cs.example.edu", verified=verified)
    assert kind in seen(case(ada, family))


@pytest.mark.parametrize(
    ("country", "watched"),
    [
        ("Iran", True), (" RUSSIAN  federation ", True), ("Korea, Democratic People’s Republic of", True),
        ("Ｃｕｂａ", True), ("Malaysia", False), ("Korea, Republic of", False), ("", False), ("Iranian studies", False),
    ],
)  # fmt: skip
def test_a_country_on_the_list_is_seen_with_the_version_of_the_list(
    family: Family, country: str, watched: bool
) -> None:
    application = case(make_applicant(), family, country=country)
    assert ("watched_country" in seen(application)) == watched
    if watched:
        assert Signal.objects.get(kind="watched_country").source == LIST_VERSION


def test_every_watched_country_that_the_form_suggests_is_recognised() -> None:
    suggested = {name.casefold().replace("’", "'") for name in COUNTRIES}
    expected = {"belarus", "cuba", "iran", "russian federation", "syrian arab republic"}
    assert expected | {"korea, democratic people's republic of"} <= suggested & WATCHED


NAMES = [
    ("Ada Lovelace", True), ("ADA LOVELACE", True), ("ada lovelace", True), ("Ada Lovelac", False), ("", False),
    ("Ada  Lovelace", True), ("Ａｄａ Lovelace", True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "same"), NAMES)
def test_a_namesake_who_applied_is_seen(family: Family, name: str, same: bool) -> None:
    other = case(named("bea", "Ada Lovelace"), family)
    found = seen(case(named("ada", name), make_open_family("gander"), orcid="", web_page=""))
    assert ("duplicate_applicant" in found) == same
    if same:
        assert found["duplicate_applicant"][1] == f"name: {other.number}"


def named(username: str, full_name: str) -> User:
    user = make_applicant(username)
    User.objects.filter(pk=user.pk).update(full_name=full_name)
    user.refresh_from_db()
    return user


@pytest.mark.parametrize("accented", ["JOSÉ ÁLVAREZ", "josé álvarez", "José Álvarez", "Jose\u0301 A\u0301lvarez"])
def test_case_and_composition_of_accents_do_not_make_another_name(family: Family, accented: str) -> None:
    case(named("jose", "José Álvarez"), family)
    assert "duplicate_applicant" in seen(
        case(named("pepe", accented), make_open_family("gander"), orcid="", web_page="")
    )


@pytest.mark.parametrize(("answer", "what"), [("orcid", "ORCID"), ("web_page", "page")])
def test_the_same_orcid_or_page_of_two_people_is_seen(family: Family, answer: str, what: str) -> None:
    other = case(named("bea", "Bea"), family)
    alone = {"orcid": "", "web_page": "", answer: ANSWERS[answer]}
    found = seen(case(named("ada", "Ada"), make_open_family("gander"), **alone))
    assert found["duplicate_applicant"] == ("warning", f"{what}: {other.number}")


def test_ones_own_earlier_application_and_others_drafts_are_no_duplicates(family: Family) -> None:
    ada = make_applicant()
    make_application(ada, family, State.WITHDRAWN)
    make_application(make_applicant("bea"), family, State.DRAFT)
    found = seen(case(ada, make_open_family("gander")))
    assert not {"duplicate_applicant", "same_purpose"} & set(found)


@pytest.mark.parametrize(
    ("purpose", "same"),
    [(PURPOSE, True), (PURPOSE + " More.", False), ("Too short to be telling.", False), ("", False)],
)
def test_a_purpose_with_the_words_of_another_is_seen(family: Family, purpose: str, same: bool) -> None:
    other = case(make_applicant("bea"), family, purpose=purpose if len(purpose) < 100 else PURPOSE)
    found = seen(case(make_applicant(), make_open_family("gander"), purpose=purpose))
    assert found.get("same_purpose") == (("warning", other.number) if same else None)


@pytest.mark.parametrize(("hours", "new"), [(1, True), (47, True), (48, False), (2000, False)])
def test_a_new_account_is_seen(family: Family, hours: int, new: bool) -> None:
    ada = make_applicant()
    ada.date_joined = NOW - hours * HOUR
    ada.save()
    assert ("new_account" in seen(case(ada, family))) == new


@pytest.mark.parametrize("kind", ["supervisor", "referee"])
@pytest.mark.parametrize(("email", "value"), [("g@gmail.com", "@gmail.com"), ("g@uni.example", None), ("", None)])
def test_a_voucher_with_a_free_mail_address_is_seen_without_the_address(
    family: Family, kind: str, email: str, value: str | None
) -> None:
    found = seen(case(make_applicant(), family, **{f"{kind}_email": email}))
    assert found.get("vouched_from_free_mail") == (("warning", f"{kind}, {value}") if value else None)


@pytest.mark.parametrize(
    ("typed", "linked", "kind"),
    [(ADA, ADA, "orcid_signed_in"), (ADA, OTHER, "orcid_differs"), (ADA, "", None), ("", ADA, None)],
)
def test_an_orcid_is_held_against_the_one_that_signed_in(
    family: Family, typed: str, linked: str, kind: str | None
) -> None:
    ada = make_applicant()
    if linked:
        SocialAccount.objects.create(user=ada, provider="orcid", uid=linked)
    found = seen(case(ada, family, orcid=typed))
    assert {name for name in found if name.startswith("orcid")} == ({kind} if kind else set())


def test_an_orcid_that_another_account_has_proven_is_seen(family: Family) -> None:
    SocialAccount.objects.create(user=make_applicant("bea"), provider="orcid", uid=ADA)
    assert seen(case(make_applicant(), family))["orcid_of_other"] == ("warning", ADA)


HOSTILE = ["<script>alert(1)</script>", "\u202eevil", "x" * 100_000, "' OR 1=1 --", "%", "\n\r\t", 7, None, [], {}]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("question", ["institution", "country", "orcid", "web_page", "purpose", "supervisor_email"])
def test_hostile_answers_make_no_error_and_no_long_value(family: Family, question: str, value: object) -> None:
    make_application(make_applicant("bea"), family, answers={**ANSWERS, question: value})
    found = seen(case(make_applicant(), make_open_family("gander"), **{question: value}))
    assert all(len(text) <= 300 for _level, text in found.values())


def test_a_signal_is_kept_once_a_round_and_never_changes(family: Family) -> None:
    application = case(make_applicant(), family)
    for _ in range(2):
        keep_signal(application, Seen("free_mail", Level.NOTE, "gmail.com"), NOW)
    application.rounds = 2
    keep_signal(application, Seen("free_mail", Level.NOTE, "gmail.com"), NOW)
    assert list(Signal.objects.values_list("kind", "round")) == [("free_mail", 1), ("free_mail", 2)]
    for change in (lambda: Signal.objects.update(level="success"), lambda: Signal.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_every_kind_has_words_for_people(family: Family) -> None:
    kinds = {
        "free_mail", "affiliation_matches", "affiliation_unclear", "watched_country", "duplicate_applicant",
        "same_purpose", "new_account", "vouched_from_free_mail", "orcid_signed_in", "orcid_differs", "orcid_of_other",
        "voucher_confirmed", "voucher_denied", "voucher_unsure", "voucher_is_applicant",
    }  # fmt: skip
    assert set(TITLES) == kinds


@pytest.mark.parametrize("state", [State.SUBMITTED, State.IN_REVIEW, State.REVISED, State.RECOMMENDED])
def test_signals_neither_change_a_case_nor_stand_in_anybodys_way(family: Family, state: State) -> None:
    ben = make_staff("ben", Role.REVIEWER, Role.DECIDER)
    application = make_application(make_applicant(), family, state, holder=ben)
    before = Application.objects.filter(pk=application.pk).values().get(), allowed_commands(application, ben, NOW)
    for kind in TITLES:
        keep_signal(application, Seen(kind, Level.LOOK, "x"), NOW)
    after = Application.objects.get(pk=application.pk)
    assert (Application.objects.filter(pk=after.pk).values().get(), allowed_commands(after, ben, NOW)) == before


def test_a_case_with_every_warning_is_sent_and_taken_like_any_other(family: Family) -> None:
    ada = make_applicant(email="ada@gmail.com", days=0)
    SocialAccount.objects.create(user=make_applicant("bea"), provider="orcid", uid=ADA)
    application = submit(ada, family)
    assert application.state == State.SUBMITTED
    ben = make_staff("ben", Role.REVIEWER)
    taken = commands.claim(actor=ben, number=str(application.number), version=application.version, now=NOW + HOUR)
    assert taken.state == State.IN_REVIEW


def test_looking_takes_few_queries_however_many_have_applied(
    family: Family, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    application = case(make_applicant(), family, orcid="", web_page="", purpose="Short.")
    others = [make_application(make_applicant(f"other{n}"), family) for n in range(5)]
    assert len(others) == 5
    application = Application.objects.select_related("applicant").get(pk=application.pk)
    with django_assert_num_queries(6):  # addresses, name; one signal kept: look, savepoint, insert, savepoint
        note_signals(application, NOW + timedelta(days=30))
