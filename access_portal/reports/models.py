"""What this room keeps: reports that somebody comes back to, and sentences taken back from the public page."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SavedReport(models.Model):
    """The filters of the reports page under a name, for one person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_reports")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)  # the part of the page's address after the question mark

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="saved_report_name_once")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TakenBack(models.Model):
    """The applicant no longer wants the sentence of this application to be public, whatever its frozen answers say."""

    application = models.OneToOneField(
        "applications.Application", on_delete=models.CASCADE, primary_key=True, related_name="statement_taken_back"
    )
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"statement of {self.application_id}"
