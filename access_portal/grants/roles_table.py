"""Which role may do what, as a table for people: made from the policy itself."""

from __future__ import annotations

from collections.abc import Mapping

from access_portal.accounts.models import Role
from access_portal.grants.facts import ROLES
from access_portal.grants.questions import Action

WORDS: Mapping[Action, str] = {
    Action.REVIEW: "Read the queue and cases; claim, ask, note, recommend",
    Action.DECIDE: "Approve, refuse, hold, answer appeals; renew, suspend and revoke grants",
    Action.AUDIT: "Read grants, people, the event log and the tables, without acting",
    Action.ADMINISTER: "Reassign cases, set the rules of review, run the rules of forgetting",
    Action.STOP: "Stop everything of a person, a lab, a model family or the house",
    Action.SEE_REPORTS: "Read figures about everybody's cases, and why somebody can or cannot",
    Action.MANAGE_RELEASES: "Stage, verify, publish, schedule, deprecate and withdraw releases",
    Action.MANAGE_LICENCES: "Publish licence texts",
    Action.MANAGE_FORMS: "Publish the forms that applicants answer",
    Action.MANAGE_PEOPLE: "Make accounts, give and take roles, close accounts, end sessions",
    Action.OPERATE: "See the state of mail, webhooks and the machinery",
}


def markdown() -> str:
    """The table of the reference page: one line for each action, one column for each role."""
    head = "| May | " + " | ".join(str(role.label) for role in Role) + " |\n|---|" + ":-:|" * len(Role) + "\n"
    rows = (f"| {words} | " + " | ".join(_marks(action)) + " |" for action, words in WORDS.items())
    return head + "\n".join(rows) + "\n"


def _marks(action: Action) -> list[str]:
    return ["yes" if role in ROLES[action] else "–" for role in Role]
