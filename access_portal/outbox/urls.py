"""Addresses of the pages about mail and webhooks, below /office/."""

from django.urls import path

from access_portal.outbox import views, webhook_views

urlpatterns = [
    path("mail/", views.mail_log, name="mail_log"),
    path("mail/<int:mail_id>/resend/", views.resend_mail, name="mail_resend"),
    path("webhooks/", webhook_views.webhooks, name="webhooks"),
    path("webhooks/<int:endpoint_id>/", webhook_views.webhook, name="webhook"),
    path("webhooks/<int:endpoint_id>/rotate/", webhook_views.rotate, name="webhook_rotate"),
    path("webhooks/<int:endpoint_id>/disable/", webhook_views.disable, name="webhook_disable"),
    path("webhooks/<int:endpoint_id>/enable/", webhook_views.enable, name="webhook_enable"),
    path("webhooks/<int:endpoint_id>/delete/", webhook_views.delete, name="webhook_delete"),
    path("webhooks/<int:endpoint_id>/test/", webhook_views.test, name="webhook_test"),
    path(
        "webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/resend/", webhook_views.resend, name="webhook_resend"
    ),
]
