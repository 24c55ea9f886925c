"""`manage.py person`: make accounts, give roles, help somebody who lost the second factor, as the operator."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from access_portal.accounts.closing import reset_second_factor
from access_portal.accounts.commands import create_person, give_role, link_to_set_password, take_role
from access_portal.accounts.models import Role, User
from access_portal.errors import GatehouseError


class Command(BaseCommand):
    """Whoever may run this holds the machine, so no role is asked for; what is done is on record all the same."""

    help = "Make an account (create), change a person's roles (role), take a lost second factor away (second-factor)."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make an account with a proven e-mail address")
        create.add_argument("username")
        create.add_argument("email")
        create.add_argument("--name", default="", help="full name")
        create.add_argument("--role", action="append", default=[], choices=Role.values)
        create.add_argument("--ask-password", action="store_true", help="ask now, instead of printing a link")
        role = verbs.add_parser("role", help="add or remove a role")
        role.add_argument("username")
        role.add_argument("change", choices=["add", "remove"])
        role.add_argument("role", choices=Role.values)
        factor = verbs.add_parser("second-factor", help="take away a second factor that was lost")
        factor.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                VERBS[options["verb"]](self, options)
        except GatehouseError as error:
            raise CommandError(f"{error.explanation} {error.remedy}".strip()) from error

    def _create(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        password = getpass.getpass("Password: ") if options["ask_password"] else None
        person = create_person(
            username=options["username"],
            email=options["email"],
            full_name=options["name"],
            actor=None,
            now=now,
            password=password,
        )
        for role in options["role"]:
            give_role(person=person, role=role, actor=None, now=now)
        self.stdout.write(f"Made {person.username} ({', '.join(options['role']) or 'no role'}).")
        if password is None:
            self.stdout.write(f"To set a password, once and within three days, open:\n{link_to_set_password(person)}")

    def _role(self, options: dict[str, Any]) -> None:
        person = _named(options["username"])
        change = give_role if options["change"] == "add" else take_role
        change(person=person, role=options["role"], actor=None, now=timezone.now())
        roles = ", ".join(sorted(person.role_names)) or "no role"
        self.stdout.write(f"{person.username} now has: {roles}.")

    def _second_factor(self, options: dict[str, Any]) -> None:
        person = _named(options["username"])
        reset_second_factor(person=person, actor=None, now=timezone.now())
        self.stdout.write(f"{person.username} signs in with the password alone, and sets up a new second factor then.")


VERBS = {"create": Command._create, "role": Command._role, "second-factor": Command._second_factor}


def _named(username: str) -> User:
    person = User.objects.filter(username=username).first()
    if person is None:
        raise CommandError(f"There is nobody with the user name {username!r}.")
    return person
