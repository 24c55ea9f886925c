"""Models and releases for programs: public facts, and the policy's answer for whoever asks."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from access_portal.accounts.models import User
from access_portal.accounts.tokens import issue_token
from release.models import Release
from tests.factories import make_grant, make_release, make_user, make_variant
from tests.release.situations import GRANTED, SITUATIONS, Arrange

pytestmark = pytest.mark.django_db
ONE = "/portal/v1/releases/toy/1m/v1"


def bearer(user: User, *scopes: str) -> dict[str, str]:
    secret = issue_token(actor=user, name="t", scopes=scopes or ["download"], days=1, now=timezone.now())[1]
    return {"Authorization": f"Bearer {secret}"}


def get(url: str, headers: dict[str, str] | None = None) -> Any:
    return Client().get(url, headers=headers)


@pytest.fixture
def release() -> Release:
    return make_release()


def test_everybody_reads_which_models_there_are(release: Release) -> None:
    make_variant(release.variant.family, "2m")
    body = get("/portal/v1/models").json()["data"]
    assert [(row["model"], row["latest"]) for row in body] == [("toy/1m", "v1"), ("toy/2m", None)]
    assert body[0]["releases"] == [
        {"version": "v1", "state": "published", "published_at": release.published_at.isoformat(),  # type: ignore[union-attr]
         "commit": release.commit, "bytes": 2, "layouts": []}
    ]  # fmt: skip
    assert (body[0]["access"]["code"], body[1]["access"]["code"]) == ("not_signed_in", "model_not_released")
    assert body[0]["access"]["url"] == "http://testserver/account/login/"


def test_everybody_reads_what_a_release_is(release: Release) -> None:
    body = get(ONE).json()
    assert (body["model"], body["commit"], body["deprecated"], body["withdrawn"]) == (
        "toy/1m", release.commit, None, None,
    )  # fmt: skip
    assert body["files"] == [
        {"path": "params.json", "layout": "any", "size": 2, "sha256": release.artifacts.get().sha256}
    ]
    assert get(body["manifest_url"].removeprefix("http://testserver")).status_code == 200
    assert get(body["licence"]["url"].removeprefix("http://testserver")).status_code == 200
    assert body["signature_url"] is None


@pytest.mark.parametrize(("arrange", "code"), SITUATIONS.values(), ids=SITUATIONS)
def test_access_is_told_in_the_policys_words(release: Release, arrange: Arrange, code: str) -> None:
    ada = make_user("ada")
    headers = bearer(ada)
    arrange(ada, release)
    answer = get(ONE, headers)
    if code == "account_closed":
        assert answer.status_code == 401
        return
    told = answer.json()["access"]
    assert (told["allowed"], told["code"]) == (code == GRANTED, "" if code == GRANTED else code)
    assert answer["Cache-Control"] == "no-store"


def test_what_was_withdrawn_stays_to_be_read_with_its_reason(release: Release) -> None:
    Release.objects.update(state="withdrawn", withdrawn_reason="It leaked.")
    body = get(ONE).json()
    assert (body["state"], body["withdrawn"], len(body["files"])) == ("withdrawn", {"reason": "It leaked."}, 1)


def test_what_is_deprecated_names_its_successor(release: Release) -> None:
    newer = make_release(release.variant, "v2")
    Release.objects.filter(pk=release.pk).update(state="deprecated", deprecated_reason="Slow.", successor=newer)
    assert get(ONE).json()["deprecated"] == {"reason": "Slow.", "successor": "v2"}
    assert get(ONE.removesuffix("v1") + "latest").json()["version"] == "v2"


def test_a_successor_of_another_size_is_named_with_it(release: Release) -> None:
    """Its version alone would send people to a release of this size, perhaps to the one that is deprecated."""
    larger = make_release(make_variant(release.variant.family, "2m"), "v1")
    Release.objects.filter(pk=release.pk).update(state="deprecated", deprecated_reason="Slow.", successor=larger)
    assert get(ONE).json()["deprecated"] == {"reason": "Slow.", "successor": "toy/2m@v1"}


def test_nobody_is_sent_to_a_successor_that_was_withdrawn(release: Release) -> None:
    gone = make_release(release.variant, "v2", "withdrawn")
    Release.objects.filter(pk=release.pk).update(state="deprecated", deprecated_reason="Slow.", successor=gone)
    assert get(ONE).json()["deprecated"] == {"reason": "Slow.", "successor": None}


@pytest.mark.parametrize(
    "path", ["none/1m/v1", "toy/none/v1", "toy/1m/v9", "toy/1m/v2", "toy/1m/%00", "toy/1m/..", "toy/2m/latest"]
)
def test_what_there_is_not_is_a_problem_document(release: Release, path: str) -> None:
    make_release(release.variant, "v2", "staged")
    make_variant(release.variant.family, "2m")
    answer = get(f"/portal/v1/releases/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic YTpi", "x" * 5000])
def test_a_header_that_signs_nobody_in_is_refused_even_where_strangers_read(release: Release, header: str) -> None:
    for url in ("/portal/v1/models", ONE):
        assert get(url, {"Authorization": header}).status_code == 401


def test_a_token_for_something_else_is_refused(release: Release) -> None:
    answer = get(ONE, bearer(make_user("ada"), "jobs"))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert get(ONE, bearer(make_user("ben"), "read")).status_code == 200


def test_the_list_costs_no_more_queries_for_more_releases(
    release: Release, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(2, 12):
        make_release(release.variant, f"v{number}")
    ada = make_grant(make_user("ada"), release.variant.family).holder
    headers = bearer(ada)
    with django_assert_max_num_queries(25):
        assert len(get("/portal/v1/models", headers).json()["data"][0]["releases"]) == 11


def test_whoever_asks_too_often_waits(release: Release, settings: Settings, redis_server: object) -> None:
    settings.REQUESTS_PER_MINUTE = 0
    answer = get(ONE)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert 1 <= int(answer["Retry-After"]) <= 60
