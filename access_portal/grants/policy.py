"""THE access predicate: every door asks `decide`, and nothing else decides.

Pages, link signer, Hub protocol, batch API and the worker at the moment it runs a line all call it; the explanation
it gives is what the person reads. The rules themselves are the links of `chain.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from access_portal.errors import PermissionRefusedError
from access_portal.grants.chain import chain
from access_portal.grants.facts import Fact, in_force
from access_portal.grants.models import Grant
from access_portal.grants.questions import Action, Actor, Case, Model, Office, Resource

__all__ = [
    "Action", "Actor", "Case", "Decision", "Fact", "Granted", "Model", "Office", "Refused", "Resource", "decide",
    "decide_each", "explain", "require", "usable",
]  # fmt: skip


@dataclass(frozen=True)
class Granted:
    """Yes; `grant` is the right that it rests on, where there is one."""

    grant: Grant | None = None


@dataclass(frozen=True)
class Refused:
    """No: why, and what would help."""

    code: str
    explanation: str
    remedy: str
    remedy_path: str = ""


Decision = Granted | Refused
T = TypeVar("T")


def decide(actor: Actor, action: Action, resource: Resource, now: datetime) -> Decision:
    """May `actor` do this at `now`? The answer holds for this moment only and is not to be kept."""
    return _answer(chain(actor, action, resource, now))


def decide_each(
    actor: Actor, actions: Iterable[Action], resource: Resource, now: datetime
) -> Mapping[Action, Decision]:
    """`decide` for several actions at one moment: what they have in common is looked up once."""
    stops = in_force()
    return {action: _answer(chain(actor, action, resource, now, stops)) for action in actions}


def _answer(facts: Iterable[Fact]) -> Decision:
    grant = None
    for fact in facts:
        if not fact.holds:
            return Refused(fact.code, fact.text, fact.remedy, fact.path)
        grant = fact.grant or grant
    return Granted(grant)


def explain(actor: Actor, action: Action, resource: Resource, now: datetime) -> list[Fact]:
    """All that the answer of `decide` turns on; it is yes when every fact holds, else the first that does not."""
    return list(chain(actor, action, resource, now))


def require(actor: Actor, action: Action, resource: Resource, now: datetime) -> Granted:
    """`decide`, for commands: raises PermissionRefusedError with the same words."""
    decision = decide(actor, action, resource, now)
    if isinstance(decision, Refused):
        raise PermissionRefusedError(decision.code, decision.explanation, decision.remedy, decision.remedy_path)
    return decision


def usable(actor: Actor, action: Action, items: list[T], as_model: Callable[[T], Model], now: datetime) -> list[T]:
    """Those of `items` that `decide` grants: every list of what a person may use is made here, by the same rule."""
    return [item for item in items if isinstance(decide(actor, action, as_model(item), now), Granted)]
