"""Publishing a form; what is published never changes, so a correction is a new version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.grants.policy import Action, Office, require
from access_portal.questionnaires.canonical import fingerprint
from access_portal.questionnaires.models import FormVersion
from access_portal.questionnaires.parsing import parse


def publish_form(*, family: Any | None, definition: dict[str, Any], actor: User | None, now: datetime) -> FormVersion:
    """Make a definition the form of `family`, or of the house when that is None; the current one again changes nothing.

    `family` is a row of `release.Family`; `actor` None is the operator. Raises InvalidError naming the path at fault,
    PermissionRefusedError.
    """
    if actor is not None:
        require(actor, Action.MANAGE_FORMS, Office(), now)
    parse(definition)
    with transaction.atomic():
        current = _locked(family)
        sha256 = fingerprint(definition)
        if current is not None and current.sha256 == sha256:
            return current
        version = FormVersion.objects.create(
            family=family,
            number=1 if current is None else current.number + 1,
            definition=definition,
            sha256=sha256,
            published_at=now,
            published_by=actor,
        )
        subject = "form:house" if family is None else f"form:{family.slug}"
        data = {"number": version.number, "sha256": sha256}
        record(subject, "form_published", actor=actor, now=now, data=data)
    return version


def _locked(family: Any | None) -> FormVersion | None:
    """The newest version of this form, with its line of versions held until the transaction ends."""
    if family is not None:  # the family's row stands for its forms
        type(family)._default_manager.select_for_update().get(pk=family.pk)
    else:  # the first house form is always there and never changes, so it can be held
        FormVersion.objects.select_for_update(of=("self",)).get(family=None, number=1)
    return FormVersion.objects.filter(family=family).order_by("-number").first()
