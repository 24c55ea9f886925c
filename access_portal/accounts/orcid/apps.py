"""Registers ORCID sign-in with Django; allauth finds its provider by the name of this package."""

from django.apps import AppConfig


class OrcidConfig(AppConfig):
    name = "access_portal.accounts.orcid"
    label = "orcid"

    def ready(self) -> None:
        from allauth.socialaccount.signals import social_account_added, social_account_removed

        from access_portal.accounts.orcid.events import note_linked, note_unlinked

        social_account_added.connect(note_linked, dispatch_uid="orcid")
        social_account_removed.connect(note_unlinked, dispatch_uid="orcid")
