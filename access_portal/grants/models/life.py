"""What happens in the life of a grant: revocation by two people, attestations, notices, renewals, giving it back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Revocation(models.Model):
    """A proposal to end a grant for good, and what a second person made of it.

    In an emergency the grant is suspended when it is proposed, and stays so if nobody ratifies that in time.
    """

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="revocations")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="revocations_proposed"
    )
    proposed_at = models.DateTimeField()
    reason = models.TextField()  # the holder reads it
    emergency = models.BooleanField(default=False)
    ratified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="revocations_ratified"
    )
    ratified_at = models.DateTimeField(null=True, blank=True)
    declined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="revocations_declined"
    )
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_reason = models.TextField(blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)  # nobody answered in time, or the grant ended meanwhile

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="revocation_has_a_reason"),
            models.CheckConstraint(
                condition=Q(ratified_by__isnull=True) | ~Q(ratified_by=F("proposed_by")),
                name="revocation_takes_two_people",
            ),
            models.CheckConstraint(
                condition=Q(ratified_by__isnull=True, ratified_at__isnull=True)
                | Q(ratified_by__isnull=False, ratified_at__isnull=False),
                name="revocation_ratified_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(declined_by__isnull=True, declined_at__isnull=True)
                | Q(declined_by__isnull=False, declined_at__isnull=False),
                name="revocation_declined_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(ratified_at__isnull=True, declined_at__isnull=True)
                | Q(ratified_at__isnull=True, lapsed_at__isnull=True)
                | Q(declined_at__isnull=True, lapsed_at__isnull=True),
                name="revocation_has_one_outcome",
            ),
            models.UniqueConstraint(
                fields=["grant"],
                condition=Q(ratified_at__isnull=True, declined_at__isnull=True, lapsed_at__isnull=True),
                name="one_open_revocation_per_grant",
            ),
        ]

    def __str__(self) -> str:
        return f"revocation of grant {self.grant_id}"


class Attestation(models.Model):
    """A holder's word, once a year, that the grant is used as it was given. Append-only."""

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="attestations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="attestations")
    statement = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(statement=""), name="attestation_says_something")]

    def __str__(self) -> str:
        return f"attestation of grant {self.grant_id} at {self.at:%Y-%m-%d}"


class GrantNotice(models.Model):
    """That a notice of this kind was sent, so that no rerun of the clock sends it twice. Append-only."""

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=40)  # `ends_in_90_days`
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grant", "kind"], name="notice_once_per_grant")]

    def __str__(self) -> str:
        return f"{self.kind} for grant {self.grant_id}"


class Renewal(models.Model):
    """A holder's request to go on after the end, with what came of the work so far, and its answer."""

    class State(models.TextChoices):
        ASKED = "asked", _("Waiting for an answer")
        GRANTED = "granted", _("Renewed")
        REFUSED = "refused", _("Not renewed")

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="renewals")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="renewals_asked")
    asked_at = models.DateTimeField()
    outputs = models.TextField()  # what came of the work: papers, data, code
    changes = models.TextField(blank=True, db_default="")  # what is no longer as it was when the grant was given
    state = models.CharField(max_length=20, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="renewals_decided"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    text = models.TextField(blank=True)  # of the answer; the holder reads it
    new_grant = models.OneToOneField(
        "grants.Grant", on_delete=models.PROTECT, null=True, blank=True, related_name="renewal_of"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["asked", "granted", "refused"]), name="renewal_state_known"),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="asked") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="renewal_decision_has_a_name_and_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="granted", new_grant__isnull=False)
                | (~Q(state="granted") & Q(new_grant__isnull=True)),
                name="renewal_granted_gives_a_grant",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="nobody_renews_their_own_grant",
            ),
            models.UniqueConstraint(fields=["grant"], condition=Q(state="asked"), name="one_open_renewal_per_grant"),
        ]

    def __str__(self) -> str:
        return f"renewal of grant {self.grant_id}"


class Surrender(models.Model):
    """A holder gave the grant back and says what became of the copies. Append-only."""

    grant = models.OneToOneField("grants.Grant", on_delete=models.PROTECT, related_name="surrender")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="surrenders")
    statement = models.TextField()  # that the copies were deleted, or why some are kept
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(statement=""), name="surrender_says_something")]

    def __str__(self) -> str:
        return f"surrender of grant {self.grant_id}"
