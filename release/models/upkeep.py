"""What the house knows of its store: uploads that are not finished, and when files were last read again."""

from __future__ import annotations

from django.db import models

from release.models.release import Release


class Upload(models.Model):
    """A multipart upload under way, so that whoever takes it up again sends only the parts that are missing."""

    storage_key = models.CharField(max_length=700, unique=True)
    upload_id = models.CharField(max_length=1024)  # the store's name for it
    part_bytes = models.PositiveBigIntegerField()
    began_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.storage_key


class StoreCheck(models.Model):
    """One reading of all files of a release in the store; `damages` is empty when they were whole."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="store_checks")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    read_bytes = models.PositiveBigIntegerField()
    damages = models.JSONField(default=list)  # [{"path": ..., "problem": ...}]

    class Meta:
        ordering = ["-ended_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.release_id} at {self.ended_at:%Y-%m-%d %H:%M}"
