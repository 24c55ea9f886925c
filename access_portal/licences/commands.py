"""Publishing licence texts and accepting them; what is written here never changes."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, InvalidError
from access_portal.grants.policy import Action, Office, require
from access_portal.licences.models import Licence, LicenceAcceptance, LicenceVersion
from access_portal.licences.queries import current_version
from access_portal.licences.soundness import check_version


def publish_version(
    *,
    licence: Licence,
    number: str,
    text: str,
    summary: list[str],
    actor: User | None,
    now: datetime,
    language: str = "en",
    reconsent_by: datetime | None = None,
) -> LicenceVersion:
    """Make a text the licence's current one; `summary` is plain sentences shown beside it.

    Until `reconsent_by` whoever accepted an older text keeps what rests on it; None asks nobody to accept again.
    `actor` None is the operator at the command line. Raises PermissionRefusedError, ConflictError
    `licence_number_used`, InvalidError for a text, number, language or date that cannot be used.
    """
    if actor is not None:
        require(actor, Action.MANAGE_LICENCES, Office(), now)
    check_version(number=number, text=text, language=language, reconsent_by=reconsent_by, now=now)
    with transaction.atomic():
        Licence.objects.select_for_update().get(pk=licence.pk)  # one publication at a time
        check_number_is_new(licence, number)
        version = LicenceVersion.objects.create(
            licence=licence, number=number, language=language, text=text, summary=summary, sha256=sha256_of(text),
            published_at=now, reconsent_by=reconsent_by,
        )  # fmt: skip
        data = {"number": number, "sha256": version.sha256, "language": language}
        if reconsent_by is not None:
            data["reconsent_by"] = reconsent_by.isoformat()
        record(f"licence:{licence.slug}", "licence_published", actor=actor, now=now, data=data)
    return version


def accept(
    *, actor: User, version: LicenceVersion, shown_sha256: str, capacity: str, act: str, now: datetime
) -> LicenceAcceptance:
    """Record that `actor` accepted this text; accepting it again returns the first acceptance.

    `act` is what they did, in words. Raises ConflictError `licence_changed` when the screen showed another text, or
    `licence_outdated` when a newer version has replaced this one; InvalidError for a capacity that is not a choice.
    """
    if capacity not in LicenceAcceptance.Capacity.values:
        raise InvalidError("capacity_unknown", _("Say for whom you accept the licence."), field="capacity")
    with transaction.atomic():
        # One acceptance at a time, however often it is clicked.
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        made = LicenceAcceptance.objects.filter(user=actor, version=version).first()
        if made is not None:
            return made
        _check_shown(version, shown_sha256)
        acceptance = LicenceAcceptance.objects.create(
            user=actor, version=version, sha256=version.sha256, language=version.language, capacity=capacity,
            act=act[:200], accepted_at=now,
        )  # fmt: skip
        data = {
            "version": version.pk, "sha256": version.sha256, "language": version.language, "capacity": capacity,
        }  # fmt: skip
        record(f"user:{actor.pk}", "licence_accepted", actor=actor, now=now, data=data)
    return acceptance


def sha256_of(text: str) -> str:
    """The hash of a text's UTF-8 bytes, as hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def check_number_is_new(licence: Licence, number: str) -> None:
    """Raises ConflictError `licence_number_used`."""
    if LicenceVersion.objects.filter(licence=licence, number=number).exists():
        raise ConflictError(
            "licence_number_used",
            _("Version %(number)s of this licence exists and never changes.") % {"number": number},
            _("Give the new text a number of its own."),
        )


def _check_shown(version: LicenceVersion, shown_sha256: str) -> None:
    if shown_sha256 != version.sha256:
        raise ConflictError(
            "licence_changed",
            _("The licence text on your screen is not the text of this version."),
            _("Read it again, then accept it."),
            reverse("licence_version", args=[version.pk]),
        )
    current = current_version(version.licence)
    if current is None or current.pk != version.pk:
        raise ConflictError(
            "licence_outdated",
            _("Version %(number)s of this licence was replaced while you were reading.") % {"number": version.number},
            _("Read and accept the current version."),
            reverse("licence_version", args=[current.pk if current else version.pk]),
        )
