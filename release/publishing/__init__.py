"""The life of a release after its files are in the store. Each command asks the lifecycle and is on record.

All take keywords: `release`, `actor` (None is the operator at the command line) and `now`.
"""

from release.publishing.ending import deprecate_release, withdraw_release
from release.publishing.publish import manifest_of, publish_release
from release.publishing.scheduling import schedule_release, unschedule_release
from release.publishing.signing import sign_release
from release.publishing.verifying import ask_verification, verify_release

__all__ = [
    "ask_verification", "deprecate_release", "manifest_of", "publish_release", "schedule_release", "sign_release",
    "unschedule_release", "verify_release", "withdraw_release",
]  # fmt: skip
