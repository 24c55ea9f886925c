"""`manage.py release card`: the model card becomes a file of the release, which Hub clients then find."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from release.catalogue.loading import load_catalogue

pytestmark = pytest.mark.django_db
Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def loaded() -> None:
    load_catalogue(now=timezone.now())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "params.json").write_text("{}")
    return tmp_path


def test_it_is_written_beside_the_weights(folder: Path, capsys: Printed) -> None:
    call_command("release", "card", "quill/5m", "v2", str(folder), "--changelog", "Faster.")
    text = (folder / "README.md").read_text()
    assert "# Quill 5M" in text
    assert "## What is new in v2\n\n> Faster." in text
    assert "library_name" not in text
    assert "release stage quill/5m v2" in capsys.readouterr().out


def test_it_names_transformers_where_there_are_files_for_it(folder: Path) -> None:
    (folder / "config.json").write_text("{}")
    call_command("release", "card", "quill/5m", "v2", str(folder))
    assert "library_name: transformers" in (folder / "README.md").read_text().replace('"', "")


def test_what_somebody_wrote_is_left_as_it_is(folder: Path) -> None:
    (folder / "README.md").write_text("Mine.")
    with pytest.raises(CommandError, match="is left as it is"):
        call_command("release", "card", "quill/5m", "v2", str(folder))
    assert (folder / "README.md").read_text() == "Mine."


def test_a_link_there_is_not_written_through(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "file"
    (folder / "README.md").symlink_to(elsewhere)
    with pytest.raises(CommandError):
        call_command("release", "card", "quill/5m", "v2", str(folder))
    assert not elsewhere.exists()


@pytest.mark.parametrize(
    ("model", "version", "words"),
    [
        ("quill", "v2", "FAMILY/VARIANT"),
        ("quill/9m", "v2", "no model of this name"),
        ("quill/5m", "main", "cannot be the name"),
    ],
)
def test_what_cannot_be_described_is_said_in_a_sentence(folder: Path, model: str, version: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("release", "card", model, version, str(folder))
    assert not (folder / "README.md").exists()


def test_a_folder_that_is_not_there_is_said_to_be_missing(folder: Path) -> None:
    with pytest.raises(CommandError, match="no folder"):
        call_command("release", "card", "quill/5m", "v2", str(folder / "nowhere"))
