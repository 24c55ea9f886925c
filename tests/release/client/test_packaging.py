"""What pip installs for people: the client alone, without a server's libraries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

import release.client
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
