"""Forms about a person's own data."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class ProfileForm(forms.Form):
    """The fields are the arguments of `correct_profile`."""

    full_name = forms.CharField(
        label=_("Full name"),
        max_length=200,
        help_text=_("As it should stand on your grants, and in mails that we write to others about you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("In which we write our mails to you.")
    )


class CloseForm(forms.Form):
    """Typing the user name says that it is meant."""

    user_name = forms.CharField(
        label=_("Your user name"),
        max_length=39,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, user_name: str, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self._expected = user_name
        self.fields["user_name"].help_text = _("Type “%(name)s”, to show that you mean it.") % {"name": user_name}

    def clean_user_name(self) -> str:
        typed = str(self.cleaned_data["user_name"]).strip().lower()
        if typed != self._expected:
            raise forms.ValidationError(_("This is not your user name."), code="other_name")
        return typed
