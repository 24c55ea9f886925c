# ruff: noqa: E501
"""The tests of commands, or else the table, would notice any of these faults in `commands.py`."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import transaction

from access_portal.accounts.models import Role
from access_portal.applications import commands
from access_portal.applications.models import State
from tests.access_portal.applications import test_decisions, test_review_commands, test_submit
from tests.access_portal.applications.mutation import load
from tests.access_portal.applications.scenes import make_application, make_open_family
from tests.access_portal.applications.table import CELLS, World, outcome
from tests.factories import make_user

pytestmark = pytest.mark.django_db
SOURCE = Path(commands.__file__).read_text()
MUTATIONS = [
    # applying
    ("    require_command(None, actor, Command.SUBMIT, now)\n", ""),
    ("        require_eligible(actor, family, now)\n", ""),
    ("current.pk != version_id or ", ""),
    (" or current.sha256 != shown_sha256:", ":"),
    ("if current is None or current.pk", "if current is not None and current.pk"),
    ("answers=dict(answers),", "answers={},"),
    ("form_version=FORM_VERSION,", "form_version=FORM_VERSION + 1,"),
    ("submitted_at=now,", ""),
    ('f"GH-{now.year}-{application.pk:05d}"', 'f"GH-{now.year}-{application.pk}"'),
    ('    application.save(update_fields=["number"])\n', ""),
    ('{"acceptance": acceptance.pk}', "{}"),
    ('        _mail("receipt", application, now, {})\n', ""),
    # the gate and the lock
    ("    require_command(application, actor, command, now)\n", ""),
    ("    if version is not None and version != application.version:\n", "    if False:\n"),
    ("version != application.version", "version < application.version"),
    ("version != application.version", "version > application.version"),
    ("    if application is None:\n        raise not_found(number)\n", ""),
    ("    application.version += 1\n", ""),
    ("    application.state = leads_to(State(application.state), command)\n", ""),
    ("    application.save(update_fields=CHANGING)\n", ""),
    # what is on record
    ("    record(application.subject, EVENTS[command], actor=actor, now=now, data=facts)\n", ""),
    ("actor=actor, now=now, data=facts)", "actor=None, now=now, data=facts)"),
    ('Command.CLAIM: "application_claimed"', 'Command.CLAIM: "application_released"'),
    ('Command.RELEASE: "application_released"', 'Command.RELEASE: "application_claimed"'),
    # claims
    ("_locked(number, actor, Command.CLAIM, version, now)", "_locked(number, actor, Command.WITHDRAW, version, now)"),
    ("_locked(number, actor, Command.CLAIM, version, now)", "_locked(number, actor, Command.CLAIM, None, now)"),
    ("application.claimed_by, application.claimed_at = actor, now", "application.claimed_by, application.claimed_at = actor, application.claimed_at or now"),
    ("application.claimed_by, application.claimed_at = actor, now", "application.claimed_at = now"),
    ("_locked(number, actor, Command.RELEASE, version, now)", "_locked(number, actor, Command.CLAIM, version, now)"),
    ("_locked(number, actor, Command.RELEASE, version, now)", "_locked(number, actor, Command.RELEASE, None, now)"),
    ("        application.claimed_by = application.claimed_at = None\n", ""),
    # decisions
    ("_locked(number, actor, Command.APPROVE, version, now)", "_locked(number, actor, Command.CLAIM, version, now)"),
    ("_locked(number, actor, Command.APPROVE, version, now)", "_locked(number, actor, Command.APPROVE, None, now)"),
    ('        _decide(application, actor, "approved", terms.reason, now)\n', ""),
    ("        grant = _grant(application, actor, terms, now)\n", "        grant = Grant(number='GR-1')\n"),
    ('{"grant": grant.number, "months": terms.duration_months}', "{}"),
    ('        _mail("approved", application, now, {"grant": grant})\n', ""),
    ("_locked(number, actor, Command.REFUSE, version, now)", "_locked(number, actor, Command.CLAIM, version, now)"),
    ("_locked(number, actor, Command.REFUSE, version, now)", "_locked(number, actor, Command.REFUSE, None, now)"),
    ("        _check_refusal(code, text, may_reapply, what_to_change)\n", ""),
    ("        application.may_reapply = may_reapply\n", "        application.may_reapply = True\n"),
    ("what_to_change.strip() if may_reapply else", "what_to_change.strip() if True else"),
    ("        _advance(application, actor, Command.REFUSE, now,", "        _advance(application, actor, Command.APPROVE, now,"),
    ('        _mail("refused", application, now, {"reason": REASONS[code]})\n', ""),
    ("if code not in REASONS:", "if not code:"),
    ("if len(text.strip()) < SHORTEST_REFUSAL:", "if len(text) < SHORTEST_REFUSAL:"),
    ("if len(text.strip()) < SHORTEST_REFUSAL:", "if len(text.strip()) <= SHORTEST_REFUSAL:"),
    ("SHORTEST_REFUSAL = 30", "SHORTEST_REFUSAL = 29"),
    ("if may_reapply and not what_to_change.strip():", "if may_reapply and not what_to_change:"),
    ("application.decided_by, application.decided_at = actor, now", "application.decided_by, application.decided_at = actor, application.submitted_at"),
    # the grant
    ("licence_version=application.acceptance.version", "licence_version=current_version(application.family.weights_licence)"),
    ("variants=keys_of_variants(application.family, terms.variants)", "variants=[]"),
    ("ends_at=terms.ends_at(now)", "ends_at=terms.ends_at(application.submitted_at)"),
    ("token_quota=terms.token_quota if terms.may_infer else 0", "token_quota=terms.token_quota"),
    ("may_download=terms.may_download", "may_download=terms.may_infer and False"),
    ("given_by=actor,", "given_by=None,"),
    ("        application=application,\n", ""),
    # withdrawing
    ("_locked(number, actor, Command.WITHDRAW, None, now)", "_locked(number, actor, Command.WITHDRAW, 1, now)"),
    ('        _mail("withdrawn", application, now, {})\n', ""),
    ("        user=application.applicant,\n", "        to=application.applicant.email,\n"),
    ("        about=application.subject,\n", ""),
]  # fmt: skip


@pytest.mark.parametrize(("found", "instead"), [("", ""), *MUTATIONS])
def test_the_table_and_the_tests_catch_a_fault_in_the_commands(
    found: str, instead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = load(SOURCE, found, instead, monkeypatch)
    assert (survives_tests(mutant) and survives_table(mutant)) == (not found)


def survives_table(mutant: ModuleType) -> bool:
    try:
        world = World()
        return all(outcome(mutant, world, cell) == cell.expected for cell in CELLS)
    except Exception:
        return False


def survives_tests(mutant: ModuleType) -> bool:
    """Whether every test that takes `commands` passes with this module in its place."""
    return all(passes(test, {**arguments, "commands": mutant}) for test, arguments in each_test())


def passes(test: Callable[..., None], arguments: dict[str, Any]) -> bool:
    with transaction.atomic():
        try:
            people = {name: FIXTURES[name]() for name in inspect.signature(test).parameters if name in FIXTURES}
            test(**arguments, **people)
        except (Exception, pytest.fail.Exception):
            return False
        finally:
            transaction.set_rollback(True)
    return True


FIXTURES: dict[str, Callable[[], Any]] = {
    "dan": lambda: make_user("dan", Role.DECIDER),
    "case": lambda: make_application(make_user("ada"), make_open_family(), State.IN_REVIEW),
}  # fmt: skip


def each_test() -> Iterator[tuple[Callable[..., None], dict[str, Any]]]:
    """Each test with each combination of its parameters."""
    for suite in (test_submit, test_review_commands, test_decisions):
        for test in vars(suite).values():
            if inspect.isfunction(test) and "commands" in inspect.signature(test).parameters:
                for arguments in combinations(test):
                    yield test, arguments


def combinations(test: Callable[..., None]) -> Iterator[dict[str, Any]]:
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    choices = []
    for mark in marks:
        names, values = mark.args
        one = isinstance(names, str)
        choices.append([{names: value} if one else dict(zip(names, value, strict=True)) for value in values])
    for chosen in itertools.product(*choices):
        yield {name: value for part in chosen for name, value in part.items()}
