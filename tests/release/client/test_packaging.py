"""What pip installs for people: the client alone, without a server's libraries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from email import message_from_bytes
from email.message import Message
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

import release.client
from release.catalogue import client_wheel
from release.client.version import VERSION

pytestmark = pytest.mark.service
SOURCE = Path(release.client.__path__[0])
NOT_OURS = {"django", "release", "access_portal", "boto3", "torch"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """Built by setuptools as it is installed here, since a test asks nobody on the Internet."""
    folder = tmp_path_factory.mktemp("packaging")
    leftovers = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    shutil.copytree(SOURCE, folder / "source", ignore=leftovers)
    words = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(folder / "source")], check=True)
    return ZipFile(next(folder.glob("*.whl")))


@pytest.fixture(scope="module")
def installed(wheel: ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    wheel.extractall(folder)
    return folder


def python(installed: Path, *words: str) -> str:
    """From an empty folder, so that nothing of this project is found."""
    (installed / "empty").mkdir(exist_ok=True)
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), "HOME": str(installed / "home")}
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=installed / "empty", env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_of_the_client_is_in_the_wheel_and_nothing_else(wheel: ZipFile) -> None:
    there = {name.removeprefix("gatehouse/") for name in wheel.namelist() if name.startswith("gatehouse/")}
    assert there == {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if "build" not in path.parts}


def test_the_wheel_asks_for_four_libraries_and_no_django(wheel: ZipFile) -> None:
    told = message_from_bytes(wheel.read(f"gatehouse-{VERSION}.dist-info/METADATA"))
    needed = {line.split(">")[0].split("<")[0] for line in told.get_all("Requires-Dist", [])}
    assert (told["Name"], told["Version"], needed) == ("gatehouse", VERSION, {"httpx", "joserfc", "rich", "typer"})
    assert not any(b"django" in wheel.read(name).lower() for name in wheel.namelist() if name.endswith(".py"))
    assert b"gatehouse = gatehouse.cli.app:main" in wheel.read(f"gatehouse-{VERSION}.dist-info/entry_points.txt")


def test_it_runs_from_an_empty_folder(installed: Path) -> None:
    assert python(installed, "-m", "gatehouse", "--version").strip() == VERSION
    loaded = "import sys, gatehouse.cli.app as app; print(app.__file__); print(*{m.split('.')[0] for m in sys.modules})"
    where, modules = python(installed, "-c", loaded).splitlines()
    assert where.startswith(str(installed))
    assert not NOT_OURS & set(modules.split())


def fields(told: Message) -> set[tuple[str, frozenset[str]]]:
    """Of METADATA; bounds of a version stand in any order."""
    split = {(name, value.replace("<", ",<").replace(">", ",>")) for name, value in told.items()}
    return {(name, frozenset(filter(None, value.split(",")))) for name, value in split}


def test_this_house_gives_the_same_wheel_away_since_on_pypi_the_name_is_somebody_elses(
    wheel: ZipFile, client: Client
) -> None:
    answer = client.get(reverse("client_wheel", args=[client_wheel.NAME]))
    assert (answer.status_code, answer.content) == (200, client_wheel.content())
    ours = ZipFile(BytesIO(answer.content))
    modules = [name for name in wheel.namelist() if name.endswith(".py")]
    assert {name: ours.read(name) for name in ours.namelist() if name.endswith(".py")} == {
        name: wheel.read(name) for name in modules
    }
    for name in ("entry_points.txt", "METADATA"):
        path = f"gatehouse-{VERSION}.dist-info/{name}"
        told, known = (message_from_bytes(each.read(path)) for each in (ours, wheel))
        assert fields(told) == fields(known)
        assert told.get_payload() == known.get_payload()


def test_pip_installs_what_the_page_of_a_release_names(tmp_path: Path, live_server: LiveServer) -> None:
    page = live_server.url + reverse("client_wheel", args=[client_wheel.NAME])
    words = ["install", "--no-deps", "--no-index", "--quiet", "--target", str(tmp_path / "site"), page]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    assert python(tmp_path / "site", "-m", "gatehouse", "--version").strip() == VERSION
    assert (tmp_path / "site/bin/gatehouse").exists()


@pytest.mark.parametrize("name", ["gatehouse-0.0.0-py3-none-any.whl", "x", "gatehouse.whl"])
def test_another_wheel_is_not_there(name: str, client: Client) -> None:
    assert client.get(reverse("client_wheel", args=[name])).status_code == 404


def test_the_readme_names_the_wheel_that_there_is() -> None:
    assert client_wheel.NAME in (SOURCE / "README.md").read_text("utf-8")
