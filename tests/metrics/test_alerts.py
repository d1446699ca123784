"""observability/prometheus: what Prometheus makes of the alerts"""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from inkstone.metrics.catalogue import Metrics
from tests.metrics.known import ALERTS, NGINX, asked, known
from tests.metrics.promtool import Series, promtool, try_alert

WEB = 'namespace="inkstone", instance="web-1"'
READS = f'{WEB}, route="home", method="read"'
REQUESTS = f"inkstone_requests_total{{{READS}, status="
SLOW = f"inkstone_request_duration_seconds_bucket{{{READS}, le="
LIVES = {f"inkstone_processes{{{WEB}}}": "1x90"}
MOST_FILES = {f"process_max_fds{{{WEB}}}": "1000x90"}
SIGN_INS = f"inkstone_sign_ins_total{{{WEB}, outcome="
ANSWERS = 'inkstone_answers_total{namespace="inkstone", instance="nginx-1", cache="none", status='

# Series a minute apart, as promtool writes them, by which an alert fires, and others by which it does not.
CASES: dict[str, tuple[Series, Series]] = {
    "InkstoneNotSeen": ({}, LIVES),
    "InkstoneNginxNotSeen": ({}, {ANSWERS + '"200"}': "1x90"}),
    "InkstoneErrors": (
        {REQUESTS + '"200"}': "0+90x90", REQUESTS + '"503"}': "0+10x90"},
        {REQUESTS + '"200"}': "0+97x90", REQUESTS + '"500"}': "0+3x90", REQUESTS + '"502"}': "0+50x90"},
    ),
    "InkstoneReadersFail": (
        {ANSWERS + '"200"}': "0+90x90", ANSWERS + '"503"}': "0+10x90"},
        {ANSWERS + '"200"}': "0+97x90", ANSWERS + '"503"}': "0+3x90"},
    ),
    "InkstoneSlow": (
        {SLOW + '"0.5"}': "0+90x90", SLOW + '"1.0"}': "0+100x90", SLOW + '"+Inf"}': "0+100x90"},
        {SLOW + '"0.5"}': "0+96x90", SLOW + '"1.0"}': "0+100x90", SLOW + '"+Inf"}': "0+100x90"},
    ),
    "InkstoneDatabaseAway": (
        {f'inkstone_database_reachable{{{WEB}, database="primary"}}': "1 0x90"},
        {
            f'inkstone_database_reachable{{{WEB}, database="primary"}}': "0x90",
            'inkstone_database_reachable{namespace="inkstone", instance="web-2", database="primary"}': "1x90",
        },
    ),
    "InkstonePoolExhausted": (
        {f'inkstone_pool_refusals_total{{{WEB}, database="primary"}}': "0+1x90"},
        {f'inkstone_pool_refusals_total{{{WEB}, database="primary"}}': "7x90"},
    ),
    "InkstoneReadReplicaAside": (
        {f"inkstone_replica_usable{{{WEB}}}": "0x90"},
        {f"inkstone_replica_usable{{{WEB}}}": "1x90"},
    ),
    "InkstoneGuessing": (
        {SIGN_INS + '"refused"}': "0+20x90", SIGN_INS + '"slowed"}': "0+20x90"},
        {SIGN_INS + '"refused"}': "0+20x90", SIGN_INS + '"accepted"}': "0+200x90"},
    ),
    "InkstoneWorkersDie": (
        LIVES | {f"process_start_time_seconds{{{WEB}}}": "1+1x90"},
        LIVES | {'process_start_time_seconds{namespace="inkstone", instance="no-blog"}': "1+1x90"},
    ),
    "InkstoneFilesShort": (
        LIVES | MOST_FILES | {f"process_open_fds{{{WEB}}}": "900x90"},
        LIVES | MOST_FILES | {f"process_open_fds{{{WEB}}}": "700x90"},
    ),
}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.mark.parametrize("name", ["prometheus.yml", "bare-host.yml"])
def test_prometheus_takes_its_configuration_and_the_rules(name: str) -> None:
    promtool("check", "config", str(ALERTS.with_name(name)))


def test_every_alert_is_tried() -> None:
    assert CASES.keys() == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize("alert", CASES)
@pytest.mark.parametrize("fires", [True, False], ids=["fires", "silent"])
def test_an_alert_fires_when_it_should(tmp_path: Path, alert: str, fires: bool) -> None:
    file = shutil.copy(ALERTS, tmp_path)

    try_alert(Path(file), alert, CASES[alert][0 if fires else 1], fires=fires)


@pytest.mark.parametrize(
    ("alert", "name"),
    [("InkstoneNotSeen", "inkstone_processes"), ("InkstoneNginxNotSeen", "inkstone_answers_total")],
)
def test_one_blog_of_several_that_is_gone_is_missed(tmp_path: Path, alert: str, name: str) -> None:
    file = shutil.copy(ALERTS, tmp_path)

    try_alert(Path(file), alert, {f'{name}{{namespace="a"}}': "1x90", f'{name}{{namespace="b"}}': "1x60"}, fires=True)


def test_alerts_ask_for_what_is_counted() -> None:
    names = known()
    for rule in rules():
        questions = asked(rule["expr"])
        assert questions, rule["alert"]
        for name, labels in questions:
            assert labels <= names[name], rule["alert"]


def test_what_an_alert_tells_to_look_at_exists() -> None:
    names = {family.name for family in Metrics().families} | {f"{one.name}_total" for one in Metrics().families}
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        words = " ".join(rule["annotations"].values())
        assert set(re.findall(r"\b(?:inkstone|process)_\w+", words)) <= names | NGINX.keys(), rule["alert"]
