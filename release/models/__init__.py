"""Tables of releases."""

from release.models.catalogue import Family, Variant
from release.models.delivery import FetchReport, Mint
from release.models.release import LIVE_STATES, OPEN_STATES, SHOWN_STATES, Artifact, Release
from release.models.upkeep import StoreCheck, StoreReading, Upload, UploadPart

__all__ = [
    "LIVE_STATES", "OPEN_STATES", "SHOWN_STATES", "Artifact", "Family", "FetchReport", "Mint", "Release", "StoreCheck",
    "StoreReading", "Upload", "UploadPart", "Variant",
]  # fmt: skip
