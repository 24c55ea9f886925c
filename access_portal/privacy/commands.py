"""What a person does to their own data: correct the name, and close the account; and the office's run of the rules."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.accounts.names import one_line
from access_portal.accounts.pseudonyms import is_gone
from access_portal.audit.commands import record
from access_portal.errors import ConflictError, InvalidError, NotFoundError
from access_portal.grants.policy import Action, Office, require
from access_portal.privacy.registry import erasers, holds_of
from access_portal.privacy.rules import RULES, run
from access_portal.privacy.sessions import end_sessions

LONGEST_NAME = 200


def correct_profile(*, actor: User, full_name: str, language: str, now: datetime) -> User:
    """Keep how a person writes their name now, and their language; the event says what changed, not to what.

    What was sent under an earlier name stays as it was sent. Raises InvalidError `name_missing`, `name_too_long` or
    `language_unknown`.
    """
    name = one_line(unicodedata.normalize("NFKC", full_name))
    if not name:
        raise InvalidError("name_missing", _("Write your name."), field="full_name")
    if len(name) > LONGEST_NAME:
        message = _("Write at most %(count)d characters.") % {"count": LONGEST_NAME}
        raise InvalidError("name_too_long", message, field="full_name")
    if language not in dict(settings.LANGUAGES):
        raise InvalidError("language_unknown", _("This site does not speak that language."), field="language")
    with transaction.atomic():
        person = _locked(actor)
        wanted = {"full_name": name, "language": language}
        changed = [field for field, value in wanted.items() if getattr(person, field) != value]
        if changed:
            person.full_name, person.language = name, language
            person.save(update_fields=changed)
            record(f"user:{person.pk}", "profile_corrected", actor=person, now=now, data={"changed": changed})
    return person


def close_account(*, actor: User, now: datetime) -> User:
    """End a person's account for ever: a pseudonym stays where the licence's record needs somebody.

    Raises ConflictError `account_gone`, or with the code of the first thing that stands in the way: `roles_held`,
    `application_open`, `grant_live`, `lab_member`, `stopped`, `batch_running`.
    """
    with transaction.atomic():
        person = _locked(actor)
        for hold in holds_of(person, now):
            raise ConflictError(hold.code, hold.explanation, hold.remedy, hold.path)
        record(f"user:{person.pk}", "account_left", actor=person, now=now)
        for erase in erasers():
            erase(person, now)
    end_sessions(person.pk)
    return person


def note_export(*, actor: User, now: datetime) -> None:
    """Put on record that a copy of everything was taken: the owner of a borrowed browser will want to know."""
    record(f"user:{actor.pk}", "data_exported", actor=actor, now=now)


def run_retention(*, actor: User | None, key: str, now: datetime) -> dict[str, int]:
    """Let the rule with this key, or all for an empty one, forget what is due; returns how many each did.

    `actor` None is the operator at the command line. Raises NotFoundError `rule_not_found` and PermissionRefusedError.
    """
    if actor is not None:
        require(actor, Action.ADMINISTER, Office(), now)
    wanted = [rule for rule in RULES if rule.job and key in ("", rule.key)]
    if not wanted:
        raise NotFoundError("rule_not_found", _("There is no such rule, or it runs by itself only."), "", _page())
    done = {rule.key: run(rule, now) for rule in wanted}
    record("house:retention", "retention_run", actor=actor, now=now, data={"forgotten": sum(done.values()), **done})
    return done


def _page() -> str:
    return reverse("retention")


def _locked(actor: User) -> User:
    person = User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    if is_gone(person):
        raise ConflictError("account_gone", _("This account is closed."), _("Nothing more can be done with it."))
    return person
