"""People, the roles they hold here, and the API tokens they made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from access_portal.accounts.names import validate_one_line


class Role(models.TextChoices):
    """What a member of staff may do; roles add up, and none implies another."""

    REVIEWER = "reviewer", _("Reviewer")
    DECIDER = "decider", _("Decider")
    ADMIN = "admin", _("Office administrator")
    RELEASE_MANAGER = "release_manager", _("Release manager")
    OPERATOR = "operator", _("Operator")
    AUDITOR = "auditor", _("Auditor")


class User(AbstractUser):
    """A person. `username` is the public handle, also used by Hub clients; `email` is unique and verified."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    username = models.CharField(
        _("user name"),
        max_length=39,
        unique=True,
        validators=[
            RegexValidator(
                r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$",
                _("Use lower-case letters, digits and hyphens; begin and end with a letter or digit."),
            )
        ],
    )
    email = models.EmailField(_("e-mail address"), unique=True)
    full_name = models.CharField(_("full name"), max_length=200, blank=True, validators=[validate_one_line])
    # That our mail is written in, whoever caused it.
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    # One more each time that all sessions of this person are ended: none begun before it is believed any more.
    session_round = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_session_auth_hash(self) -> str:
        """What a session must hold to be believed; depends on the password and on how often all were ended."""
        return self._with_round(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under the keys of earlier times."""
        yield from map(self._with_round, super().get_session_auth_fallback_hash())

    def _with_round(self, digest: str) -> str:
        if self.session_round == 0:
            return digest
        return salted_hmac("access_portal.accounts.session", f"{digest}:{self.session_round}").hexdigest()

    @property
    def role_names(self) -> frozenset[str]:
        """The roles held now; read once for each loaded row."""
        cached: frozenset[str] | None = self.__dict__.get("_role_names")
        if cached is None:
            cached = frozenset(self.roles.values_list("role", flat=True))
            self.__dict__["_role_names"] = cached
        return cached

    def has_role(self, *roles: Role) -> bool:
        """Whether an active person holds any of these roles."""
        return self.is_active and not self.role_names.isdisjoint(roles)

    @property
    def is_office(self) -> bool:
        """Whether this person holds any role, and so needs a second factor."""
        return bool(self.role_names)


class RoleAssignment(models.Model):
    """One role of one person."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=20, choices=Role.choices)
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="role_once_per_user")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role}"


class Scope(models.TextChoices):
    """What a token may be used for, never more than its owner may do."""

    READ = "read", _("Read my account, applications and grants")
    APPLY = "apply", _("Write and send my applications, and manage my grants")
    DOWNLOAD = "download", _("Download weights that I have a grant for")
    JOBS = "jobs", _("Run and read my inference jobs")
    REVIEW = "review", _("Review applications, if I am a reviewer")


class ApiToken(models.Model):
    """A bearer token; only the SHA-256 of its 256 random bits is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    scopes = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    def is_usable(self, now: datetime) -> bool:
        """Whether the token may sign in at this time."""
        return self.revoked_at is None and now < self.expires_at and self.user.is_active
