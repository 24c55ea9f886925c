"""The one door from here to model families, which belong to `release`: this room must not import it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, cast

from django.utils.translation import gettext as _

from access_portal.applications.models import Application
from access_portal.errors import InvalidError, NotFoundError
from access_portal.licences.models import Licence


class Variant(Protocol):
    """A size, as an application sees it."""

    pk: int
    slug: str
    name: str


class Family(Protocol):
    """A model family, as an application sees it."""

    pk: int
    slug: str
    name: str
    accepts_applications: bool
    weights_licence: Licence


def family_with_slug(slug: str) -> Family:
    """The family at this address; raises NotFoundError."""
    table = Application._meta.get_field("family").related_model
    assert table is not None
    assert not isinstance(table, str)
    family = table._default_manager.select_related("weights_licence").filter(slug=slug).first()
    if family is None:
        raise NotFoundError("family_not_found", _("There is no model family at this address."))
    return cast("Family", family)


def variants_of(family: Family) -> list[Variant]:
    """The sizes of a family, small to large."""
    rows: Iterable[Any] = cast("Any", family).variants.all()
    return list(rows)


def keys_of_variants(family: Family, slugs: Iterable[str]) -> list[int]:
    """The keys of these sizes; raises InvalidError for one that the family lacks."""
    keys = {variant.slug: variant.pk for variant in variants_of(family)}
    missing = [slug for slug in slugs if slug not in keys]
    if missing:
        raise InvalidError(
            "unknown_size", _("%(family)s has no such size.") % {"family": family.name}, field="variants"
        )
    return [keys[slug] for slug in slugs]
