"""Every run of a plan, one after the other."""

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from tests.load import client, stack
from tests.load.plan import ROOT, Plan, Problem
from tests.load.results import Run, Step
from tests.load.watching import Watch, watch

Done = Callable[[Run], None]


def run(plan: Plan, say: client.Say, done: Done) -> None:
    """Tell `done` of each run when it has ended."""
    if plan.url:
        _load_address(plan, say, done)
    else:
        _load_replicas(plan, say, done)


def _load_replicas(plan: Plan, say: client.Say, done: Done) -> None:
    stack.check_engine()
    with stack.started(plan, say) as blog, watch(blog.project) as watching:
        plan = replace(plan, email=stack.ADMINISTRATOR, password=blog.secret("admin_password"))
        for count in _counts(plan):
            say(f"{_replicas(count)}: starting")
            blog.start(count)
            for scenario in plan.scenarios:
                steps = _load_stack(plan, blog, scenario, count, say)
                done(Run(scenario, count, [_with_use(watching, step) for step in steps]))


def _load_stack(plan: Plan, blog: stack.LoadStack, scenario: str, count: int, say: client.Say) -> list[Step]:
    told = client.variables(plan, scenario, plan.users * count)
    log = plan.folder / f"locust-{scenario}-{count}.log"
    shown = partial(_say_which, say, f"{_replicas(count)}, {scenario}")
    return client.run(blog.locust(plan), blog.environment | told, log, shown)


def _counts(plan: Plan) -> Iterator[int]:
    """Up, and down again in the next round: what changes slowly is not to be taken for growth."""
    for number in range(plan.rounds):
        yield from plan.replicas if number % 2 == 0 else reversed(plan.replicas)


def _load_address(plan: Plan, say: client.Say, done: Done) -> None:
    _check_answer(plan.url)
    say(f"heavy load on {plan.url} from now on: its readers will notice")
    for number in range(1, plan.rounds + 1):
        for scenario in plan.scenarios:
            command = [*client.locust(plan, str(client.LOCUST)), "--headless", "--only-summary", "--host", plan.url]
            command += ["-f", str(ROOT / "services/load/locustfile.py")]
            shown = partial(_say_which, say, scenario if plan.rounds == 1 else f"round {number}, {scenario}")
            told = client.variables(plan, scenario, plan.users)
            steps = client.run(command, os.environ | told, plan.folder / f"locust-{scenario}.log", shown)
            done(Run(scenario, 0, steps))


def _check_answer(url: str) -> None:
    try:
        with urllib.request.urlopen(f"{url}/api/posts?limit=1", timeout=15) as reply:  # noqa: S310 - http or https
            json.load(reply)["items"]
    except urllib.error.HTTPError as error:
        raise Problem(f"{url} is no Inkstone, or not well: it answered {error.code}") from None
    except (OSError, http.client.HTTPException) as error:
        raise Problem(f"{url} does not answer: {getattr(error, 'reason', error)}") from None
    except (ValueError, KeyError, TypeError):
        raise Problem(f"{url} is no Inkstone: its API is another") from None


def _with_use(watching: Watch, step: Step) -> Step:
    cpu, memory = watching.used(step.start, step.end)
    return replace(step, cpu=cpu, memory=memory)


def _say_which(say: client.Say, which: str, what: str) -> None:
    say(f"{which}: {what}")


def _replicas(count: int) -> str:
    return "1 replica" if count == 1 else f"{count} replicas"
