"""Recipes of the page of a release: what is typed there works, and nothing in a name gets out of its quotes."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from access_portal.accounts.models import Scope
from access_portal.accounts.tokens import issue_token
from release.catalogue.file_groups import file_groups
from release.catalogue.recipes import Kitchen, Recipe, checks, recipes
from release.client.model_name import parse
from release.client.selection import Wanted
from release.client.version import VERSION
from release.models import Artifact, Release
from tests.factories import make_grant, make_release, make_user

FETCHING = ["browser", "gatehouse", "hf", "curl", "wget"]


def kitchen(release: Release, base_url: str = "https://gatehouse.example") -> Kitchen:
    return Kitchen(release, file_groups(list(release.artifacts.all())), base_url, 15)


def add(release: Release, path: str, layout: str = "any", size: int = 1) -> None:
    Artifact.objects.create(
        release=release, path=path, size_bytes=size, sha256="0" * 64, md5="0" * 32, layout=layout, storage_key=path
    )


def by_slug(found: list[Recipe]) -> dict[str, Recipe]:
    return {recipe.slug: recipe for recipe in found}


def commands(recipe: Recipe) -> str:
    return "\n".join(step.command for step in recipe.steps)


@pytest.mark.django_db
def test_each_tool_has_a_recipe_and_transformers_where_it_can_load_the_files() -> None:
    release = make_release(version="v1", state="staged")
    assert list(by_slug(recipes(kitchen(release)))) == FETCHING
    add(release, "config.json", "hf")
    assert "transformers" in by_slug(recipes(kitchen(release)))


@pytest.mark.django_db
def test_with_two_layouts_one_can_be_left_out() -> None:
    release = make_release(state="staged")
    Artifact.objects.filter(release=release).update(layout="meta")
    for path, layout in [("consolidated.00.pth", "meta"), ("consolidated.01.pth", "meta"), ("model.safetensors", "hf")]:
        add(release, path, layout)
    found = by_slug(recipes(kitchen(release)))
    fetched = re.findall(r"gatehouse download (\S+) --layout (\w+)", commands(found["gatehouse"]))
    assert [(str(parse(name)), Wanted(layout)) for name, layout in fetched] == [
        ("toy/1m@v1", Wanted.META), ("toy/1m@v1", Wanted.HF),
    ]  # fmt: skip
    assert "--exclude '*.pth' --exclude params.json" in commands(found["hf"])


@pytest.mark.django_db
def test_names_with_spaces_stay_one_word_in_every_command() -> None:
    release = make_release(state="staged")
    Artifact.objects.filter(release=release).delete()
    add(release, "docs/use $(id) `id` ; policy.txt", size=9)
    found = by_slug(recipes(kitchen(release)))
    for slug in ("curl", "wget"):
        line = next(step.command for step in found[slug].steps if "resolve" in step.command)
        assert "$(id)" not in line.replace(shlex.quote("use $(id) `id` ; policy.txt"), "")
        assert "%24%28id%29" in line
    assert "while read" not in commands(found["curl"])


@pytest.mark.django_db
def test_md5_sums_are_mentioned_only_where_the_list_of_them_is_there() -> None:
    release = make_release(state="staged")
    assert "md5sum" not in commands(by_slug(checks(kitchen(release)))["sums"])
    add(release, "checklist.chk")
    assert "md5sum -c checklist.chk" in commands(by_slug(checks(kitchen(release)))["sums"])


@pytest.fixture
def shell(published: Release, live_server: LiveServer, tmp_path: Path) -> Any:
    """Bash in an empty folder, in which Ada's token is, as after `read -rs TOKEN`."""
    ada = make_user("ada")
    make_grant(ada, published.variant.family)
    token = issue_token(actor=ada, name="t", scopes=[Scope.DOWNLOAD], days=9, now=timezone.now())
    secret = token[1] if isinstance(token, tuple) else str(token)

    def run(script: str) -> Path:
        done = subprocess.run(
            ["/bin/bash", "-euc", script], cwd=tmp_path, env={**os.environ, "TOKEN": secret}, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return tmp_path

    return run


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What anybody on the machine can see of curl and wget while they run: their arguments."""
    seen, tools = tmp_path / "seen", tmp_path / "tools"
    tools.mkdir()
    for name in ("curl", "wget"):
        real = shutil.which(name)
        (tools / name).write_text(f'#!/bin/sh\necho "$@" >> {seen}\nexec {real} "$@"\n')
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return seen


def whole(folder: Path, release: Release) -> bool:
    hashes = {each.path: each.sha256 for each in release.artifacts.all()}
    return all(hashlib.sha256((folder / path).read_bytes()).hexdigest() == sha for path, sha in hashes.items())


def curl_steps(release: Release, url: str) -> list[str]:
    return [step.command for step in by_slug(recipes(kitchen(release, url)))["curl"].steps]


def test_curl_fetches_everything_and_goes_on_after_a_break(
    shell: Any, published: Release, live_server: LiveServer
) -> None:
    script = curl_steps(published, live_server.url)[-1]
    folder = shell(script) / published.variant.folder
    assert whole(folder, published)
    largest = folder / max(published.artifacts.all(), key=lambda each: each.size_bytes).path
    largest.write_bytes(largest.read_bytes()[:1000])
    shell(script)
    assert whole(folder, published)
    largest.write_bytes(b"x" * 1000)
    shell(script)
    assert largest.read_bytes().startswith(b"x" * 1000)  # what is there is not fetched again


def test_the_sums_on_the_page_check_what_curl_fetched(shell: Any, published: Release, live_server: LiveServer) -> None:
    shell(curl_steps(published, live_server.url)[-1])
    check = by_slug(checks(kitchen(published, live_server.url)))["sums"].steps[0].command
    shell(f"cd {published.variant.folder} && {check}")


def test_wget_takes_up_a_broken_file_with_a_fresh_link(shell: Any, published: Release, live_server: LiveServer) -> None:
    steps = by_slug(recipes(kitchen(published, live_server.url)))["wget"].steps
    largest = max(published.artifacts.all(), key=lambda each: each.size_bytes)
    script = f"{steps[0].command}\n{steps[1].command}"
    folder = shell(script)
    assert hashlib.sha256((folder / largest.path).read_bytes()).hexdigest() == largest.sha256
    (folder / largest.path).write_bytes((folder / largest.path).read_bytes()[:1000])
    assert hashlib.sha256((shell(script) / largest.path).read_bytes()).hexdigest() == largest.sha256


@pytest.mark.parametrize("slug", ["curl", "wget"])
def test_the_token_is_not_among_the_arguments_that_all_users_of_a_machine_can_list(
    slug: str, shell: Any, processes: Path, published: Release, live_server: LiveServer
) -> None:
    steps = by_slug(recipes(kitchen(published, live_server.url)))[slug].steps
    for step in steps:
        if "resolve" in step.command:
            shell(step.command)
    assert "/resolve/" in processes.read_text()
    assert "gh_" not in processes.read_text()


@pytest.mark.django_db
def test_the_client_is_installed_from_this_house_and_not_by_a_name_that_is_somebody_elses() -> None:
    typed = commands(by_slug(recipes(kitchen(make_release(state="staged"))))["gatehouse"])
    [what] = re.findall(r"pip install (\S+)", typed)
    assert what == f"https://gatehouse.example/models/client/gatehouse-{VERSION}-py3-none-any.whl"
