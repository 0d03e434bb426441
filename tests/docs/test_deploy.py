"""The files of deploy/ are ones that systemd, nginx, Caddy and Prometheus take, and say what is true of our commands.

Each is checked by its own program where that is installed, and always by what we can read of it.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from commonground.cli.app import app
from commonground.site import metrics
from commonground.site.environment import SETTINGS
from tests.docs.manual import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
CONTAINER = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
cli: Any = get_command(app)


def parses(words: list[str]) -> None:
    """Raises when there is no such command or option."""
    cli.commands[words[0]].make_context(words[0], words[1:])


def unit(path: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    found.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys have capitals
    found.read_string(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("path", [one for one in UNITS if one.suffix == ".service"], ids=lambda one: one.name)
def test_services(path: Path) -> None:
    service = unit(path)["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/opt/commonground/bin/commonground"
    parses(words)
    assert (service["User"], service["EnvironmentFile"]) == ("commonground", "/etc/commonground.env")
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_them(tmp_path: Path) -> None:
    """With a program and a user that are there."""
    for path in UNITS:
        text = path.read_text().replace("/opt/commonground/bin", str(Path(sys.executable).parent))
        text = re.sub(r"^(User|Group)=commonground$", r"\1=root", text, flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text.replace("/etc/commonground.env", str(DEPLOY / "commonground.env")))
    units = [str(tmp_path / path.name) for path in UNITS]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if str(tmp_path) in line]) == (0, [])


def test_the_environment_names_our_settings() -> None:
    lines = (DEPLOY / "commonground.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given.keys() <= {one.name for one in SETTINGS}
    assert given["COMMONGROUND_BEHIND_PROXY"] == "1"
    manual = (ROOT / "docs/how-to/run-it-for-real.md").read_text()
    assert [line for line in lines if line and not line.startswith("#") and line not in manual] == []


def test_the_container_file() -> None:
    steps = [
        line.split(" ", 1) for line in re.sub(r" *\\\n *", " ", CONTAINER).splitlines() if re.match("[A-Z]+ ", line)
    ]
    named = dict(steps)
    assert named["USER"] == "10001:10001"
    assert steps.index(["USER", named["USER"]]) > max(at for at, (word, _) in enumerate(steps) if word == "RUN")
    assert json.loads(named["ENTRYPOINT"]) == ["commonground"]
    parses(json.loads(named["CMD"]))
    compile(json.loads(named["HEALTHCHECK"].partition("CMD ")[2])[2], "healthcheck", "exec")
    for wanted in ("requirements.lock", "--require-hashes", "--no-deps"):
        assert wanted in CONTAINER
    settings = dict(one.split("=") for one in named["ENV"].split())
    assert {name for name in settings if name.startswith("COMMONGROUND_")} <= {one.name for one in SETTINGS}


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_proxies_set_what_we_trust_and_keep_what_is_ours(name: str) -> None:
    text = (DEPLOY / name).read_text()
    assert text.count("{") == text.count("}")
    assert "127.0.0.1:8000" in text
    for wanted in ("X-Request-ID", "/metrics", "/readyz", "/admin/"):
        assert wanted in text
    if name == "nginx.conf":
        assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
        assert "proxy_set_header X-Forwarded-Proto $scheme;" in text
        assert "proxy_set_header Host $host;" in text


@pytest.mark.skipif(not (shutil.which("nginx") and shutil.which("openssl")), reason="no nginx here")
def test_nginx_takes_it(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text().replace("/var/cache/nginx", str(tmp_path))
    (tmp_path / "site.conf").write_text(text.replace("/etc/ssl/commonground", str(tmp_path)))
    keys = ["-keyout", f"{tmp_path}/privkey.pem", "-out", f"{tmp_path}/fullchain.pem", "-subj", "/CN=data.example.gov"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *keys], check=True, capture_output=True)
    temporary = "".join(
        f"{one}_temp_path {tmp_path}/{one}; " for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {temporary} include {tmp_path}/site.conf; }}"
    (tmp_path / "nginx.conf").write_text(main)
    done = subprocess.run(["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("caddy"), reason="no Caddy here")
def test_caddy_takes_it(tmp_path: Path) -> None:
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    done = subprocess.run(
        command, env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_alerts_ask_for_metrics_that_we_tell() -> None:
    source = Path(metrics.__file__).read_text()
    told = set(re.findall(r'"(commonground_\w+)"', source))
    told |= {"commonground_requests_total", "commonground_request_seconds_bucket"}
    [group] = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())["groups"]
    assert len(group["rules"]) > 5
    for rule in group["rules"]:
        asked = set(re.findall(r"\bcommonground_\w+", rule["expr"]))
        assert asked <= told, rule["alert"]
        assert asked or rule["expr"].startswith("up{")
        assert rule["annotations"]["summary"]
    job = yaml.safe_load((DEPLOY / "prometheus/prometheus.yaml").read_text())
    assert job["rule_files"] == ["alerts.yaml"]


@pytest.mark.skipif(not shutil.which("promtool"), reason="no Prometheus here")
def test_prometheus_takes_them() -> None:
    done = subprocess.run(
        ["promtool", "check", "config", str(DEPLOY / "prometheus/prometheus.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
