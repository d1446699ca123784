"""docker compose up: what comes up, and what each part of it may do"""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.scraping import Scrape
from tests.stack.containers import Containers

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

SERVICES = ["mysql", "web", "nginx"]
MEGABYTE = 1_000_000


def test_comes_up_from_nothing_and_answers(stack: Containers) -> None:
    page = stack.ask("/")
    style = page.body.decode().split('rel="stylesheet" href="')[1].split('"')[0]

    assert page.status == 200
    assert stack.ask(style, accept_encoding="gzip").headers["content-encoding"] == "gzip"
    assert stack.ask("/readyz").status == 200


def test_says_where_it_is_and_how_to_sign_in(stack: Containers) -> None:
    said = stack.compose("logs", "--no-log-prefix", "nginx")

    assert f"Inkstone is at http://{stack.host}/" in said
    assert "docker compose run --rm --no-deps migrate cat /run/inkstone/job/admin_password" in said
    assert stack.api("GET", "/api/me").json()["role"] == "administrator"


def test_secrets_are_made_once(stack: Containers) -> None:
    before = stack.secret("admin_password")

    said = stack.compose("run", "--rm", "--no-deps", "-T", "secrets")

    assert "0 made" in said
    assert stack.secret("admin_password") == before


def test_command_line_reaches_the_blog(stack: Containers, tmp_path: Path) -> None:
    (tmp_path / "hello.md").write_text("---\ntitle: Brought along\ndate: 2020-01-02\n---\nWords.\n")

    users = stack.compose("run", "--rm", "-T", "cli", "user", "list")
    mine = [f"--user={os.getuid()}", f"--volume={tmp_path}:/posts:ro"]
    stack.compose("run", "--rm", "-T", *mine, "cli", "import", "markdown", "/posts")

    assert "admin@example.org" in users
    assert b"Brought along" in stack.ask("/archive?before=2020-02").body + stack.ask("/post/hello").body


@pytest.mark.parametrize("service", SERVICES)
def test_containers_may_do_no_more_than_they_need(stack: Containers, service: str) -> None:
    for facts in stack.facts(service):
        host: dict[str, Any] = facts["HostConfig"]
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["CapAdd"] is None
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert host["Memory"] > 0
        assert host["LogConfig"]["Config"]["max-size"]
        assert facts["State"]["Health"]["Status"] == "healthy"


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_is_root_and_nothing_can_be_written(stack: Containers, service: str) -> None:
    who = stack.inside(service, "id", "-u").strip()
    written = stack.inside(service, "sh", "-c", "touch /x /etc/x /usr/x; ls /x /etc/x /usr/x", check=False)

    assert who != "0"
    assert written == ""


def test_web_container_holds_what_runs_and_no_more(stack: Containers) -> None:
    tools = stack.inside("web", "sh", "-c", "command -v gcc cc make npm node; ls /root/.cache", check=False)
    user = stack.inside("web", "id", "-un").strip()

    assert tools == ""
    assert user == "inkstone"
    assert stack.inside("web", "inkstone", "--version").startswith("inkstone, version ")


def test_image_adds_less_than_120_megabytes(stack: Containers) -> None:
    image = f"inkstone-web:{stack.project}"
    command = ["docker", "history", "--human=false", "--format={{.CreatedBy}}\t{{.Size}}", image]
    layers = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    # Newest first; ours end where the label is, the first thing after FROM.
    ours = layers[: next(number for number, layer in enumerate(layers) if "LABEL org.opencontainers" in layer)]

    assert sum(int(layer.split("\t")[1]) for layer in ours) < 120 * MEGABYTE


def test_mysql_is_out_of_nginx_reach(stack: Containers) -> None:
    mysql = stack.where(stack.facts("mysql")[0], "data")
    networks = stack.facts("nginx")[0]["NetworkSettings"]["Networks"]
    probe = "curl -s --max-time 2 telnet://{}:3306 </dev/null; echo $?"

    assert {name.removeprefix(f"{stack.project}_") for name in networks} == {"outside", "inside", "load"}
    assert stack.inside("nginx", "sh", "-c", probe.format("mysql")).strip() == "6"  # no such name
    assert stack.inside("nginx", "sh", "-c", probe.format(mysql)).strip() in {"7", "28"}  # no way there


def test_metrics_are_told_inside_and_not_to_readers(stack: Containers) -> None:
    stack.ask("/archive")

    probe = ["python", "/opt/inkstone/probe.py", "/metrics"]
    told = [Scrape(stack.run("docker", "exec", replica, *probe)) for replica in stack.containers("web")]

    assert [one.get("inkstone_processes") for one in told] == [1] * len(told)
    assert [one.get("inkstone_database_reachable", database="primary") for one in told] == [1] * len(told)
    assert sum(one.get("inkstone_requests_total", route="archive", status="200") for one in told) >= 1
    assert stack.ask("/metrics").status == 404


def test_web_may_change_rows_and_not_the_schema(stack: Containers) -> None:
    program = """
import pymysql
from inkstone.config import DatabaseAddress
url = open("/run/inkstone/web/database_url").read().strip()
at = DatabaseAddress.parse(url)
db = pymysql.connect(host=at.host, user=at.user, password=at.password, database=at.name)
rows, schema = ["UPDATE users SET name = name"], ["CREATE TABLE t (i INT)", "DROP TABLE users", "TABLE mysql.user"]
for statement in rows + schema:
    try:
        db.cursor().execute(statement)
        print("done")
    except pymysql.Error as error:
        print(error.args[0])
"""
    answers = stack.inside("web", "python", "-c", program).split()

    assert answers == ["done", "1142", "1142", "1142"]


def test_web_cannot_read_what_others_keep(stack: Containers) -> None:
    readable = stack.inside("web", "sh", "-c", "cat /run/inkstone/job/* /run/inkstone/mysql/*", check=False)

    assert readable == ""
