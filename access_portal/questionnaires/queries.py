"""Reading forms: which one asks now, and what asked before."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access_portal.errors import NotFoundError
from access_portal.questionnaires.families import Family, all_families
from access_portal.questionnaires.models import FormVersion


@dataclass(frozen=True)
class Line:
    """The versions of one form, newest first; without a family, of the house form."""

    family: Family | None
    versions: list[FormVersion]

    @property
    def slug(self) -> str:
        return "" if self.family is None else self.family.slug


def current_form(family_id: int) -> FormVersion:
    """The newest form of the family, or the newest house form when it has none of its own."""
    return newest(family_id) or _of(None).order_by("-number")[0]


def newest(family_id: int | None) -> FormVersion | None:
    """The newest version of a family's own form, or of the house form for None."""
    return _of(family_id).order_by("-number").first()


def version_with_id(pk: int) -> FormVersion:
    """One version; raises NotFoundError."""
    version = FormVersion.objects.select_related("family", "published_by").filter(pk=pk).first()
    if version is None:
        raise NotFoundError("form_not_found", _("There is no form at this address."))
    return version


def version_before(version: FormVersion) -> FormVersion | None:
    """The version that this one replaced."""
    return _of(version.family_id).filter(number=version.number - 1).first()


def all_lines() -> list[Line]:
    """The house form, then each family, whether it has a form of its own or not."""
    versions: dict[int | None, list[FormVersion]] = defaultdict(list)
    for version in FormVersion.objects.select_related("published_by").defer("definition").order_by("-number"):
        versions[version.family_id].append(version)
    return [Line(None, versions[None]), *(Line(family, versions[family.pk]) for family in all_families())]


def _of(family_id: int | None) -> QuerySet[FormVersion]:
    versions = FormVersion.objects.all()
    return versions.filter(family=None) if family_id is None else versions.filter(family_id=family_id)
