"""Alerts, dashboard and units name what exists; promtool, where it is installed, reads every expression."""

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.cli import COMMANDS
from service.processes.metrics import OF_VIEWS
from service.settings import Settings, variable
from tests.tidy.repository import ROOT

ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "mandate.json").read_text())
PAGE = (ROOT / "docs" / "operations" / "monitoring.md").read_text()
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
METRIC = re.compile(r"\bmandate_[a-z_]+")


def alerts() -> list[str]:
    [group] = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule["expr"] for rule in group["rules"]]


def queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def exported() -> set[str]:
    source = (ROOT / "service" / "processes" / "metrics.py").read_text()
    named = {f"mandate_{name}" for name in re.findall(r'_gauge\(\s*"([a-z_]+)"', source)}
    named |= {f"mandate_{name}" for name in re.findall(r'name, help_text = "([a-z_]+)"', source)}
    whole = set(re.findall(r'"(mandate_[a-z_]+)"', source))
    return named | whole | {f"mandate_view_{name}" for name, *_ in OF_VIEWS}


@pytest.mark.parametrize("expression", [*alerts(), *queries()])
def test_every_metric_exists(expression: str) -> None:
    named = {re.sub("_(bucket|sum|count)$", "", each) for each in METRIC.findall(expression)}
    assert named <= exported()


def test_every_metric_is_on_the_page() -> None:
    [*rows] = [line for line in PAGE.splitlines() if line.startswith("| `mandate_")]
    listed = set()
    for row in rows:
        names = re.findall("`([a-z_]+)`", row.split("|")[1])
        stem = "mandate_view_rebuild" if names[0].startswith("mandate_view_rebuild") else "mandate_view"
        listed |= {name if name.startswith("mandate") else f"{stem}{name}" for name in names}
    assert {name.removesuffix("_total") for name in listed} == {name.removesuffix("_total") for name in exported()}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_accepts_alerts_and_dashboard(tmp_path: Path) -> None:
    shown = [query.replace("$__rate_interval", "5m").replace("$instance", ".*") for query in queries()]
    rules: list[Any] = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(shown)]
    panels = tmp_path / "panels.yml"
    panels.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    tests = ALERTS.with_name("alerts_test.yml")
    for arguments in (["check", "rules", str(ALERTS), str(panels)], ["test", "rules", str(tests)]):
        ran = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_with_settings(unit: Path) -> None:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(unit)
    if unit.suffix == ".timer":
        assert unit.with_suffix(".service") in UNITS
        return
    program, command, *_ = read["Service"]["ExecStart"].split()
    assert program == "/opt/mandate/bin/mandate"
    assert command in {name for group in COMMANDS.values() for name in group}
    known = {variable(name) for name in Settings.model_fields}
    assert set(re.findall("MANDATE_[A-Z_]+", unit.read_text())) <= known
