"""What the script of the form hears when it saves."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.applications import commands
from access_portal.applications.models import Application, State
from tests.access_portal.applications.posting import filled_in
from tests.access_portal.applications.scenes import ANSWERS, make_application, make_open_family
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(client: Client) -> Application:
    ada = make_user("ada")
    client.force_login(ada)
    return commands.start_application(actor=ada, family=make_open_family(), now=timezone.now())


def test_it_hears_the_new_version_the_time_and_what_is_missing(draft: Application, client: Client) -> None:
    told = client.post(f"/applications/{draft.number}/draft/", filled_in(draft, institution="")).json()
    draft.refresh_from_db()
    assert told["version"] == draft.version
    assert told["saved_at"] == draft.saved_at.isoformat()
    assert told["progress"]["you"] == 1
    assert (told["progress"]["research"], told["problems"], told["unkept"]) == (0, {}, [])


def test_it_hears_what_cannot_be_used(draft: Application, client: Client) -> None:
    told = client.post(f"/applications/{draft.number}/draft/", filled_in(draft, orcid="1234")).json()
    assert list(told["problems"]) == ["orcid"]


def test_it_hears_which_text_is_too_long_to_keep(draft: Application, client: Client) -> None:
    told = client.post(f"/applications/{draft.number}/draft/", filled_in(draft, purpose="x" * 30_000)).json()
    assert told["unkept"] == ["purpose"]


def test_a_newer_version_is_never_overwritten(draft: Application, client: Client) -> None:
    stale = filled_in(draft, sharing="Mine.")
    client.post(f"/applications/{draft.number}/draft/", filled_in(draft, sharing="Theirs."))
    answer = client.post(f"/applications/{draft.number}/draft/", stale)
    draft.refresh_from_db()
    assert answer.status_code == 409
    told = answer.json()
    assert (told["code"], told["version"]) == ("stale_version", draft.version)
    assert [(change["theirs"], change["mine"]) for change in told["differences"]] == [("Theirs.", "Mine.")]
    assert draft.answers["sharing"] == "Theirs."


def test_the_same_words_again_are_no_conflict_and_no_new_version(draft: Application, client: Client) -> None:
    posted = filled_in(draft)
    first = client.post(f"/applications/{draft.number}/draft/", posted).json()
    second = client.post(f"/applications/{draft.number}/draft/", posted)
    assert second.status_code == 200
    assert second.json()["version"] == first["version"]


def test_signed_out_is_said_in_json_and_nothing_is_saved(draft: Application, client: Client) -> None:
    client.logout()
    for answer in (
        client.get(f"/applications/{draft.number}/draft/"),
        client.post(f"/applications/{draft.number}/draft/", filled_in(draft)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    draft.refresh_from_db()
    assert draft.answers == {}


def test_after_signing_in_again_a_fresh_token_is_to_be_had(draft: Application) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(draft.applicant)
    token = client.get(f"/applications/{draft.number}/draft/").json()["token"]
    posted = {**filled_in(draft), "csrfmiddlewaretoken": token}
    assert client.post(f"/applications/{draft.number}/draft/", posted).status_code == 200


@pytest.mark.parametrize("state", [s for s in State if s not in (State.DRAFT, State.INFO_REQUESTED)])
def test_what_was_sent_elsewhere_is_not_written_in(state: State, client: Client) -> None:
    ada = make_user("ada")
    client.force_login(ada)
    case = make_application(ada, make_open_family(), state)
    answer = client.post(f"/applications/{case.number}/draft/", filled_in(case, sharing="Late."))
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    case.refresh_from_db()
    assert case.answers == ANSWERS


def test_nothing_of_it_is_kept_by_caches(draft: Application, client: Client) -> None:
    assert "no-store" in client.get(f"/applications/{draft.number}/draft/")["Cache-Control"]
