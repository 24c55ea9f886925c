"""Where allauth expects a provider's addresses: `orcid/login/` and `orcid/login/callback/`."""

from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

from access_portal.accounts.orcid.provider import OrcidProvider

urlpatterns = default_urlpatterns(OrcidProvider)
