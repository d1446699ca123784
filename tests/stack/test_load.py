"""docker compose run --rm load and make load: readers, as many as are wanted, and the report about them"""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.native.stacks import ROOT, environment, wait_for
from tests.stack.containers import Containers
from tests.stack.test_replicas import publish

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

RUN = ("docker", "compose", "run", "--rm", "-T")
REACH = """
import socket
for host, port in [("nginx", 8080), ("web", 8000), ("mysql", 3306), ADDRESS]:
    try:
        socket.create_connection((host, port), timeout=2).close()
        print("reached")
    except OSError:
        print("out of reach")
"""
EMAIL = "admin@example.org"


def steps(output: str) -> list[Any]:
    """What the load generator has told in JSON."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


# The load generator


def test_readers_read_and_the_count_is_told(stack: Containers) -> None:
    publish(stack)

    done = stack.attempt(*RUN, "load", LOAD_USERS="20", LOAD_SECONDS="4")

    assert done.returncode == 0, done
    (step,) = steps(done.stdout)
    assert {"GET /", "GET /post/{slug}"} <= step["pages"].keys()
    assert all(page.startswith("GET ") for page in step["pages"])
    assert (step["users"], step["failures"], step["last"]) == (20, {}, "steps")
    assert step["requests_per_second"] > 5
    assert 0 <= step["p50"] <= step["p95"] <= step["p99"]


def test_who_has_an_account_writes_and_leaves_nothing_behind(stack: Containers) -> None:
    post = publish(stack).rpartition("/")[2]
    account = {"LOAD_EMAIL": EMAIL, "LOAD_PASSWORD": stack.secret("admin_password")}

    # Workers are processes of their own, which one more counts.
    done = stack.attempt(*RUN, "load", "locust", "--processes=2", LOAD_USERS="40", LOAD_SECONDS="5", **account)

    assert done.returncode == 0, done
    (step,) = steps(done.stdout)
    assert {"POST /api/posts/{id}/comments", "PUT /api/posts/{id}"} <= step["pages"].keys()
    assert step["failures"] == {}
    assert drafts(stack) == []
    (found,) = (one for one in stack.api("GET", "/api/posts").json()["items"] if one["slug"] == post)
    assert found["comment_count"] == 0


def drafts(stack: Containers) -> list[str]:
    items = stack.api("GET", "/api/posts?status=draft").json()["items"]
    return [post["name"] for post in items if "load test" in post["name"]]


def test_the_load_grows_step_by_step_past_the_cache(stack: Containers) -> None:
    publish(stack)
    said = {"LOAD_EMAIL": EMAIL, "LOAD_PASSWORD": stack.secret("admin_password"), "LOAD_SCENARIO": "origin"}
    before = queries(stack)

    done = stack.attempt(*RUN, "load", LOAD_USERS="20", LOAD_SECONDS="2", LOAD_STEPS="2", **said)

    assert done.returncode == 0, done
    told = steps(done.stdout)
    assert [step["users"] for step in told] == [20, 40]
    assert [step["last"] for step in told] == ["", "steps"]
    requests = sum(page["requests"] for step in told for page in step["pages"].values())
    # Who is signed in is looked up, beside the one query of a list and the two of a post.
    assert queries(stack) - before >= 2 * requests > 100


def queries(stack: Containers) -> int:
    """How often MySQL was asked for rows so far."""
    client = "MYSQL_PWD=$(cat /run/inkstone/mysql/root_password) mysql -uroot -N -e"
    return int(stack.inside("mysql", "sh", "-c", f"{client} \"SHOW GLOBAL STATUS LIKE 'Com_select'\"").split()[1])


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"LOAD_EMAIL": "nobody@example.org", "LOAD_PASSWORD": "wrong, all of it"}, "the blog can't be looked at: 422"),
        ({"LOAD_SCENARIO": "origin"}, "the scenario origin needs an account"),
        ({"LOAD_SCENARIO": "hot"}, "LOAD_SCENARIO makes no sense"),
        ({"LOAD_USERS": "0"}, "LOAD_USERS makes no sense"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(stack: Containers, said: dict[str, str], reason: str) -> None:
    publish(stack)

    done = stack.attempt(*RUN, "load", **said)

    assert done.returncode != 0
    assert f"load: {reason}" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_load_generator_reaches_nginx_and_nobody_else(stack: Containers) -> None:
    program = REACH.replace("ADDRESS", repr((stack.where(stack.facts("web")[0]), 8000)))

    done = stack.attempt(*RUN, "load", "python", "-c", program)

    assert done.stdout.split("\n") == ["reached", "out of reach", "out of reach", "out of reach", ""], done


# make load


def make_load(var: Path, **said: str) -> "subprocess.Popen[str]":
    """As a person types it, in a session of its own."""
    return subprocess.Popen(
        ["make", "load", f"VAR={var}", *(f"{name}={value}" for name, value in said.items())],
        cwd=ROOT,
        env=environment(COMPOSE_DISABLE_ENV_FILE="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def results(var: Path) -> Any:
    return json.loads((var / "load/latest/results.json").read_text())


def left_behind(said: str) -> str:
    """What there still is of the stack that a run has started."""
    (project,) = {word for word in said.split() if word.startswith("inkstone-load-")}
    kinds = ("ps --all", "volume ls", "network ls", "image ls")
    commands = [["docker", *kind.split(), "--quiet"] for kind in kinds]
    filters = [f"--filter=label=com.docker.compose.project={project}"] * 3 + [f"--filter=reference=*:{project}"]
    return "".join(
        subprocess.run([*command, one], check=True, capture_output=True, text=True).stdout
        for command, one in zip(commands, filters, strict=True)
    )


def test_replicas_are_compared_without_an_error(tmp_path: Path) -> None:
    small = {"CPUS": "0.4", "POSTS": "40", "LOAD_USERS": "20", "LOAD_SECONDS": "3", "LOAD_STEPS": "1"}

    with make_load(tmp_path, REPLICAS="1 2", **small) as process:
        said, _ = process.communicate()

    assert process.returncode == 0, said
    found = results(tmp_path)
    assert [(run["scenario"], run["replicas"]) for run in found["runs"]] == [
        ("warm", 1), ("origin", 1), ("warm", 2), ("origin", 2),
    ]  # fmt: skip
    for step in (run["steps"][0] for run in found["runs"]):
        assert step["failures"] == {}
        assert step["requests_per_second"] > 5
        assert {"web", "mysql", "nginx", "load"} <= step["cpu"].keys() & step["memory"].keys()
    assert "How many replicas do I need?" in (tmp_path / "load/latest/report.html").read_text()
    assert "2 replicas, origin: " in said
    assert left_behind(said) == ""


def test_a_blog_that_runs_is_loaded_by_its_address(stack: Containers, tmp_path: Path) -> None:
    publish(stack)

    with make_load(tmp_path, URL=f"http://{stack.host}", LOAD_SECONDS="3", LOAD_STEPS="2") as process:
        said, _ = process.communicate()

    assert process.returncode == 0, said
    assert f"heavy load on http://{stack.host} from now on" in said
    (run,) = results(tmp_path)["runs"]
    assert [step["users"] for step in run["steps"]] == [20, 40]
    assert all(step["failures"] == {} for step in run["steps"])


def test_a_port_in_use_is_said_in_one_line(stack: Containers, tmp_path: Path) -> None:
    with make_load(tmp_path, REPLICAS="1", PORT=str(stack.port)) as process:
        said, _ = process.communicate()

    assert process.returncode != 0
    assert f"load: port {stack.port} is in use" in said
    assert "Traceback" not in said


def test_ctrl_c_leaves_no_container_behind(tmp_path: Path) -> None:
    output = tmp_path / "said"
    with output.open("w") as file, make_load(tmp_path, REPLICAS="1") as process:
        assert process.stdout
        for line in process.stdout:
            file.write(line)
            if "starting the stack" in line:
                break
        file.flush()
        wait_for(lambda: left_behind(output.read_text()).strip())
        os.killpg(process.pid, signal.SIGINT)
        file.write(process.stdout.read())

    said = output.read_text()
    assert process.returncode != 0
    assert "load: stopped" in said
    assert "Traceback" not in said
    assert left_behind(said) == ""
