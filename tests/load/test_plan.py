"""What may be said to make load, and what is refused"""

from pathlib import Path

import pytest

from tests.load.plan import Plan, Problem


def plan(**said: str) -> Plan:
    return Plan.parse(said, Path("x"))


def test_nothing_has_to_be_said() -> None:
    made = plan()

    assert (made.replicas, made.scenarios, made.url) == ((1, 2, 4), ("warm", "origin"), "")


def test_counts_are_put_in_order() -> None:
    assert plan(REPLICAS="4  1 2 1").replicas == (1, 2, 4)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:8080/", "https://[::1]:8443"])
def test_a_blog_on_this_machine_may_be_loaded(url: str) -> None:
    made = plan(URL=url)

    assert made.url == url.rstrip("/")
    assert (made.replicas, made.scenarios) == ((), ("warm",))


def test_another_machine_only_where_it_is_named_again() -> None:
    with pytest.raises(Problem, match=r"blog\.example\.org is not this machine.*ALLOW=blog\.example\.org$"):
        plan(URL="https://blog.example.org")
    with pytest.raises(Problem, match="not this machine"):
        plan(URL="https://blog.example.org", ALLOW="1")
    assert plan(URL="https://blog.example.org", ALLOW="blog.example.org").url == "https://blog.example.org"


@pytest.mark.parametrize("url", ["http://localhost.example.org", "http://127.0.0.1.example.org", "http://192.168.1.2"])
def test_what_only_looks_like_this_machine_is_another(url: str) -> None:
    with pytest.raises(Problem, match="is not this machine"):
        plan(URL=url)


def test_an_account_bypasses_the_cache_of_an_address() -> None:
    with pytest.raises(Problem, match="LOAD_EMAIL and LOAD_PASSWORD"):
        plan(URL="http://localhost", SCENARIOS="origin")
    assert plan(URL="http://localhost", LOAD_EMAIL="a@b.test", LOAD_PASSWORD="secret").scenarios == ("warm", "origin")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("REPLICAS", value) for value in ("0 x", "0", "-1", "1,2", "51", "1.5")),
        *(("CPUS", value) for value in ("0", "much", "nan", "-1", "0.01")),
        *((name, value) for name in ("LOAD_SECONDS", "LOAD_USERS", "POSTS", "ROUNDS") for value in ("0", "-1", "few")),
        ("SCENARIOS", "hot"),
        ("URL", "localhost:8080"),
        ("URL", "http://localhost/blog"),
        ("URL", "http://localhost:port"),
        ("URL", "http://[::1"),
        ("URL", "ftp://localhost"),
    ],
)
def test_what_makes_no_sense_is_named_in_one_line(name: str, value: str) -> None:
    with pytest.raises(Problem) as refused:
        plan(**{name: value})

    assert name in str(refused.value) or value in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_address_has_no_replicas_to_start() -> None:
    with pytest.raises(Problem, match="one of them"):
        plan(URL="http://localhost", REPLICAS="1 2")
