"""One case as its reviewer reads it: what was sent, what changed, what was said, and what speaks for or against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.applications.cockpit.listing import sent
from access_portal.applications.cockpit.papers import Kind, Paper, papers_of
from access_portal.applications.families import variants_of
from access_portal.applications.forms import definition_of
from access_portal.applications.models import Application, Round, Signal, State, Verdict
from access_portal.applications.signals import TITLES
from access_portal.applications.standing import not_found
from access_portal.applications.wording import Entry, entry
from access_portal.audit.models import Event
from access_portal.grants.models import Grant
from access_portal.questionnaires.definition import Definition
from access_portal.questionnaires.reading import Answer, Change, answered, differences


@dataclass(frozen=True)
class Line:
    """One answer, its file, and what became of it since the round before."""

    answer: Answer
    change: Change | None
    file: Paper | None


@dataclass(frozen=True)
class Part:
    """The answers under one heading of the form."""

    title: str
    lines: list[Line]


@dataclass(frozen=True)
class Sign:
    """A signal in words."""

    title: str
    paper: Paper
    level: str  # in words


def find_case(number: str) -> Application:
    """A case with what its page shows of other tables; raises NotFoundError, for drafts as well."""
    rows = (
        sent()
        .select_related(
            "applicant",
            "family__review_policy",
            "form",
            "claimed_by",
            "handler",
            "queue_line",
            "appeal__decided_by",
            "decision__by",
            "decision__confirmed_by",
            "recommendation__by",
            "final_proposal__by",
            "acceptance__version__licence",
        )
        .prefetch_related("family__variants")
    )
    application = rows.filter(number=number).first()
    if application is None:
        raise not_found(number)
    return application


class CaseFile:
    """What a reviewer reads of one case; each part is read from the database once."""

    def __init__(self, application: Application, reader: User) -> None:
        self.application = application
        self.reader = reader

    @cached_property
    def definition(self) -> Definition:
        return definition_of(self.application)

    @cached_property
    def sizes(self) -> list[tuple[str, str]]:
        return [(variant.slug, variant.name) for variant in variants_of(self.application.family)]

    @cached_property
    def rounds(self) -> list[Round]:
        """Newest first. What an applicant writes in a returned case is nobody's business before it is sent."""
        return self.application.kept_rounds[::-1]

    @property
    def answers(self) -> Mapping[str, Any]:
        """Those of the last round; where nothing can have been written since, the case itself has them."""
        if self.application.state != State.INFO_REQUESTED:
            return dict(self.application.answers)
        return self.rounds[0].answers if self.rounds else {}

    @cached_property
    def changes(self) -> dict[str, Change]:
        if self.application.rounds < 2:
            return {}
        found = differences(self.definition, self.rounds[1].answers, self.answers, self.sizes)
        return {change.name: change for change in found}

    @cached_property
    def parts(self) -> list[Part]:
        """The answers by section of the form."""
        parts: dict[str, Part] = {}
        for answer in answered(self.definition, self.answers, self.sizes):
            part = parts.setdefault(answer.section, Part(answer.section_title, []))
            part.lines.append(Line(answer, self.changes.get(answer.name), self._file(answer.name)))
        return list(parts.values())

    @cached_property
    def emptied(self) -> list[Change]:
        """What was answered in the round before and no longer is."""
        return [change for change in self.changes.values() if not change.after]

    @cached_property
    def papers(self) -> list[Paper]:
        return papers_of(self.application)

    def of(self, *kinds: Kind) -> list[Paper]:
        return [paper for paper in self.papers if paper.kind in kinds]

    @property
    def messages(self) -> list[Paper]:
        return self.of(Kind.MESSAGE)

    @property
    def notes(self) -> list[Paper]:
        return self.of(Kind.NOTE)

    @cached_property
    def asks(self) -> list[tuple[Paper, str]]:
        """What was asked, each with the label of its question."""
        labels = {question.name: str(question.label) for question in self.definition.questions()}
        return [(paper, labels.get(paper.detail, "")) for paper in self.of(Kind.ASK)]

    @cached_property
    def signs(self) -> list[Sign]:
        """The signals of the last round, those to look at first."""
        order = [Signal.Level.LOOK, Signal.Level.NOTE, Signal.Level.GOOD]
        current = [paper for paper in self.of(Kind.SIGNAL) if paper.round == self.application.rounds]
        current.sort(key=lambda paper: order.index(Signal.Level(paper.level)))
        return [
            Sign(_(TITLES.get(paper.detail, paper.detail)), paper, str(Signal.Level(paper.level).label))
            for paper in current
        ]

    @cached_property
    def opinions(self) -> list[tuple[Paper, str]]:
        """Those that this reader may see: of the current round only once they have given their own."""
        return [(paper, str(Verdict(paper.detail).label)) for paper in self.of(Kind.OPINION) if self._shows(paper)]

    @property
    def hidden_opinions(self) -> int:
        return len(self.of(Kind.OPINION)) - len(self.opinions)

    @property
    def timeline(self) -> list[Entry]:
        return [self._entry(paper) for paper in self.of(Kind.EVENT)]

    def since(self, version: int) -> list[Entry]:
        """What happened after the page of this version was shown."""
        return [self._entry(paper) for paper in self.of(Kind.EVENT) if paper.round > version]

    @cached_property
    def grants(self) -> list[Grant]:
        """What came of an approval, as it stands now."""
        decision = self.application.decision
        approved = decision is not None and decision.verdict == Verdict.APPROVE
        return self.application.kept_grants if approved else []

    @property
    def ticked(self) -> list[str]:
        """What whoever recommended it has ticked, in words."""
        recommendation = self.application.recommendation
        done = set(recommendation.checked) if recommendation else set()
        return [str(item.text) for item in self.definition.checklist if item.id in done]

    def _shows(self, opinion: Paper) -> bool:
        current = opinion.round == self.application.rounds and self.application.is_open
        return not current or any(
            paper.by_id == self.reader.pk and paper.round == opinion.round for paper in self.of(Kind.OPINION)
        )

    def _entry(self, paper: Paper) -> Entry:
        actor = User(pk=paper.by_id, username=paper.username, full_name=paper.full_name) if paper.by_id else None
        return entry(Event(name=paper.text, actor=actor, at=paper.at), self.application, self.reader)

    def _file(self, question: str) -> Paper | None:
        answer = self.answers.get(question)
        if not isinstance(answer, dict):
            return None
        files = [paper for paper in self.of(Kind.FILE) if paper.detail == question]
        return next((paper for paper in files if paper.extra == answer.get("sha256")), None)
