"""What clients report of files: only of their own links, once for each, whatever became of the grant."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import User
from access_portal.grants.models import Grant
from release.delivery import mint
from release.forgetting import addresses_due, forget_addresses_due
from release.models import FetchReport, Release
from release.reporting import report_files
from tests.factories import make_grant, make_release, make_user
from tests.races import at_once
from tests.release.api.test_models_api import bearer

pytestmark = pytest.mark.django_db
REPORTS = "/portal/v1/releases/toy/1m/v1/reports"


@pytest.fixture
def release() -> Release:
    return make_release()


@pytest.fixture
def ada(release: Release) -> User:
    return make_grant(make_user("ada"), release.variant.family).holder


def fetch(user: User, release: Release) -> None:
    mint(actor=user, release=release, path="params.json", address=None, user_agent="", now=timezone.now())


def report(user: User, outcome: str = "verified", path: str = "params.json", client: str = "gatehouse/0.1") -> Any:
    body = {"files": [{"path": path, "outcome": outcome}], "client": client}
    return Client().post(REPORTS, body, content_type="application/json", headers=bearer(user))


def test_a_report_is_kept_under_the_grant_of_the_link(ada: User, release: Release) -> None:
    fetch(ada, release)
    assert report(ada, client="gatehouse/0.1\u202e\n").status_code == 204
    kept = FetchReport.objects.get()
    assert (kept.user, kept.grant, kept.outcome, kept.client) == (ada, Grant.objects.get(), "verified", "gatehouse/0.1")


def test_the_same_word_about_the_same_link_is_kept_once(ada: User, release: Release) -> None:
    fetch(ada, release)
    for outcome in ("damaged", "damaged", "verified", "damaged", "verified"):
        assert report(ada, outcome).status_code == 204
    assert list(FetchReport.objects.order_by("pk").values_list("outcome", flat=True)) == ["damaged", "verified"]
    fetch(ada, release)
    report(ada, "verified")
    assert FetchReport.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_the_same_word_said_at_once_is_kept_once(ada: User, release: Release) -> None:
    """As by a client that did not hear the answer and says it again."""
    fetch(ada, release)
    connection.close()

    def say() -> None:
        said = {"params.json": FetchReport.Outcome.VERIFIED}
        actor, release = User.objects.get(), Release.objects.get()
        report_files(actor=actor, release=release, outcomes=said, client="", now=timezone.now())

    assert at_once(*[say] * 6) == ["ok"] * 6
    assert FetchReport.objects.count() == 1


def test_who_never_had_a_link_reports_nothing(ada: User, release: Release) -> None:
    fetch(ada, release)
    ben = make_grant(make_user("ben"), release.variant.family).holder
    answer = report(ben)
    assert (answer.status_code, answer.json()["code"]) == (409, "link_never_made")
    assert not FetchReport.objects.exists()


def test_a_file_that_is_not_of_the_release_is_not_found(ada: User, release: Release) -> None:
    fetch(ada, release)
    assert report(ada, path="../x").json()["code"] == "file_not_found"


def test_what_was_fetched_can_be_reported_after_the_end(ada: User, release: Release) -> None:
    fetch(ada, release)
    Grant.objects.update(state="revoked", state_reason="So.", state_changed_at=timezone.now() - timedelta(days=1))
    Release.objects.update(state="withdrawn")
    assert (report(ada).status_code, FetchReport.objects.count()) == (204, 1)


@pytest.mark.parametrize(
    "body",
    [{}, {"files": []}, {"files": [{"path": "params.json", "outcome": "fine"}]}, {"files": [{"path": "params.json"}]},
     {"files": [{"path": "a", "outcome": "verified"}] * 1001}, {"files": "all"},
     {"files": [{"path": "params.json", "outcome": "verified"}], "client": "x" * 101}],
)  # fmt: skip
def test_what_is_no_report_is_refused(ada: User, body: Any) -> None:
    answer = Client().post(REPORTS, body, content_type="application/json", headers=bearer(ada))
    assert (answer.status_code, FetchReport.objects.count()) == (422, 0)


def test_after_a_year_the_program_is_forgotten_and_the_report_stays(ada: User, release: Release) -> None:
    fetch(ada, release)
    report(ada)
    soon, later = (timezone.now() + timedelta(days=days) for days in (364, 366))
    assert (addresses_due(soon).count, forget_addresses_due(soon)) == (0, 0)
    assert forget_addresses_due(later) == 1
    assert FetchReport.objects.values_list("client", "outcome").get() == ("", "verified")


@pytest.mark.parametrize("change", [{"outcome": "damaged"}, {"client": "another"}, {"reported_at": timezone.now()}])
def test_a_report_is_never_rewritten(ada: User, release: Release, change: dict[str, Any]) -> None:
    fetch(ada, release)
    report(ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        FetchReport.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        FetchReport.objects.all().delete()
