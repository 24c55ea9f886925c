"""Tables that hang on a person and are in no export, each with the reason.

A test compares this with every table of the house: a new one is exported, or named here, or the test fails.
"""

from __future__ import annotations

from collections.abc import Mapping

DUTY = "written in duty about somebody else: it is the file of that person's case"
NOT_EXPORTED: Mapping[str, str] = {
    "account.EmailConfirmation": "one-time secrets; the addresses are in the export",
    "accounts.User_groups": "unused by this house, where roles say what one may do",
    "accounts.User_user_permissions": "unused by this house, where roles say what one may do",
    "admin.LogEntry": "never written: the tables can be looked at and not changed",
    "applications.Note": DUTY,
    "applications.Opinion": DUTY,
    "applications.Recommendation": DUTY,
    "applications.Signal": "speaks of other applications too, and advises those who decide; named on the page",
    "applications.QueueLine": "a copy of four answers that are in the export",
    "grants.Grant_variants": "sizes of a grant; whole_family and the receipt say the same",
    "inference_worker.Chunk": "how a job was cut up; the figures of the job are in the export",
    "outbox.WebhookDelivery": "events of cases, sent to a system that operators set up; the webhook is in the export",
    "questionnaires.FormVersion": "a public form; who published it is in the events",
    "release.Release": "a public release; who staged and published it is in the events",
    "release.Artifact": "a file of a public release",
    "release.StoreCheck": "what the store held of a release; says nothing of anybody",
    "release.StoreReading": "how far the clock has read a release; says nothing of anybody",
    "socialaccount.SocialToken": "never stored by this house",
}
