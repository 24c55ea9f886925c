"""Forms of the pages about mail and webhooks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from access_portal.outbox.destinations import LONGEST_URL
from access_portal.outbox.event_types import SUBJECTS


class EndpointForm(forms.Form):
    """A new endpoint; what its fields may hold is for `endpoints.add_endpoint` to say."""

    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_URL,
        help_text=_("Where the receiver listens. It has to begin with https://."),
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    wants = forms.CharField(
        label=_("Events"),
        max_length=4000,
        initial="\n".join(f"{kind}.*" for kind in SUBJECTS),
        help_text=_("One on each line: the name of an event, or a beginning such as application.* for all of a kind."),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )

    def clean_wants(self) -> list[str]:
        """The lines as a list."""
        return str(self.cleaned_data["wants"]).split()
