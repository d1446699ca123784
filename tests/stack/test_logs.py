"""docker compose logs: nginx's line and the application's, and no secret in any of them"""

import json
import re
from typing import Any

import pytest

from tests import marks
from tests.native.stacks import Reply, wait_for
from tests.native.test_cache import KEPT, publish
from tests.stack.containers import Containers

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]


def lines(stack: Containers, service: str, reply: Reply) -> list[dict[str, Any]]:
    """A service's lines about a request, as soon as there is one."""
    id = reply.headers["x-request-id"]

    def found() -> list[str]:
        return [line for line in log(stack, service).splitlines() if id in line]

    wait_for(found, lambda: log(stack, service)[-3000:])
    return [json.loads(line) for line in found()]


def log(stack: Containers, service: str) -> str:
    return stack.compose("logs", "--no-log-prefix", "--tail=2000", service)


def test_both_tell_of_a_request_by_one_id(stack: Containers) -> None:
    path = f"/post/{publish(stack)['slug']}"

    first, second = stack.ask(f"{path}?a=b"), stack.ask(path)

    (front,), (web,) = lines(stack, "nginx", first), lines(stack, "web", first)
    assert (front["path"], front["status"], front["cache"], front["web_status"]) == (path, 200, "MISS", "200")
    assert re.fullmatch(r"[0-9.]+:8000", front["web"])
    assert (web["route"], web["status"], web["statements"]) == ("post", 200, 1)
    assert front["time"][:16] == web["time"][:16]
    assert lines(stack, "nginx", second)[0]["cache"] in KEPT


def test_every_line_of_the_application_is_json(stack: Containers) -> None:
    stack.ask("/archive")

    for line in log(stack, "web").splitlines():
        assert {"time", "level", "id"} <= json.loads(line).keys()


def test_error_pages_of_nginx_show_the_id(stack: Containers) -> None:
    large = b"x" * (7 * 1024**2)

    page, problem = (stack.ask(path, "POST", large, content_type="text/plain") for path in ("/x", "/api/x"))

    assert (page.status, problem.status) == (413, 413)
    assert f"<code>{page.headers['x-request-id']}</code>" in page.body.decode()
    assert problem.json()["request_id"] == problem.headers["x-request-id"]


def test_no_secret_is_in_any_log(stack: Containers) -> None:
    stack.sign_in()
    marks.plant(stack)
    lines(stack, "nginx", stack.ask("/archive"))

    secrets = [stack.secret("admin_password"), stack.cookie.partition("=")[2]]
    for name in ("secret_keys", "database_url"):
        secrets.append(stack.inside("web", "cat", f"/run/inkstone/web/{name}").strip())
    secrets += re.findall(r"(?<=:)[^:/@]{8,}(?=@)", secrets[-1])
    assert len(secrets) == 5
    for service in ("nginx", "web", "mysql", "migrate", "secrets"):
        assert marks.found(stack.compose("logs", service), *secrets) == [], service
