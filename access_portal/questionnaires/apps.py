"""Registers access_portal.questionnaires with Django, and sees to it that there is always a house form."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class QuestionnairesConfig(AppConfig):
    name = "access_portal.questionnaires"

    def ready(self) -> None:
        from access_portal.questionnaires.house import make_house_form

        post_migrate.connect(make_house_form, sender=self)
