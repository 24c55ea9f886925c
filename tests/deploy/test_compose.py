"""The grown-up shape: what Docker Compose makes of docker-compose.yml, with the environment that our script prints."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from access_portal.receipts.keys import read_private_key

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = [
    "GATEHOUSE_DOMAIN",
    "GATEHOUSE_S3_DOMAIN",
    "GATEHOUSE_SECRET_KEY",
    "POSTGRES_PASSWORD",
    "REDIS_PASSWORD",
    "GATEHOUSE_S3_ACCESS_KEY",
    "GATEHOUSE_S3_SECRET_KEY",
    "GATEHOUSE_FROM_EMAIL",
    "GATEHOUSE_EMAIL_HOST",
]
# What has none: a command that ends by itself, and the clock, which listens to nobody.
WITHOUT_HEALTHCHECK = {"migrate", "clock"}


def make_env() -> dict[str, str]:
    command = [sys.executable, str(ROOT / "deploy" / "make_env.py"), "gate.example"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in text.splitlines())


def compose_config(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`docker compose config` by the plugin, or by the older stand-alone program that Debian 12 has."""
    plugin = ["docker", "compose"]
    has_plugin = shutil.which("docker") and not (
        subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode
    )
    command = [*(plugin if has_plugin else ["docker-compose"]), "--profile", "gpu", "--profile", "cpu", "config"]
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **env}
    return subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    done = compose_config(make_env())
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = yaml.safe_load(done.stdout)
    return loaded


def test_compose_accepts_the_file_and_it_holds_every_part(config: dict[str, Any]) -> None:
    expected = {"postgres", "redis", "s3", "migrate", "portal", "clock", "worker-gpu0", "worker-cpu", "proxy"}
    assert set(config["services"]) == expected


@pytest.mark.parametrize("name", REQUIRED)
def test_no_required_value_has_a_default(name: str) -> None:
    env = make_env()
    del env[name]
    done = compose_config(env)
    assert done.returncode != 0
    assert "make_env.py" in done.stderr


def test_the_script_makes_other_secrets_each_time() -> None:
    first, second = make_env(), make_env()
    secrets = [name for name in first if len(first[name]) == 64]
    assert len(secrets) == 7
    assert all(first[name] != second[name] for name in secrets)


def test_only_the_proxy_is_reachable_from_outside(config: dict[str, Any]) -> None:
    assert [name for name, service in config["services"].items() if service.get("ports")] == ["proxy"]
    assert config["networks"]["inside"]["internal"] is True


def test_our_own_containers_run_without_privileges(config: dict[str, Any]) -> None:
    for name in ("portal", "clock", "migrate", "worker-gpu0", "worker-cpu"):
        service = config["services"][name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_every_service_has_a_health_check(config: dict[str, Any]) -> None:
    # Our own images carry theirs in the Dockerfile, where both targets have one.
    assert (ROOT / "Dockerfile").read_text().count("HEALTHCHECK") == 2
    for name, service in config["services"].items():
        if name in WITHOUT_HEALTHCHECK:
            assert service["healthcheck"] in ({"disable": True}, {"test": ["NONE"]}), name
        elif "build" not in service:
            assert service["healthcheck"]["test"], name


def test_every_setting_of_the_file_is_one_that_the_portal_reads(config: dict[str, Any]) -> None:
    source = (ROOT / "access_portal" / "settings.py").read_text()
    services = config["services"]
    for name in {*services["worker-gpu0"]["environment"], *services["portal"]["environment"]}:
        assert f'"{name}"' in source, name


def test_only_the_portal_can_sign_receipts(config: dict[str, Any]) -> None:
    holders = [name for name, it in config["services"].items() if "GATEHOUSE_RECEIPT_KEY" in it.get("environment", {})]
    assert holders == ["portal"]
    assert read_private_key(config["services"]["portal"]["environment"]["GATEHOUSE_RECEIPT_KEY"], "X") is not None


def test_only_portal_and_clock_can_sign_releases(config: dict[str, Any]) -> None:
    """The clock publishes at the end of an embargo; workers and the proxy never see the key."""
    holders = [name for name, it in config["services"].items() if "GATEHOUSE_RELEASE_KEY" in it.get("environment", {})]
    assert sorted(holders) == ["clock", "portal"]
    key = config["services"]["clock"]["environment"]["GATEHOUSE_RELEASE_KEY"]
    assert key != config["services"]["portal"]["environment"]["GATEHOUSE_RECEIPT_KEY"]
    assert read_private_key(key, "X") is not None


def test_every_management_command_of_the_file_exists(config: dict[str, Any]) -> None:
    known = {path.stem for path in ROOT.glob("*/management/commands/*.py")} | {"migrate"}
    for service in config["services"].values():
        command = " ".join(service.get("command") or [])
        assert set(re.findall(r"manage\.py (\w+)", command)) <= known, command
