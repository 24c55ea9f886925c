"""Addresses of receipts, of the keys that they are checked with, and of the program that checks them."""

from django.urls import path

from access_portal.receipts import views

urlpatterns = [
    path(".well-known/gatehouse-receipts.json", views.receipt_keys, name="receipt_keys"),
    path("receipts/verify.py", views.receipt_verifier, name="receipt_verifier"),
    path("grants/<slug:number>/receipt/", views.grant_receipt, name="grant_receipt"),
    path("grants/<slug:number>/receipt.jws", views.grant_receipt_file, name="grant_receipt_file"),
    path("licences/mine/<int:pk>/receipt/", views.acceptance_receipt, name="acceptance_receipt"),
    path("licences/mine/<int:pk>/receipt.jws", views.acceptance_receipt_file, name="acceptance_receipt_file"),
]
