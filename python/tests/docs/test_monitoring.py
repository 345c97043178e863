"""The alert rules and the dashboard ask for metrics that there are, and the alerts are raised when they should be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import breachdex
import pytest
import yaml  # type: ignore[import-untyped]

PROJECT = Path(__file__).resolve().parents[3]
MONITORING = PROJECT / "docs" / "monitoring"
ALERTS = MONITORING / "breachdex-alerts.yml"
DASHBOARD = MONITORING / "breachdex-radar.json"
SIDECAR = PROJECT / "crates" / "breachdex-sidecar" / "src" / "metrics.rs"

OF_SIDECAR = {
    "breachdex_sidecar_requests_total": {"route", "status"},
    "breachdex_sidecar_verdicts_total": {"event", "action"},
}
"""The metrics of the sidecar that are asked for, with their labels."""


def exposed(tmp_path: Path) -> dict[str, set[str]]:
    """Every metric that there is, with its labels."""
    shown = breachdex.radar_metrics(breachdex.Radar(sources=256))
    shown += breachdex.radar_metrics(breachdex.SidecarRadar(f"unix:{tmp_path}/none"))
    found: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^(breachdex_\w+)(?:\{(.*?)\})? \d+$", shown, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r"(\w+)=", labels))
    return {**found, **OF_SIDECAR}


def expressions() -> list[str]:
    """What the rules and the dashboard ask."""
    rules = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    asked += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return [*asked, *(note["expr"] for note in board["annotations"]["list"])]


def test_only_metrics_and_labels_that_there_are(tmp_path: Path) -> None:
    known, asked = exposed(tmp_path), set()
    for expression in expressions():
        names = re.findall(r"\b(breachdex_\w+)(?:\{(.*?)\})?", expression)
        assert names, expression
        for name, matchers in names:
            assert name in known, expression
            assert set(re.findall(r"(\w+)\s*(?:=|!)", matchers)) <= known[name], expression
            asked.add(name)
        grouped = {
            label.strip() for labels in re.findall(r"by \((.*?)\)", expression) for label in labels.split(",")
        }
        assert grouped <= set().union(*(known[name] for name, _ in names)), expression
    assert asked == set(known), "each metric is worth looking at"


def test_the_sidecar_has_the_same_names(tmp_path: Path) -> None:
    if not SIDECAR.is_file():
        pytest.skip("the sidecar is not part of this copy")
    source = SIDECAR.read_text(encoding="utf-8")
    registered = {f"breachdex_{name}" for name in re.findall(r'register\w*\(\s*"(\w+)"', source)}
    of_process = {"breachdex_radar_untold_attempts_total"}
    for name in exposed(tmp_path).keys() - of_process:
        # A counter's name gets its ending when it is written.
        assert name.removesuffix("_total") in registered, name


def test_the_dashboard_is_well_formed() -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert [panel["id"] for panel in board["panels"]] == list(range(1, len(board["panels"]) + 1))
    used: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (column, row)
            for column in range(place["x"], place["x"] + place["w"])
            for row in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & used, panel["title"]
        assert place["x"] + place["w"] <= 24
        used |= cells
        assert panel["datasource"]["uid"] == "${datasource}"


@pytest.fixture
def promtool() -> str:
    """Prometheus's own checker."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not there: install the package prometheus to check the rules with it")
    return found


def test_prometheus_takes_the_rules(promtool: str) -> None:
    subprocess.run([promtool, "check", "rules", str(ALERTS)], check=True, capture_output=True)


def test_prometheus_takes_what_is_exposed(promtool: str) -> None:
    """The text is what Prometheus reads, by its own rules about names and helps."""
    text = breachdex.radar_metrics(breachdex.Radar(sources=256))
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def alert(at: str, name: str, severity: str, **annotations: str) -> dict[str, Any]:
    """What a rule is expected to raise at a time; nothing without annotations."""
    raised = [{"exp_labels": {"severity": severity}, "exp_annotations": annotations}] if annotations else []
    return {"eval_time": at, "alertname": name, "exp_alerts": raised}


def test_alerts_are_raised_when_they_should_be(promtool: str, tmp_path: Path) -> None:
    rules = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    said = {rule["alert"]: rule["annotations"] for group in rules["groups"] for rule in group["rules"]}
    untold = {
        **said["BreachdexUntoldAttempts"],
        "summary": "30 log-ins could not be told to the sidecar in ten minutes",
    }
    suspect = {
        **said["BreachdexSuspectLogIns"],
        "summary": "10 log-ins from suspected sources in ten minutes",
    }
    day = {
        "interval": "1m",
        "input_series": [
            {"series": "breachdex_radar_state", "values": "0x59 2x30 0x30"},
            {"series": 'breachdex_radar_suspect_log_ins_total{instance="a"}', "values": "0x60 0+1x30 30x30"},
            {"series": 'breachdex_radar_untold_attempts_total{instance="b"}', "values": "0+3x120"},
        ],
        "alert_rule_test": [
            alert("30m", "BreachdexAttack", "critical"),
            alert("70m", "BreachdexAttack", "critical", **said["BreachdexAttack"]),
            alert("110m", "BreachdexAttack", "critical"),
            alert("30m", "BreachdexSuspectLogIns", "critical"),
            alert("80m", "BreachdexSuspectLogIns", "critical", **suspect),
            alert("60m", "BreachdexUntoldAttempts", "warning", **untold),
        ],
    }
    silent = {
        "interval": "1m",
        "input_series": [
            {"series": 'breachdex_radar_attempts_total{outcome="failed"}', "values": "0+1x120 120x240"}
        ],
        "alert_rule_test": [
            alert("110m", "BreachdexRadarSilent", "warning"),
            alert("240m", "BreachdexRadarSilent", "warning", **said["BreachdexRadarSilent"]),
        ],
    }
    shutil.copy(ALERTS, tmp_path)
    test = {"rule_files": [ALERTS.name], "evaluation_interval": "1m", "tests": [day, silent]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test), encoding="utf-8")
    tested = subprocess.run(
        [promtool, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_the_collector_says_the_same() -> None:
    prometheus_client = pytest.importorskip(
        "prometheus_client", reason="prometheus_client is not there: see requirements-test.txt"
    )
    from breachdex.prometheus import RadarCollector

    radar = breachdex.Radar(sources=256)
    for number in range(40):
        radar.observe("203.0.113.9", f"victim{number}", succeeded=False, exposed=True)
    registry = prometheus_client.CollectorRegistry()
    registry.register(RadarCollector(breachdex.LogInWatch(radar)))

    def samples(text: str) -> dict[str, float]:
        return {
            name: float(number)
            for name, number in re.findall(r"^(breachdex_\S+) (\S+)$", text, re.MULTILINE)
            if not name.endswith("_created")
        }

    shown = samples(prometheus_client.generate_latest(registry).decode())
    assert shown == samples(breachdex.radar_metrics(radar))
    assert shown["breachdex_radar_state"] == 2
    assert shown['breachdex_radar_attempts_total{outcome="failed"}'] == 40
    assert shown["breachdex_radar_episodes_total"] == 1
