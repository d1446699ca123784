"""One deployer at a time on a host, and nobody before what another one has left under way is done."""

import getpass
import shlex
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.bare.layout import DEPLOY_LOCK, HOME, WORK_LOCK
from deploy.bare.remote import Host
from deploy.native.problems import ProblemError

# What flock ends with where somebody else has the lock.
_BUSY = 75
# The host sends a sign of life so often: that a connection is dead is seen by whoever sends.
_SIGN_OF_LIFE = 15


@contextmanager
def locked(host: Host) -> Iterator[None]:
    """Hold the host for a task; the lock goes with the connection, so one that died leaves nothing behind."""
    who = shlex.quote(f"{getpass.getuser()} on {socket.gethostname()}")
    hold = (
        f'echo "since $(date -u +%H:%M) UTC, by "{who} >{DEPLOY_LOCK}.by; echo held;'
        f" (while sleep {_SIGN_OF_LIFE}; do echo; done) & cat; kill $!"
    )
    told = f'test $? != {_BUSY} || echo "busy $(cat {DEPLOY_LOCK}.by)"'
    with host.held(f"flock --close --nonblock -E {_BUSY} {DEPLOY_LOCK} sh -c {shlex.quote(hold)} || {told}") as said:
        state, _, by = said.partition(" ")
        if state == "busy":
            raise ProblemError(f"another deploy is under way on {host.name}, {by}: wait for it")
        if state != "held":
            raise ProblemError(f"{host.name} is not set up (there is no {HOME}): fab -H root@{host.name} setup")
        if not host.holds(f"flock --nonblock {WORK_LOCK} true"):
            host.say("what an earlier deployer has begun still runs there: waiting for it")
            host.look(f"flock {WORK_LOCK} true")
        yield
