"""Changes to people: accounts that staff make, and the roles they give and take."""

from __future__ import annotations

from datetime import datetime

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from access_portal.accounts.adapter import password_link
from access_portal.accounts.models import Role, RoleAssignment, User
from access_portal.audit.commands import record
from access_portal.errors import InvalidError
from access_portal.grants.policy import Action, Case, Office, require
from access_portal.outbox.commands import queue_mail


def create_person(
    *, username: str, email: str, full_name: str, actor: User | None, now: datetime, password: str | None = None
) -> User:
    """Make an account whose e-mail address is taken as proven; without a password, `link_to_set_password` gives one.

    `actor` None is the operator at the command line. Raises InvalidError for values that no account may have.
    """
    if actor is not None:
        require(actor, Action.MANAGE_PEOPLE, Office(), now)
    person = User(username=username.lower(), email=email.lower(), full_name=full_name)
    person.set_password(password)  # None makes one that nothing matches
    try:
        person.full_clean()
        if password is not None:
            validate_password(password, person)
    except ValidationError as error:
        raise InvalidError("person_invalid", " ".join(error.messages)) from error
    with transaction.atomic():
        person.save(force_insert=True)
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        record(f"user:{person.pk}", "person_created", actor=actor, now=now)
    return person


def link_to_set_password(person: User) -> str:
    """A link that sets the password once, within three days; who holds it can take the account."""
    key = f"{user_pk_to_url_str(person)}-{EmailAwarePasswordResetTokenGenerator().make_token(person)}"
    return password_link(key)


def give_role(*, person: User, role: str, actor: User | None, now: datetime) -> None:
    """Let a person act in a role; nothing happens when they hold it already.

    `actor` None is the operator at the command line. Raises InvalidError `role_unknown`.
    """
    wanted = _role(role)
    _check(actor, person, now)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        _given, new = RoleAssignment.objects.get_or_create(user=person, role=wanted, defaults={"given_at": now})
        if new:
            record(f"user:{person.pk}", "role_given", actor=actor, now=now, data={"role": wanted})
            queue_mail(template="role_given", context={"role": wanted.label}, user=person, now=now, about="account")
    person.__dict__.pop("_role_names", None)


def take_role(*, person: User, role: str, actor: User | None, now: datetime) -> None:
    """End a role at once; nothing happens when they do not hold it. Raises as `give_role` does."""
    unwanted = _role(role)
    _check(actor, person, now)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        gone, _rows = RoleAssignment.objects.filter(user=person, role=unwanted).delete()
        if gone:
            record(f"user:{person.pk}", "role_taken", actor=actor, now=now, data={"role": unwanted})
            queue_mail(template="role_taken", context={"role": unwanted.label}, user=person, now=now, about="account")
    person.__dict__.pop("_role_names", None)


def set_language(*, actor: User, language: str) -> None:
    """Remember in which language a person reads our mail; a preference, so no event is recorded.

    Raises InvalidError `language_unknown`.
    """
    if language not in dict(settings.LANGUAGES):
        raise InvalidError("language_unknown", _("This site does not speak that language."), field="language")
    User.objects.filter(pk=actor.pk).update(language=language)
    actor.language = language


def _check(actor: User | None, person: User, now: datetime) -> None:
    if actor is not None:
        require(actor, Action.MANAGE_PEOPLE, Case(applicant_id=person.pk), now)


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise InvalidError(
            "role_unknown",
            _("There is no role “%(role)s”.") % {"role": name},
            _("The roles are: %(roles)s.") % {"roles": ", ".join(Role.values)},
            field="role",
        ) from None
