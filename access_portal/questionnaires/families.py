"""The one door from here to model families, which belong to `release`: this room must not import it."""

from __future__ import annotations

from typing import Any, Protocol, cast

from django.utils.translation import gettext as _

from access_portal.errors import NotFoundError
from access_portal.questionnaires.models import FormVersion


class Family(Protocol):
    """A model family, as a form sees it."""

    pk: int
    slug: str
    name: str


def all_families() -> list[Family]:
    """Every family, by name."""
    return list(_table()._default_manager.order_by("name"))


def family_with_slug(slug: str) -> Family:
    """The family of this slug; raises NotFoundError."""
    family = _table()._default_manager.filter(slug=slug).first()
    if family is None:
        raise NotFoundError("family_not_found", _("There is no model family of this name."))
    return cast("Family", family)


def sizes_of(family: Family | None) -> list[tuple[str, str]]:
    """The choices of a question about sizes; for the house form, examples."""
    if family is None:
        return [("small", _("A small size")), ("large", _("A large size"))]
    return [(variant.slug, variant.name) for variant in cast("Any", family).variants.all()]


def _table() -> Any:
    return FormVersion._meta.get_field("family").related_model
