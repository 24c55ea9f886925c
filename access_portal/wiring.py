"""What each room gives to the house, by dotted name: jobs of the clock, and its part of what is held on a person."""

# What the clock process runs, by how many seconds apart
CLOCK_JOBS = {
    "access_portal.outbox.commands.deliver_due": 2,
    "access_portal.outbox.webhook_sending.deliver_webhooks_due": 2,
    "access_portal.grants.commands.expire_due": 60,
    "access_portal.grants.commands.lapse_due": 300,
    "access_portal.grants.notices.send_due": 3600,
    "access_portal.grants.stop_mail.tell_due": 10,
    "access_portal.applications.commands.keeping.remind_due": 3600,
    "access_portal.applications.commands.keeping.expire_due": 3600,
    "access_portal.applications.commands.keeping.close_due": 3600,
    "access_portal.applications.commands.keeping.anonymise_due": 3600,
    "access_portal.api.once.forget_due": 3600,
    "access_portal.references.keeping.ask_waiting_due": 3600,
    "access_portal.references.keeping.remind_due": 3600,
    "access_portal.references.keeping.forget_due": 3600,
    "access_portal.references.keeping.forget_letters_due": 3600,
    "access_portal.applications.forgetting.forget_reminders_due": 3600,
    "access_portal.grants.forgetting.forget_invitations_due": 3600,
    "access_portal.outbox.forgetting.forget_texts_due": 3600,
    "access_portal.outbox.forgetting.forget_deliveries_due": 3600,
    "access_portal.accounts.forgetting.forget_unconfirmed_due": 3600,
    "access_portal.accounts.devices.forgetting.forget_requests_due": 3600,
    "access_portal.privacy.sessions.forget_over_due": 3600,
    "release.forgetting.forget_addresses_due": 3600,
    "release.publishing.due.publish_due": 5,
    "release.publishing.due.verify_due": 5,
    "release.publishing.telling.tell_due": 10,
    "release.rereading.reread_due": 10,
    "release.uploads.give_up_due": 3600,
    "access_portal.licences.reminders.remind_due": 3600,
    "inference_worker.reconciler.tick": 5,
}

# What each room holds on a person, in the order of the export; `(user, now) -> sections`
PERSONAL_DATA = [
    "access_portal.accounts.personal.data_of",
    "access_portal.accounts.devices.personal.data_of",
    "access_portal.applications.personal.data_of",
    "access_portal.references.personal.data_of",
    "access_portal.licences.personal.data_of",
    "access_portal.grants.personal.data_of",
    "access_portal.receipts.personal.data_of",
    "release.personal.data_of",
    "inference_worker.personal.data_of",
    "access_portal.reports.personal.data_of",
    "access_portal.outbox.personal.data_of",
    "access_portal.api.personal.data_of",
    "access_portal.audit.personal.data_of",
]
# What may stand in the way of closing an account, and what is erased then: the name itself last, for others look for it
PERSONAL_HOLDS = [
    "access_portal.accounts.leaving.holds",
    "access_portal.applications.leaving.holds",
    "access_portal.grants.leaving.holds",
    "inference_worker.leaving.holds",
]
PERSONAL_ERASURE = [
    "access_portal.applications.leaving.erase",
    "access_portal.references.personal.erase",
    "access_portal.grants.leaving.erase",
    "access_portal.receipts.personal.erase",
    "inference_worker.leaving.erase",
    "access_portal.reports.personal.erase",
    "access_portal.api.personal.erase",
    "access_portal.accounts.devices.personal.erase",
    "access_portal.outbox.leaving.erase",
    "access_portal.accounts.leaving.erase",
]
