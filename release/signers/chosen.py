"""The signer that this installation uses for the files of releases, as its settings say."""

from __future__ import annotations

from django.conf import settings

from release.signers.cloudfront import CloudFrontSigner, read_rsa_key
from release.signers.s3 import S3Signer
from release.signers.signer import Signer


def weights_signer() -> Signer:
    """Raises ValueError, naming the variable, when the key of CloudFront cannot be read."""
    if settings.DOWNLOAD_SIGNER == "cloudfront":
        key = read_rsa_key(settings.CLOUDFRONT_PRIVATE_KEY)
        return CloudFrontSigner(settings.CLOUDFRONT_URL, settings.CLOUDFRONT_KEY_PAIR_ID, key)
    return S3Signer(
        settings.S3_PUBLIC_ENDPOINT_URL or f"https://s3.{settings.S3_REGION}.amazonaws.com",
        settings.S3_WEIGHTS_BUCKET,
        settings.S3_REGION,
        settings.S3_SIGNER_ACCESS_KEY,
        settings.S3_SIGNER_SECRET_KEY,
    )
