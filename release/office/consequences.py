"""What a command would do, told before it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from release.lifecycle import Command, State
from release.models import Release
from release.office.reading import before, told_count
from release.running import running


def consequences(release: Release, command: Command, now: datetime) -> list[str]:
    """Sentences, the most important first."""
    return list(TOLD[command](release, now))


def _verify(release: Release, now: datetime) -> Iterator[str]:
    sizes = release.artifacts.values_list("size_bytes", flat=True)
    yield ngettext(
        "%(count)d file (%(size)s) is read from the store again and compared with what was staged.",
        "%(count)d files (%(size)s in all) are read from the store again and compared with what was staged.",
        len(sizes),
    ) % {"count": len(sizes), "size": filesizeformat(sum(sizes))}
    yield _("This happens in the background: you need not wait. The page of the release shows when it is done.")
    yield _("If a file is damaged, you get a mail that names it.")


def _publish(release: Release, now: datetime) -> Iterator[str]:
    yield _("From this moment everybody who holds a grant for %(model)s can fetch it and run it.") % {
        "model": release.variant
    }
    yield _("Its page, its manifest and its signature become public, and it is announced in the feeds.")
    yield from _sealed(release)


def _schedule(release: Release, now: datetime) -> Iterator[str]:
    yield _("The clock reads all files once more at the moment that you name, and publishes it then in your name.")
    yield _("If a file is damaged by then or the licence text was replaced, nothing is published and you get a mail.")
    yield from _sealed(release)


def _sealed(release: Release) -> Iterator[str]:
    yield _("It is published under %(licence)s and signed; after that nothing of it can be changed.") % {
        "licence": release.licence_version
    }
    older = before(release)
    if older is not None and older.state == State.PUBLISHED:
        yield _("%(older)s stays published beside it until you deprecate it.") % {"older": older}


def _unschedule(release: Release, now: datetime) -> Iterator[str]:
    assert release.publish_at is not None
    moment = date_format(release.publish_at, "DATETIME_FORMAT")
    yield _("It is not published on %(moment)s. It stays verified, and can be scheduled or published again.") % {
        "moment": moment
    }


def _sign(release: Release, now: datetime) -> Iterator[str]:
    yield _("The manifest is signed as it was published, with the key that this house has now.")
    yield _("A signature never changes.")


def _deprecate(release: Release, now: datetime) -> Iterator[str]:
    yield _("It can still be fetched and run. Its page, and every plan to fetch it, give your reason and successor.")
    yield _mails(told_count(release, State.DEPRECATED, now), _("who fetched it within a year"))


def _withdraw(release: Release, now: datetime) -> Iterator[str]:
    yield _("From this moment nobody can fetch it or run it. There is no way back: mend it by a new version.")
    yield _("Links that were made before end within %(minutes)d minutes. Copies that people have stay with them.") % {
        "minutes": max(1, settings.DOWNLOAD_URL_SECONDS // 60)
    }
    for one in running(release, now):
        if one.count:
            yield _("It stops: %(what)s (%(count)d).") % {"count": one.count, "what": one.what}
    yield _mails(told_count(release, State.WITHDRAWN, now), _("who ever fetched it"))


def _mails(count: int, who: str) -> str:
    if count == 0:
        return _("There is nobody %(who)s, so nobody is written to.") % {"who": who}
    return ngettext(
        "%(count)d person %(who)s gets a mail with your words.", "%(count)d people %(who)s get a mail with your words.",
        count,
    ) % {"count": count, "who": who}  # fmt: skip


TOLD: Mapping[Command, Callable[[Release, datetime], Iterator[str]]] = {
    Command.VERIFY: _verify,
    Command.PUBLISH: _publish,
    Command.SCHEDULE: _schedule,
    Command.UNSCHEDULE: _unschedule,
    Command.SIGN: _sign,
    Command.DEPRECATE: _deprecate,
    Command.WITHDRAW: _withdraw,
}
