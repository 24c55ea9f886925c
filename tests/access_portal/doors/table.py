"""Every page of the portal, and to whom it opens. Written by hand: whoever adds a page says here whom it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.access_portal.doors.cast import INVITATION, Who

# name of the address -> where it leads; the names in braces are those of `cast.furnish`
ADDRESSES = {
    "activate": "/activate/",
    "home": "/", "account": "/account/", "set_language": "/language/", "heartbeat": "/__heartbeat__",
    "version": "/__version__", "robots": "/robots.txt", "profile": "/account/profile/", "my_data": "/account/data/",
    "my_data_export": "/account/data/export/", "delete_account": "/account/delete/",
    "account_closed": "/account/closed/", "retention": "/office/retention/", "account_email": "/account/email/",
    "tokens": "/account/tokens/", "revoke_token": "/account/tokens/1/revoke/", "messages": "/account/messages/",
    "orcid_login": "/account/orcid/login/", "orcid_callback": "/account/orcid/login/callback/",
    "licences": "/licences/", "my_licences": "/licences/mine/", "licence_version": "/licences/{version}/",
    "licence_text": "/licences/{version}/text/", "licence_changes": "/licences/{version}/changes/",
    "office_licences": "/office/licences/", "publish_licence": "/office/licences/{licence}/publish/",
    "office_releases": "/office/releases/", "office_release": "/office/releases/{model}/v1/",
    "office_release_act": "/office/releases/{model}/v1/withdraw/",
    "release_ledger": "/office/releases/{model}/v1/ledger/",
    "release_ledger_file": "/office/releases/{model}/v1/ledger.csv",
    "release_drill": "/office/releases/{model}/v1/rehearsal/",
    "receipt_keys": "/.well-known/gatehouse-receipts.json", "receipt_verifier": "/receipts/verify.py",
    "grant_receipt": "/grants/{lab}/receipt/", "grant_receipt_file": "/grants/{lab}/receipt.jws",
    "acceptance_receipt": "/licences/mine/{acceptance}/receipt/",
    "acceptance_receipt_file": "/licences/mine/{acceptance}/receipt.jws", "how_it_works": "/how-it-works/",
    "apply": "/apply/{family}/", "my_applications": "/applications/", "application": "/applications/{case}/",
    "edit_application": "/applications/{case}/edit/", "save_draft": "/applications/{case}/draft/",
    "review_and_send": "/applications/{case}/send/", "attachment": "/applications/{case}/files/1/",
    "application_message": "/applications/{case}/messages/", "appeal_application": "/applications/{case}/appeal/",
    "withdraw_application": "/applications/{case}/withdraw/", "application_status": "/status/{case}/no-secret/",
    "review_queue": "/review/", "review_next": "/review/next/", "review_desk": "/review/desk/",
    "review_bulk": "/review/bulk/", "save_filter": "/review/filters/", "delete_filter": "/review/filters/1/delete/",
    "my_conflicts": "/review/conflicts/", "end_conflict": "/review/conflicts/9/end/", "review_case": "/review/{case}/",
    "review_previous": "/review/{case}/previous/", "review_following": "/review/{case}/following/",
    "review_undo": "/review/{case}/undo/", "review_claim": "/review/{case}/claim/",
    "review_release": "/review/{case}/release/", "review_ask": "/review/{case}/ask/",
    "review_recommend": "/review/{case}/recommend/", "review_opine": "/review/{case}/opinion/",
    "review_approve": "/review/{case}/approve/", "review_refuse": "/review/{case}/refuse/",
    "review_propose_final": "/review/{case}/propose-final/", "review_confirm_final": "/review/{case}/confirm-final/",
    "review_send_back": "/review/{case}/send-back/", "review_decide_appeal": "/review/{case}/decide-appeal/",
    "review_hold": "/review/{case}/hold/", "review_lift_hold": "/review/{case}/lift-hold/",
    "review_message": "/review/{case}/message/", "review_note": "/review/{case}/note/",
    "review_hand_over": "/review/{case}/hand-over/", "review_close": "/review/{case}/close/",
    "review_anonymise": "/review/{case}/anonymise/", "review_conflict": "/review/{case}/conflict/",
    "review_policy": "/office/review-policy/", "edit_review_policy": "/office/review-policy/{family}/",
    "reference": "/reference/no-secret/", "resend_reference": "/references/1/resend/", "identity": "/account/identity/",
    "transparency": "/transparency/", "transparency_json": "/transparency.json",
    "take_back_statement": "/transparency/{case}/take-back/", "reports": "/office/reports/",
    "save_report": "/office/reports/keep/", "delete_report": "/office/reports/1/drop/",
    "cases_file": "/office/reports/cases.csv", "reports_export": "/office/reports/inflow.csv",
    "find_case_to_copy": "/office/cases/export/", "copy_case": "/office/cases/{case}/export/",
    "case_export": "/office/cases/{case}/export.json", "my_grants": "/grants/",
    "join_grant": f"/grants/join/{INVITATION}/", "grant": "/grants/{lab}/", "attest_grant": "/grants/{lab}/attest/",
    "renew_grant": "/grants/{lab}/renew/", "surrender_grant": "/grants/{lab}/surrender/",
    "grant_members": "/grants/{lab}/members/", "invite_member": "/grants/{lab}/members/invite/",
    "remove_member": "/grants/{lab}/members/{place}/remove/", "leave_lab": "/grants/{lab}/leave/",
    "ask_transfer": "/grants/{lab}/transfer/", "grant_downloads": "/grants/{lab}/downloads/",
    "grants_office": "/office/grants/", "grant_case": "/office/grants/{lab}/",
    "grant_act": "/office/grants/{lab}/lift/", "stop_everything": "/office/stop/",
    "lift_stop": "/office/stop/{stop}/lift/", "revocations": "/office/revocations/", "forms": "/office/forms/",
    "publish_form": "/office/forms/publish/", "form_version": "/office/forms/{form}/",
    "form_definition": "/office/forms/{form}/definition.json", "mail_log": "/office/mail/",
    "mail_resend": "/office/mail/{mail}/resend/", "webhooks": "/office/webhooks/",
    "webhook": "/office/webhooks/{webhook}/", "webhook_rotate": "/office/webhooks/{webhook}/rotate/",
    "webhook_disable": "/office/webhooks/{webhook}/disable/", "webhook_enable": "/office/webhooks/{webhook}/enable/",
    "webhook_delete": "/office/webhooks/{webhook}/delete/", "webhook_test": "/office/webhooks/{webhook}/test/",
    "webhook_resend": "/office/webhooks/{webhook}/deliveries/1/resend/", "people": "/office/people/",
    "person": "/office/people/{person}/", "person_role": "/office/people/{person}/role/give/",
    "person_act": "/office/people/{person}/close/", "audit_log": "/office/audit/",
    "audit_export": "/office/audit/events.csv", "office": "/office/", "why": "/access/why/",
}  # fmt: skip

EVERYBODY = frozenset(Who)
SIGNED_IN = EVERYBODY - {Who.ANYBODY}
HOLDER, LAB = frozenset({Who.HOLDER}), frozenset({Who.HOLDER, Who.MEMBER})
ADMIN, OPERATOR = frozenset({Who.ADMIN}), frozenset({Who.OPERATOR})
FAR_JUDGES = frozenset({Who.REVIEWER, Who.DECIDER})  # none of whom stands too near
JUDGES = FAR_JUDGES | {Who.NEAR}
FAR_READERS = FAR_JUDGES | ADMIN | OPERATOR | {Who.AUDITOR}
OFFICE = FAR_READERS | {Who.NEAR, Who.RELEASER}


@dataclass(frozen=True)
class Audience:
    """Who comes through some doors by GET or by POST; others see `refused`, but for those of whom `but` says more."""

    who: frozenset[Who]
    get: str = ""
    post: str = ""
    refused: int = 403
    but: Mapping[Who, int] = field(default_factory=dict)


AUDIENCES = [
    Audience(
        EVERYBODY,
        get="home set_language heartbeat version robots account_closed licences licence_version licence_text "
        "licence_changes receipt_keys receipt_verifier how_it_works transparency transparency_json",
        post="set_language",
    ),
    Audience(
        SIGNED_IN,
        get="account activate profile my_data delete_account account_email tokens messages my_licences apply "
        "my_applications identity my_grants why",
        post="activate profile my_data_export delete_account account_email tokens licence_version apply",
    ),
    # what is not there, and links that never were
    Audience(frozenset(), get="attachment find_case_to_copy", post="revoke_token resend_reference", refused=404),
    Audience(
        frozenset(), get="orcid_login orcid_callback application_status reference",
        post="orcid_login orcid_callback reference", refused=404, but={Who.ANYBODY: 404},
    ),
    # what is one's own
    Audience(
        HOLDER,
        get="application edit_application review_and_send appeal_application withdraw_application",
        post="edit_application review_and_send application_message appeal_application withdraw_application "
        "take_back_statement",
        refused=404,
    ),
    Audience(HOLDER, get="save_draft", post="save_draft", refused=404, but={Who.ANYBODY: 401}),
    Audience(LAB, get="grant grant_members", post="invite_member ask_transfer", refused=404),
    Audience(
        HOLDER, get="attest_grant renew_grant surrender_grant", post="attest_grant renew_grant surrender_grant",
        refused=404, but={Who.MEMBER: 403},
    ),
    Audience(frozenset({Who.ANYBODY, Who.INVITED}), get="join_grant", post="join_grant"),
    Audience(
        HOLDER | ADMIN | {Who.DECIDER}, post="remove_member", but={Who.STRANGER: 404, Who.REMOVED: 404},
    ),
    Audience(frozenset({Who.MEMBER}), post="leave_lab", but={Who.STRANGER: 404, Who.REMOVED: 404}),
    # one's own, and the office's
    Audience(
        LAB | FAR_READERS, get="grant_downloads", refused=404, but={Who.NEAR: 403, Who.RELEASER: 403},
    ),
    Audience(
        HOLDER | FAR_READERS, get="grant_receipt grant_receipt_file", refused=404,
        but={Who.NEAR: 403, Who.RELEASER: 403},
    ),
    Audience(
        HOLDER | FAR_JUDGES | ADMIN | {Who.AUDITOR}, get="acceptance_receipt acceptance_receipt_file", refused=404,
    ),
    # judging
    Audience(JUDGES | ADMIN, get="review_queue review_previous review_following", post="review_bulk"),
    Audience(JUDGES, get="my_conflicts", post="review_next save_filter delete_filter my_conflicts end_conflict"),
    Audience(frozenset({Who.DECIDER}), get="review_desk", post="review_confirm_final"),
    Audience(
        FAR_JUDGES | ADMIN,
        get="review_case",
        post="review_ask review_recommend review_opine review_approve review_refuse review_propose_final "
        "review_send_back review_decide_appeal review_hold review_message review_note review_hand_over "
        "review_anonymise review_conflict",
    ),
    Audience(FAR_JUDGES, post="review_undo review_claim review_release"),
    Audience(ADMIN | {Who.DECIDER}, post="review_lift_hold"),
    # the office
    Audience(
        ADMIN,
        get="retention office_licences publish_licence review_policy edit_review_policy forms publish_form "
        "form_version form_definition",
        post="retention publish_licence review_close edit_review_policy publish_form",
    ),
    Audience(
        JUDGES | ADMIN | {Who.AUDITOR}, get="reports cases_file reports_export", post="save_report delete_report",
    ),
    Audience(
        ADMIN | {Who.DECIDER, Who.AUDITOR}, get="copy_case", post="case_export", refused=404,
        but=dict.fromkeys((Who.NEAR, Who.REVIEWER, Who.OPERATOR, Who.RELEASER), 403),
    ),
    Audience(FAR_READERS | {Who.NEAR}, get="grants_office revocations"),
    Audience(FAR_READERS, get="grant_case", post="grant_act"),
    Audience(
        ADMIN | OPERATOR | {Who.DECIDER}, get="stop_everything", post="stop_everything lift_stop",
    ),
    Audience(OPERATOR | {Who.AUDITOR}, get="mail_log webhooks webhook"),
    Audience(
        OPERATOR,
        post="mail_resend webhooks webhook_rotate webhook_disable webhook_enable webhook_delete webhook_test "
        "webhook_resend",
    ),
    Audience(
        ADMIN | {Who.RELEASER, Who.AUDITOR},
        get="office_releases office_release release_ledger release_ledger_file release_drill", post="release_drill",
    ),
    Audience(frozenset({Who.RELEASER}), get="office_release_act", post="office_release_act"),
    Audience(ADMIN | OPERATOR | {Who.AUDITOR}, get="people person", post="person_role person_act"),
    Audience(ADMIN | {Who.AUDITOR}, get="audit_log audit_export"),
    Audience(OFFICE, get="office"),
]  # fmt: skip

# Whoever comes through these finds nothing under the number in the address.
EMPTY = {"delete_filter", "end_conflict", "delete_report", "person_role", "webhook_resend"}

DOORS = {
    (name, method): audience
    for audience in AUDIENCES
    for method in ("get", "post")
    for name in getattr(audience, method).split()
}
