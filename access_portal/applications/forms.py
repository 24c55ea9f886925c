"""The questions that an applicant answers. Each says why it is asked; only reviewers and deciders see the answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from access_portal.applications import orcid
from access_portal.applications.families import Family, variants_of
from access_portal.licences.models import LicenceVersion

POSITIONS = [
    ("student", _("Student, doctoral students included")),
    ("postdoc", _("Postdoctoral researcher")),
    ("faculty", _("Faculty or permanent research staff")),
    ("industry", _("Researcher in industry")),
    ("society", _("Civil society or government")),
    ("independent", _("Independent researcher")),
]
YES_NO = [("yes", _("Yes")), ("no", _("No"))]
MOST_TOKENS = 10**12

# Said in place of "(optional)": these must be answered, but not by everybody.
CONDITIONS = {
    "supervisor_name": _("if you are a student"),
    "supervisor_email": _("if you are a student"),
    "ethics": _("if you answered yes"),
    "estimated_tokens": _("if you want to run the model here"),
}


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ApplicationForm(forms.Form):
    """One application for one family; `answers()` is what is kept of it."""

    institution = forms.CharField(
        label=_("Institution"),
        max_length=200,
        help_text=_("Where you do this research. We compare it with your e-mail address. “None” is an answer."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    country = forms.CharField(
        label=_("Country"),
        max_length=80,
        help_text=_("Where the research is done; we ask because laws differ. Nothing is decided by it alone."),
        widget=forms.TextInput(attrs={"list": "countries", "autocomplete": "country-name"}),
    )
    position = forms.ChoiceField(
        label=_("Your position"),
        choices=POSITIONS,
        widget=forms.RadioSelect,
        help_text=_("It tells us who can vouch for the work. Every position can be approved."),
    )
    supervisor_name = forms.CharField(
        label=_("Supervisor’s name"),
        max_length=200,
        required=False,
        help_text=_("Somebody who answers for the work and knows of it. Reviewers see the name, nobody else."),
    )
    supervisor_email = forms.EmailField(
        label=_("Supervisor’s e-mail address"),
        max_length=254,
        required=False,
        help_text=_("A reviewer may write to this address to ask whether they know of the work."),
    )
    orcid = forms.CharField(
        label=_("ORCID"),
        max_length=60,
        required=False,
        help_text=_("Helps a reviewer to see that you are you. For example 0000-0002-1825-0097."),
    )
    web_page = forms.URLField(
        label=_("Web page"),
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text=_("Your page at the institution, a group’s page or a list of publications: it serves the same end."),
    )
    sizes = forms.MultipleChoiceField(
        label=_("Sizes that you need"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A grant covers what was asked for. Ask for what the work needs; more can be added later."),
    )
    purpose = forms.CharField(
        label=_("Research purpose"),
        min_length=100,
        max_length=4000,
        widget=_area(10),
        help_text=_(
            "What you want to find out, how, and what the model is used for: 100 to 4,000 characters. "
            "This is what the decision rests on."
        ),
    )
    sharing = forms.CharField(
        label=_("How you will share what comes out"),
        min_length=10,
        max_length=2000,
        widget=_area(4),
        help_text=_("Papers, code, data, adapted weights: the licence treats them differently, so we ask first."),
    )
    human_data = forms.ChoiceField(
        label=_("Does the work use data about people?"),
        choices=YES_NO,
        widget=forms.RadioSelect,
        help_text=_(
            "Interviews, posts, records, ratings by annotators. Such work needs somebody who has looked at it."
        ),
    )
    ethics = forms.CharField(
        label=_("Ethics review"),
        max_length=2000,
        required=False,
        widget=_area(4),
        help_text=_("Which board looked at it, or why none is needed, and how the data are kept."),
    )
    needs_download = forms.BooleanField(
        label=_("I need to download the weights"),
        required=False,
        help_text=_("To run or adapt the model on your own machines."),
    )
    needs_inference = forms.BooleanField(
        label=_("I need to run the model here"),
        required=False,
        help_text=_("Batches of prompts through our API, on our machines."),
    )
    estimated_tokens = forms.IntegerField(
        label=_("Tokens of inference, about"),
        min_value=1,
        max_value=MOST_TOKENS,
        required=False,
        help_text=_(
            "Prompts and answers together over the whole project. A token is about four letters. "
            "It sets the first quota, and a rough figure is enough."
        ),
    )
    licence_version = forms.IntegerField(widget=forms.HiddenInput)
    licence_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    agree = forms.BooleanField(
        label=_("I have read this licence and I accept it for myself."),
        help_text=_("We keep the time and the fingerprint of the text with your acceptance."),
        error_messages={"required": _("Without your acceptance of the licence there can be no grant.")},
    )

    def __init__(self, data: QueryDict | None = None, *, family: Family, licence: LicenceVersion) -> None:
        super().__init__(data, initial={"licence_version": licence.pk, "licence_sha256": licence.sha256})
        sizes = self.fields["sizes"]
        assert isinstance(sizes, forms.MultipleChoiceField)
        sizes.choices = [(variant.slug, variant.name) for variant in variants_of(family)]
        for name, condition in CONDITIONS.items():
            setattr(self.fields[name], "condition", condition)  # noqa: B010 - forms know no such attribute
        if len(sizes.choices) == 1:
            sizes.initial = [sizes.choices[0][0]]

    def clean_orcid(self) -> str:
        """The iD in its usual form."""
        text = self.cleaned_data["orcid"]
        normal = orcid.normalise(text) if text else ""
        if normal is None:
            raise ValidationError(_("This is not an ORCID iD: its last character does not fit the others."))
        return normal

    def clean(self) -> dict[str, Any]:
        """Questions that depend on others: an answer to one that was not asked is dropped."""
        super().clean()
        data = self.cleaned_data
        if data.get("position") == "student":
            self._require("supervisor_name", _("You are a student: who supervises the work?"))
            self._require("supervisor_email", _("You are a student: how can we reach your supervisor?"))
        elif "position" in data:
            self._drop("supervisor_name", "supervisor_email")
        if data.get("human_data") == "yes":
            self._require("ethics", _("You work with data about people: who has looked at that?"))
        elif "human_data" in data:
            self._drop("ethics")
        if data.get("needs_inference"):
            self._require("estimated_tokens", _("Give a rough number of tokens: it sets the first quota."))
        else:
            self._drop("estimated_tokens")
        if not (data.get("needs_inference") or data.get("needs_download")):
            self.add_error("needs_download", _("Choose at least one: downloading the weights or running them here."))
        return data

    def answers(self) -> dict[str, Any]:
        """The cleaned answers, without the licence, which is kept as an acceptance."""
        return {name: value for name, value in self.cleaned_data.items() if name in QUESTIONS}

    def shows(self, licence: LicenceVersion) -> bool:
        """Whether the text on the applicant's screen was this one."""
        shown = (self["licence_version"].value(), self["licence_sha256"].value())
        return shown == (str(licence.pk), licence.sha256)

    def _require(self, name: str, message: Any) -> None:
        if name not in self.errors and not self.cleaned_data.get(name):
            self.add_error(name, message)

    def _drop(self, *names: str) -> None:
        for name in names:
            self.cleaned_data[name] = self.fields[name].clean("")
            self.errors.pop(name, None)


QUESTIONS = tuple(
    name for name in ApplicationForm.base_fields if name not in {"licence_version", "licence_sha256", "agree"}
)
