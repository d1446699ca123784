"""What Locust does to the blog; who comes is in people.py, how many and for how long in steps.py."""

from blog import BLOG
from locust import events
from locust.env import Environment
from people import *  # noqa: F403 - Locust takes the users and the shape that it finds here
from steps import Steps  # noqa: F401


@events.init.add_listener
def _look(environment: Environment, **_: object) -> None:
    BLOG.look_at(str(environment.host).rstrip("/"))
