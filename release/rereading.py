"""What the clock does with the store: reads published releases again, a bounded number of bytes each day.

File by file, the release first that was longest not read; where it stopped is written down after each file.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum
from django.db.models.functions import Coalesce

from release.errors import StoreUnavailableError
from release.models import LIVE_STATES, Artifact, Release, StoreCheck, StoreReading
from release.store_checks import NOT_UNDER_WAY, as_rows, take_turn, tell_damage
from release.verification import Damage, problem_with

log = structlog.get_logger(__name__)

REST = timedelta(days=7)  # a release that was read this recently is left alone
TICK_BYTES = 1_000_000_000  # one tick ends after the file with which it has read this much, so that a clock can stop


def reread_due(now: datetime) -> int:
    """Read the next files, as far as the bytes of the day go; returns how many.

    Bytes are counted before they are read: a clock that dies, or two clocks, never read more than the day has. A store
    that is away is asked again at a later tick.
    """
    files = read_bytes = 0
    while read_bytes < TICK_BYTES and (claimed := _claim(now)) is not None:
        reading, artifact = claimed
        try:
            problem = problem_with(artifact)
        except StoreUnavailableError as error:
            log.warning("reading_waits_for_the_store", path=artifact.path, cause=error.cause)
            break
        _note(reading, artifact, problem, now)
        files += 1
        read_bytes += artifact.size_bytes
    return files


def _claim(now: datetime) -> tuple[StoreReading, Artifact] | None:
    """The next file, its bytes taken from those of the day; None when there is none or the day has too few left."""
    with transaction.atomic():
        list(StoreReading.objects.select_for_update().order_by("pk"))  # claims of two clocks go one after another
        reading = _under_way() or _begin(now)
        artifact = None if reading is None else _next_file(reading)
        if reading is None or artifact is None or not _has_room(artifact, now.astimezone(UTC).date()):
            return None
        _take(reading, artifact.size_bytes, now.astimezone(UTC).date())
        return reading, artifact


def _under_way() -> StoreReading | None:
    rows = StoreReading.objects.filter(began_at__isnull=False, release__state__in=LIVE_STATES)
    return rows.select_related("release__variant").order_by("began_at", "pk").first()


def _begin(now: datetime) -> StoreReading | None:
    """A reading of the release that was longest not read; until its first one that is since it was published."""
    releases = Release.objects.filter(state__in=LIVE_STATES, artifacts__isnull=False)
    releases = releases.annotate(last=Coalesce(Max("store_checks__ended_at"), "published_at"))
    release = releases.filter(last__lte=now - REST).order_by("last", "pk").first()
    if release is None:
        return None
    begun = {**NOT_UNDER_WAY, "began_at": now}
    return StoreReading.objects.update_or_create(release=release, defaults=begun)[0]


def _next_file(reading: StoreReading) -> Artifact | None:
    """In the order of Python, since databases sort text in orders of their own."""
    left = [each for each in reading.release.artifacts.all() if each.path > reading.up_to_path]
    return min(left, key=lambda artifact: artifact.path, default=None)


def _has_room(artifact: Artifact, today: date) -> bool:
    """Whether the file fits into what is left of the day; one larger than any day is read on a day of its own."""
    most = settings.STORE_CHECK_BYTES_PER_DAY
    spent = StoreReading.objects.filter(day=today).aggregate(bytes=Sum("day_bytes"))["bytes"] or 0
    return most > 0 and (spent == 0 or spent + artifact.size_bytes <= most)


def _take(reading: StoreReading, size_bytes: int, today: date) -> None:
    reading.day_bytes = size_bytes + (reading.day_bytes if reading.day == today else 0)
    reading.day = today
    reading.save(update_fields=["day", "day_bytes"])


def _note(seen: StoreReading, artifact: Artifact, problem: str | None, now: datetime) -> None:
    """Write down what was found, unless somebody else did so meanwhile, or read all of the release."""
    release = seen.release
    with transaction.atomic():
        take_turn(release)
        reading = StoreReading.objects.get(pk=seen.pk)
        if (reading.began_at, reading.up_to_path) != (seen.began_at, seen.up_to_path):
            return
        if problem is not None:
            found = [Damage(artifact.path, problem)]
            tell_damage(release, found, now)
            reading.damages = [*reading.damages, *as_rows(found)]
        reading.up_to_path = artifact.path
        reading.read_bytes += artifact.size_bytes
        if _next_file(reading) is None:
            _conclude(reading, now)
        reading.save()


def _conclude(reading: StoreReading, now: datetime) -> None:
    assert reading.began_at is not None
    StoreCheck.objects.create(
        release=reading.release,
        began_at=reading.began_at,
        ended_at=now,
        read_bytes=reading.read_bytes,
        damages=reading.damages,
    )
    for name, value in NOT_UNDER_WAY.items():
        setattr(reading, name, value)
