"""Print an environment file with secrets of its own for docker-compose.yml: `make_env.py DOMAIN > .env`."""

import base64
import secrets
import sys

SECRETS = (
    "GATEHOUSE_SECRET_KEY",
    "POSTGRES_PASSWORD",
    "REDIS_PASSWORD",
    "GATEHOUSE_S3_ACCESS_KEY",
    "GATEHOUSE_S3_SECRET_KEY",
)
ED25519 = bytes.fromhex("302e020100300506032b657004220420")  # PKCS #8 of a private key, before its 32 random bytes


def environment(domain: str) -> str:
    lines = [f"GATEHOUSE_DOMAIN={domain}", f"GATEHOUSE_S3_DOMAIN=s3.{domain}"]
    lines += [f"{name}={secrets.token_hex(32)}" for name in SECRETS]
    for name in ("GATEHOUSE_RECEIPT_KEY", "GATEHOUSE_RELEASE_KEY"):
        lines.append(f"{name}=" + base64.b64encode(ED25519 + secrets.token_bytes(32)).decode())
    lines += ["GATEHOUSE_FROM_EMAIL=gatehouse@" + domain, "GATEHOUSE_EMAIL_HOST=mail." + domain]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python3 deploy/make_env.py DOMAIN > .env")
    sys.stdout.write(environment(sys.argv[1]))
