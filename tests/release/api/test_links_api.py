"""Links for programs: all or none, a constant cost, and nothing told to those who may not."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from access_portal.accounts.models import User
from release.models import Mint, Release
from tests.factories import make_grant, make_release, make_user
from tests.release.api.test_models_api import bearer
from tests.release.situations import GRANTED, SITUATIONS, Arrange
from tests.release.test_counting import make_files

pytestmark = pytest.mark.django_db
LINKS = "/portal/v1/releases/toy/1m/v1/links"


def post(user: User, *paths: str, url: str = LINKS, scopes: tuple[str, ...] = ("download",)) -> Any:
    body = {"paths": list(paths)}
    headers = bearer(user, *scopes)
    return Client(enforce_csrf_checks=True).post(url, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize(("arrange", "code"), SITUATIONS.values(), ids=SITUATIONS)
def test_the_policy_answers_before_anything_is_told_of_files(arrange: Arrange, code: str) -> None:
    release, ada = make_release(), make_user("ada")
    headers = bearer(ada)
    arrange(ada, release)
    for path in ("params.json", "guessed"):
        answer = Client().post(LINKS, {"paths": [path]}, content_type="application/json", headers=headers)
        if code == "account_closed":
            assert answer.status_code == 401
        elif code == GRANTED:
            assert answer.status_code == (200 if path == "params.json" else 404)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert Mint.objects.count() == (code == GRANTED)


def test_a_hundred_links_cost_as_many_queries_as_two(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    release = make_files(**{f"f{n}": n + 1 for n in range(101)})
    ada = make_grant(make_user("ada"), release.variant.family).holder
    headers = bearer(ada)

    def ask(*names: str) -> Any:
        return Client().post(LINKS, {"paths": names}, content_type="application/json", headers=headers)

    ask("f100")  # the token is marked as used, once a minute
    with CaptureQueriesContext(connection) as two:
        assert ask("f0", "f1").status_code == 200
    with django_assert_num_queries(len(two)):
        body = ask(*(f"f{n}" for n in range(2, 100))).json()["links"]
    assert [row["path"] for row in body] == [f"f{n}" for n in range(2, 100)]
    assert Mint.objects.filter(via="client").count() == 101


def test_a_link_comes_with_what_to_check_it_by_and_is_kept_by_nobody() -> None:
    release = make_release()
    ada = make_grant(make_user("ada"), release.variant.family).holder
    answer = post(ada, "params.json")
    row, kept = answer.json()["links"][0], Mint.objects.get()
    assert (row["size"], row["sha256"], row["expires_at"]) == (
        2, release.artifacts.get().sha256, kept.expires_at.isoformat(),
    )  # fmt: skip
    assert "X-Amz-Signature" in row["url"]
    assert answer["Cache-Control"] == "no-store"


def test_a_used_up_day_is_told_with_the_time_to_wait(settings: Settings) -> None:
    settings.DOWNLOAD_BYTES_PER_DAY = 3
    ada = make_grant(make_user("ada"), make_files(a=2, b=2, huge=9).variant.family).holder
    post(ada, "a")
    answer, hopeless = post(ada, "b"), post(ada, "huge")
    assert (answer.status_code, answer.json()["code"]) == (429, "daily_bytes_used")
    assert 1 <= int(answer["Retry-After"]) <= 86_401
    assert (hopeless.status_code, "Retry-After" in hopeless) == (429, False)


@pytest.mark.parametrize(
    "paths",
    [[], ["a"] * 101, ["a" * 501], [1], [None], "params.json", {"a": 1}, None],
)
def test_what_is_no_list_of_paths_is_refused(paths: Any) -> None:
    ada = make_grant(make_user("ada"), make_release().variant.family).holder
    answer = Client().post(LINKS, {"paths": paths}, content_type="application/json", headers=bearer(ada))
    assert (answer.status_code, Mint.objects.count()) == (422, 0)


@pytest.mark.parametrize("path", ["../params.json", "a//b", "PARAMS.JSON", "params.json/", " ", "%2e%2e/params.json"])
def test_path_tricks_find_no_file(path: str) -> None:
    ada = make_grant(make_user("ada"), make_release().variant.family).holder
    assert post(ada, path).json()["code"] == post(ada, "params.json", path).json()["code"] == "file_not_found"
    assert not Mint.objects.exists()


def test_links_need_a_token_for_downloads() -> None:
    ada = make_grant(make_user("ada"), make_release().variant.family).holder
    assert post(ada, "params.json", scopes=("read",)).json()["code"] == "scope_missing"
    assert Client().post(LINKS, {"paths": ["a"]}, content_type="application/json").status_code == 401
    assert Release.objects.get().artifacts.get().mints.count() == 0
