"""No table that hangs on a person can be forgotten: it is exported, or named as an exception with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey, Model
from django.utils.module_loading import import_string

from access_portal.accounts.models import User
from access_portal.privacy.exceptions import NOT_EXPORTED
from access_portal.privacy.registry import sections_of
from tests.access_portal.privacy.scenes import NOW
from tests.factories import make_user

pytestmark = pytest.mark.django_db
SECRET = ("digest", "password", "sealed", "secret", "token_digest", "content")


def targets(model: type[Model]) -> set[type[Model]]:
    return {field.remote_field.model for field in model._meta.concrete_fields if isinstance(field, ForeignKey)}


def tables_of_people() -> Iterator[str]:
    """Every table with a key to a person, or to a row that has one."""
    models = apps.get_models(include_auto_created=True)
    near = {model for model in models if User in targets(model)}
    for model in models:
        if model in near or targets(model) & near:
            yield model._meta.label


def exported() -> set[str]:
    return {held.table for section in sections_of(make_user("ada"), NOW) for held in section.held}


def test_every_table_that_hangs_on_a_person_is_exported_or_excused() -> None:
    assert set(tables_of_people()) - exported() - set(NOT_EXPORTED) == set()


def test_no_excuse_is_out_of_date() -> None:
    """One for a table that is exported after all, or is no longer there, would hide the next one of that name."""
    assert exported() & set(NOT_EXPORTED) == set()
    assert set(NOT_EXPORTED) <= {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert all(len(reason) > 15 for reason in NOT_EXPORTED.values())


def test_a_new_table_would_be_noticed() -> None:
    """The look at all tables sees what the export has, so it would see one that the export lacks."""
    assert {"applications.Message", "grants.Attestation", "release.Mint", "applications.Signal"} <= set(
        tables_of_people()
    )


def test_no_column_of_the_export_is_a_secret() -> None:
    columns = {place for section in sections_of(make_user("ada"), NOW) for held in section.held
               for place in held.columns.values()}  # fmt: skip
    assert [place for place in columns if place.endswith(SECRET)] == []


def test_every_section_says_why_how_long_and_who_sees_it() -> None:
    sections = list(sections_of(make_user("ada"), NOW))
    assert len({section.key for section in sections}) == len(sections)
    for section in sections:
        words: Any = (section.title, section.purpose, section.kept_for, section.seen_by)
        assert all(len(text) > 6 for text in words), section.key


def test_every_room_that_has_personal_data_is_in_the_settings() -> None:
    for name, paths in (
        ("data_of", settings.PERSONAL_DATA),
        ("erase", settings.PERSONAL_ERASURE),
        ("holds", settings.PERSONAL_HOLDS),
    ):
        assert all(callable(import_string(path)) and path.endswith(f".{name}") for path in paths)
        found = {path.removesuffix(f".{name}") for path in paths}
        modules = {
            f"{app.name}.{module}"
            for app in apps.get_app_configs()
            for module in ("personal", "leaving")
            if hasattr(_module(f"{app.name}.{module}"), name)
        }
        assert modules == found


def _module(path: str) -> object:
    try:
        return import_string(f"{path}.__name__") and __import__(path, fromlist=["x"])
    except ImportError:
        return None
