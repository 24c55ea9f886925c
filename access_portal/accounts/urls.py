"""Addresses of a person's own account, beside those of allauth."""

from django.urls import path

from access_portal.accounts import views

urlpatterns = [
    path("email/", views.Addresses.as_view(), name="account_email"),  # in front of allauth's own
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", views.revoke, name="revoke_token"),
    path("messages/", views.messages, name="messages"),
]
