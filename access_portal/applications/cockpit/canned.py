"""Questions that reviewers ask again and again, in words to begin from; nothing is sent that nobody has looked over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Canned:
    """`question` is the one of the house form that it is about; another form may lack it."""

    title: str | Promise
    text: str | Promise
    question: str = ""


QUESTIONS: Mapping[str, Canned] = {
    "method": Canned(
        _("What is measured, and how"),
        _("Please describe what you want to measure or show, and by which method, in a few sentences."),
        "purpose",
    ),
    "why_weights": Canned(
        _("Why these weights"),
        _("What do you need these weights for that a model which is free for everybody would not give you?"),
        "purpose",
    ),
    "sizes": Canned(
        _("Why these sizes"), _("Which of the sizes do you need for this work, and on which machines?"), "sizes"
    ),
    "institution": Canned(
        _("A page at the institution"),
        _("Please give a web page of the institution that shows you, or an address there that reaches you."),
        "web_page",
    ),
    "supervisor": Canned(
        _("Who supervises the work"),
        _("Please name your supervisor with an address at the institution, so that we can ask for a confirmation."),
        "supervisor_email",
    ),
    "commercial": Canned(
        _("Apart from business"),
        _("How is this work kept apart from your employer’s products and services, and who decides about results?"),
        "commercial_separation",
    ),
    "ethics": Canned(
        _("Data about people"),
        _("Which board has approved the work with data about people, or why is no approval needed?"),
        "ethics",
    ),
    "members": Canned(
        _("Who else will use it"),
        _("Will others work with the model? Please name each of them; everybody accepts the licence in person."),
        "co_members",
    ),
    "sharing": Canned(
        _("What is shared"),
        _("What will be published: text, code, measured values, or weights that were trained further?"),
        "sharing",
    ),
}
