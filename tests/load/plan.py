"""What `make load` is to do, as its variables say."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ("warm", "origin")
MOST_REPLICAS = 50


class Problem(Exception):
    """What a person can do something about, in one line."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of it; `url` is empty where the container stack is loaded."""

    folder: Path
    scenarios: tuple[str, ...]
    replicas: tuple[int, ...] = ()
    url: str = ""
    cpus: float = 0.2
    posts: int = 1000
    users: int = 20
    seconds: int = 10
    steps: int = 12
    workers: int = 0
    rounds: int = 1
    port: int = 0
    email: str = ""
    password: str = ""

    @classmethod
    def parse(cls, said: Mapping[str, str], folder: Path) -> "Plan":
        """Out of the environment; raises Problem where it makes no sense."""
        url = said.get("URL", "").strip().rstrip("/")
        if url and said.get("REPLICAS", "").strip():
            raise Problem("URL is a blog that runs already, and REPLICAS starts one of its own: say one of them")
        email, password = said.get("LOAD_EMAIL", ""), said.get("LOAD_PASSWORD", "")
        if url:
            _check(url, said.get("ALLOW", ""))
        return cls(
            folder=folder,
            scenarios=_scenarios(said.get("SCENARIOS", ""), known=bool(email) or not url),
            replicas=() if url else _replicas(said.get("REPLICAS") or "1 2 4"),
            url=url,
            cpus=_share(said.get("CPUS") or "0.2"),
            posts=_count(said, "POSTS", 1000),
            users=_count(said, "LOAD_USERS", 20),
            seconds=_count(said, "LOAD_SECONDS", 10),
            steps=_count(said, "LOAD_STEPS", 12),
            workers=_count(said, "WORKERS", 0),
            rounds=_count(said, "ROUNDS", 1),
            port=_count(said, "PORT", 0),
            email=email,
            password=password,
        )


def var() -> Path:
    """Where everything is kept that a run leaves: VAR, by whoever typed it, or var beside the Makefile."""
    return Path(os.environ.get("CALLER") or ".", os.environ.get("VAR") or ROOT / "var")


def _replicas(said: str) -> tuple[int, ...]:
    counts = said.split()
    if not all(count.isdecimal() and 1 <= int(count) <= MOST_REPLICAS for count in counts):
        raise Problem(f'REPLICAS="{said}" makes no sense: numbers from 1 to {MOST_REPLICAS}, as in REPLICAS="1 2 4"')
    return tuple(sorted({int(count) for count in counts}))


def _scenarios(said: str, *, known: bool) -> tuple[str, ...]:
    """`known` where there is an account, without which nobody can bypass the cache."""
    chosen = tuple(dict.fromkeys(said.split())) or (SCENARIOS if known else SCENARIOS[:1])
    if unknown := [name for name in chosen if name not in SCENARIOS]:
        raise Problem(f"there is no scenario {' '.join(unknown)}: choose from {' '.join(SCENARIOS)}")
    if "origin" in chosen and not known:
        raise Problem("the scenario origin bypasses the cache by signing in: say LOAD_EMAIL and LOAD_PASSWORD")
    return chosen


def _count(said: Mapping[str, str], name: str, default: int) -> int:
    value = said.get(name, "").strip() or str(default)
    if not value.isdecimal() or not (int(value) or not default):
        raise Problem(f'{name}="{value}" makes no sense: it is a whole number, 1 or more')
    return int(value)


def _share(said: str) -> float:
    try:
        share = float(said)
    except ValueError:
        share = 0.0
    if not 0.05 <= share <= 16:
        raise Problem(f'CPUS="{said}" makes no sense: the processors of one replica, as in CPUS=0.2')
    return share


def _check(url: str, allowed: str) -> None:
    """Load is an attack where nobody has asked for it."""
    host = _host(url)
    if not host:
        raise Problem(f"URL={url} makes no sense: a blog's address without a path, as in URL=http://127.0.0.1:8080")
    if not _is_here(host) and host != allowed.strip():
        raise Problem(
            f"{host} is not this machine, and will be under heavy load: if it is yours to do that to, "
            f"say so by ALLOW={host}"
        )


def _host(url: str) -> str:
    """Whose address it is; nothing where it is none."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and parts.port != 0 and not parts.path and not parts.query
    except ValueError:
        return ""
    return parts.hostname or "" if whole else ""


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
