"""What Locust does to the blog; who comes is in people.py, how many and for how long in steps.py."""

from blog import BLOG
from locust import events
from locust.env import Environment
from locust.runners import WorkerRunner
from people import *  # noqa: F403 - Locust takes the users and the shape that it finds here
from steps import Steps  # noqa: F401 - Locust takes the shape that it finds here, too


@events.init.add_listener
def _look_first(environment: Environment, **_: object) -> None:
    """Before anything else: where the blog can't be looked at, that is all there is to say."""
    if not isinstance(environment.runner, WorkerRunner):
        BLOG.look_at(str(environment.host).rstrip("/"))


@events.test_start.add_listener
def _look_in_time(environment: Environment, **_: object) -> None:
    """A worker looks when it is told to start: it may be told before the event above has ended."""
    if isinstance(environment.runner, WorkerRunner):
        BLOG.look_at(str(environment.host).rstrip("/"))
