"""`python -m bench.plain_boto3 FOLDER KEY...`: what `aws s3 cp` does: boto3's transfers with their usual settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import boto3
from boto3.s3.transfer import TransferConfig


def main(folder: Path, keys: list[str]) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=os.environ["GATEHOUSE_S3_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=os.environ["GATEHOUSE_S3_ACCESS_KEY"],
        aws_secret_access_key=os.environ["GATEHOUSE_S3_SECRET_KEY"],
    )
    for key in keys:
        target = folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        client.download_file("gatehouse-weights", key, str(target), Config=TransferConfig())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
