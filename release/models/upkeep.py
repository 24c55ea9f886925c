"""What the house knows of its store: uploads that are not finished, and when files were last read again."""

from __future__ import annotations

from django.db import models

from release.models.release import Release


class Upload(models.Model):
    """A multipart upload under way, so that whoever takes it up again sends only the parts that are missing."""

    storage_key = models.CharField(max_length=700, unique=True)
    upload_id = models.CharField(max_length=1024)  # the store's name for it
    part_bytes = models.PositiveBigIntegerField()
    began_at = models.DateTimeField()  # or was last taken up

    def __str__(self) -> str:
        return self.storage_key


class UploadPart(models.Model):
    """A part that was sent: which bytes, and by which ETag the store knows them, where that is no MD5 of them."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    md5 = models.CharField(max_length=32)
    etag = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="part_once_per_upload")]

    def __str__(self) -> str:
        return f"{self.upload_id}: {self.number}"


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


class StoreReading(models.Model):
    """How far the clock is in reading a release again, file by file in the order of their paths."""

    release = models.OneToOneField(Release, on_delete=models.CASCADE, related_name="store_reading")
    began_at = models.DateTimeField(null=True, blank=True)  # empty between two readings
    up_to_path = models.CharField(max_length=500, blank=True)  # the last file that was read
    read_bytes = models.PositiveBigIntegerField(default=0)
    damages = models.JSONField(default=list)
    day = models.DateField(null=True, blank=True)  # UTC: the last one on which something of it was read
    day_bytes = models.PositiveBigIntegerField(default=0)  # on that day

    def __str__(self) -> str:
        return f"{self.release_id} up to {self.up_to_path or 'nothing'}"
