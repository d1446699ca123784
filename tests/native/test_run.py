"""make run: starts, heals, stops"""

import os
import signal
import stat
from collections.abc import Callable

import pytest

from tests.native.stacks import Stack, wait_for

pytestmark = pytest.mark.xdist_group("native")


def test_says_where_it_is_and_how_to_sign_in(stack: Stack) -> None:
    assert f"http://{stack.host}/" in stack.said()
    assert f"admin@example.org, password {stack.secret('admin_password')}" in stack.said()

    assert stack.api("GET", "/api/me").json()["role"] == "administrator"


def test_secrets_are_for_their_owner_only(stack: Stack) -> None:
    folder = stack.var / "secrets"

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.name != "shown"}

    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("program", ["web", "nginx", "mysql", "counting"])
def test_killed_process_comes_back(stack: Stack, program: str) -> None:
    killed = stack.pid(program)

    os.kill(killed, signal.SIGKILL)

    wait_for(lambda: stack.pid(program) not in {0, killed}, stack.said)
    # Signed in, so that it is not nginx's copy that answers.
    wait_for(lambda: stack.serves() and stack.ask("/", cookie=stack.cookie or "inkstone_session=x").status == 200)
    wait_for(lambda: f"{program} ended (terminated by SIGKILL); it is started again" in stack.said(), stack.said)


def test_stops_whole_and_starts_again_with_the_same_state(stack: Stack, new_stack: Callable[[str], Stack]) -> None:
    other = new_stack("other")
    other.start()
    assert stack.serves("/readyz")
    secrets = {path.name: path.read_text() for path in (other.var / "secrets").iterdir()}
    reply = other.api("POST", "/api/posts", {"name": "Kept", "content": "Kept.", "status": "published", "tags": []})
    assert reply.status == 201, reply

    other.interrupt()

    assert other.processes() == []
    assert "Stopped." in other.said()
    assert stack.serves("/readyz"), "the other stack was disturbed"

    other.start()

    assert other.serves(f"/post/{reply.json()['slug']}")
    assert {path.name: path.read_text() for path in (other.var / "secrets").iterdir()} == secrets
    assert secrets["admin_password"].strip() not in other.said()
    assert not stack.serves(f"/post/{reply.json()['slug']}")

    # A terminal that is closed, a machine that kills: nothing stays behind either.
    assert other.process
    runner = int((other.var / "run" / "lock").read_text())
    os.kill(runner, signal.SIGKILL)

    wait_for(lambda: other.processes() == [], other.said)


def test_same_var_twice_is_refused(
    stack: Stack, new_stack: Callable[[str], Stack], refused: Callable[..., str]
) -> None:
    line = refused(VAR=str(stack.var), PORT=str(new_stack("unused").port))

    assert line.startswith("inkstone: a stack is running in this VAR already")
    assert stack.serves("/readyz")
