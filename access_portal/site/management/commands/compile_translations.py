"""`manage.py compile_translations`: write each django.mo beside its django.po."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from access_portal.site.translations import compile_po


class Command(BaseCommand):
    help = "Compile the translations; run it after changing a .po file."

    def handle(self, *args: object, **options: object) -> None:
        for source in sorted(file for folder in settings.LOCALE_PATHS for file in Path(folder).rglob("*.po")):
            source.with_suffix(".mo").write_bytes(compile_po(source.read_text(encoding="utf-8")))
            self.stdout.write(f"{source.relative_to(settings.ROOT)}: compiled")
