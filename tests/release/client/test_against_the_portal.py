"""The client and the portal itself, with a store that checks signatures: from signing in to being refused."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner, Result

from access_portal.accounts.devices.models import DeviceRequest
from access_portal.accounts.models import Scope, User
from access_portal.accounts.tokens import issue_token
from access_portal.grants.models import Grant
from release.client.cli.app import app
from release.client.cli.exits import Exit
from release.models import Artifact, FetchReport, Mint, Release
from release.publishing import withdraw_release
from release.storage import weights_store
from tests.factories import make_grant, make_user
from tests.release.client.commands import Run, told

MODEL = "toy/1m"


@pytest.fixture
def ada(published: Release) -> User:
    return make_user("ada")


@pytest.fixture
def grant(ada: User, published: Release) -> Grant:
    return make_grant(ada, published.variant.family)


@pytest.fixture
def run(portal: str, ada: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The command line, as Ada has it: in an empty folder, with a token for downloads."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    before = signal.getsignal(signal.SIGTERM)
    scopes = [Scope.READ, Scope.DOWNLOAD]
    secret = issue_token(actor=ada, name="laptop", scopes=scopes, days=9, now=timezone.now())[1]

    def invoke(*words: str, token: str | None = secret) -> Result:
        return CliRunner().invoke(app, list(words), env={"GATEHOUSE_SERVER": portal, "GATEHOUSE_TOKEN": token})

    yield invoke
    signal.signal(signal.SIGTERM, before)


def confirm(person: User, code: str) -> None:
    """On the page, as a person does."""
    browser = Client()
    browser.force_login(person)
    assert browser.post("/activate/", {"code": code}).status_code == 200
    form = {
        "code": code,
        "answer": "allow",
        "scopes": ["read", "download"],
        "name": "laptop",
        "days": "30",
        "mine": "on",
    }
    assert browser.post("/activate/", form).status_code == 302


@pytest.mark.parametrize("answer", ["allow", "refuse"])
def test_a_browser_signs_the_client_in_or_refuses_it(
    run: Run, ada: User, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    def opened(page: str) -> bool:
        code = page.partition("code=")[2]
        if answer == "allow":
            confirm(ada, code)
        else:
            browser = Client()
            browser.force_login(ada)
            browser.post("/activate/", {"code": code, "answer": "refuse"})
        return True

    monkeypatch.setattr("webbrowser.open", opened)
    monkeypatch.setattr("release.client.device.SHORTEST_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr("release.client.device.LONGEST_INTERVAL_SECONDS", 0.0)
    signed_in = run("login", token=None)
    if answer == "allow":
        assert signed_in.exit_code == 0, signed_in.output
        assert told(run("whoami", "--json", token=None))["person"]["username"] == "ada"
        assert told(run("whoami", "--json", token=None))["person"]["scopes"] == ["download", "read"]
    else:
        assert (signed_in.exit_code, "refused in the browser" in signed_in.stderr) == (Exit.REFUSED, True)
    assert DeviceRequest.objects.get().client_name.startswith("gatehouse on ")


def test_models_tell_each_person_what_the_policy_says(run: Run, ada: User, published: Release) -> None:
    def access(**how: Any) -> dict[str, Any]:
        return dict(told(run("models", "--json", **how))["models"][0]["access"])

    assert access(token=None)["code"] == "not_signed_in"
    assert (access()["code"], access()["allowed"]) == ("not_applied", False)
    make_grant(ada, published.variant.family)
    assert access()["allowed"]


def test_a_published_release_is_fetched_verified_and_reported(run: Run, grant: Grant, published: Release) -> None:
    done = told(run("download", MODEL, "w", "--layout", "all", "--json"))
    rows = {each.path: each for each in published.artifacts.all()}
    assert set(done["fetched"]) == set(rows)
    found = told(run("verify", "w", "--json"))
    assert (found["sound"], found["releases"][0]["is_vouched"]) == (True, True)
    assert sum(each["size"] for each in plan(run("download", MODEL, "w", "--layout", "all", "--json"))) == sum(
        row.size_bytes for row in rows.values()
    )
    reports = FetchReport.objects.all()
    assert {(each.artifact.path, each.outcome, each.client) for each in reports} == {
        (path, "verified", "gatehouse/0.1.0") for path in rows
    }
    assert Mint.objects.filter(via="client").count() == len(rows)


def plan(result: Result) -> list[dict[str, Any]]:
    rows = (json.loads(line) for line in result.stdout.splitlines())
    return list(next(row["files"] for row in rows if row["event"] == "plan"))


def test_metas_layout_lies_as_metas_scripts_expect_it(run: Run, grant: Grant, published: Release) -> None:
    assert run("download", MODEL).exit_code == 0
    folder = Path("toy") / published.variant.folder
    assert (folder / "params.json").is_file()
    assert (Path("toy") / "tokenizer.model").samefile(folder / "tokenizer.model")


def test_a_revoked_grant_ends_with_its_code_and_the_page_that_helps(run: Run, grant: Grant, portal: str) -> None:
    assert run("download", MODEL, "--include", "params.json").exit_code == 0
    Grant.objects.filter(pk=grant.pk).update(state="revoked", state_reason="It was shared.")
    refused = run("download", MODEL)
    assert refused.exit_code == Exit.NO_ACCESS
    assert portal in refused.stderr
    error = told(run("download", MODEL, "--json"))["error"]
    assert (error["code"], error["link"].startswith(portal)) == ("grant_revoked", True)


def test_what_was_withdrawn_gives_no_file_and_says_why(run: Run, grant: Grant, published: Release) -> None:
    assert run("download", MODEL, "w").exit_code == 0
    withdraw_release(release=published, reason="It leaked a name.", actor=None, now=timezone.now())
    refused = run("download", f"{MODEL}@v1", "other")
    assert (refused.exit_code, "It leaked a name." in refused.stderr) == (Exit.NO_ACCESS, True)
    assert not Path("other").exists()
    assert run("verify", "w").exit_code == 0  # what is there is still what was published


def test_a_day_that_is_used_up_says_so_and_the_rest_stays(run: Run, grant: Grant, published: Release) -> None:
    assert run("download", MODEL, "w", "--include", "params.json").exit_code == 0
    Grant.objects.filter(pk=grant.pk).update(bytes_per_day=1)
    refused = run("download", MODEL, "w", "--json")  # and is not waited for
    assert (refused.exit_code, told(refused)["error"]["code"]) == (Exit.REFUSED, "daily_bytes_used")
    assert Path("w", published.variant.folder, "params.json").is_file()
    Grant.objects.filter(pk=grant.pk).update(bytes_per_day=None)
    assert run("download", MODEL, "w").exit_code == 0


def test_a_token_without_the_scope_is_told_which_it_needs(run: Run, ada: User, grant: Grant) -> None:
    secret = issue_token(actor=ada, name="jobs", scopes=[Scope.JOBS], days=9, now=timezone.now())[1]
    refused = run("download", MODEL, token=secret)
    assert refused.exit_code == Exit.NO_ACCESS
    assert "scope" in refused.stderr
    assert run("whoami", token="gh_" + "x" * 40).exit_code == Exit.NOT_SIGNED_IN


def test_a_store_that_lost_a_byte_is_reported_as_damaged(run: Run, grant: Grant, published: Release) -> None:
    row = Artifact.objects.get(release=published, path="params.json")
    weights_store().put_bytes(row.storage_key, b"x" * row.size_bytes)
    assert run("download", MODEL).exit_code == Exit.DAMAGED
    assert FetchReport.objects.get(artifact=row).outcome == "damaged"


def test_files_of_another_persons_run_keep_nobody_from_reporting(
    run: Run, grant: Grant, published: Release, ada: User
) -> None:
    assert run("download", MODEL, "w", "--layout", "all", "--include", "*.json").exit_code == 0
    Path("w/.gatehouse/reported").unlink()  # as if that run had been killed before it could tell
    ben = make_user("ben")
    make_grant(ben, published.variant.family)
    secret = issue_token(actor=ben, name="laptop", scopes=[Scope.DOWNLOAD], days=9, now=timezone.now())[1]
    fetched = set(told(run("download", MODEL, "w", "--layout", "all", "--json", token=secret))["fetched"])
    assert {report.artifact.path for report in FetchReport.objects.filter(user=ben)} == fetched != set()
    assert "could not be told" not in run("download", MODEL, "w", "--layout", "all", token=secret).stderr
