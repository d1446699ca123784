"""What a host of its own and make run have in common, and how a host's settings are kept"""

from configparser import RawConfigParser
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.bare import environment
from deploy.native import nginx, supervisor
from deploy.native.places import Places
from deploy.native.problems import ProblemError

RUN = Places(Path("/var/lib/inkstone"), "127.0.0.1", 8080)
HOST = Places(Path("/var/lib/inkstone"), "127.0.0.1", 80, groups=2, metrics_port=8081)


def made(places: Places) -> Places:
    """With its folders."""
    places.make()
    return places


def programs(places: Places) -> dict[str, dict[str, str]]:
    parser = RawConfigParser()
    parser.read_string(supervisor.configuration(places, "start"))
    return {name: dict(parser[name]) for name in parser.sections() if name.startswith("program:")}


def test_a_host_has_the_programs_of_make_run_with_more_groups() -> None:
    here, there = programs(RUN), programs(HOST)

    assert here.keys() == {"program:mysql", "program:web", "program:nginx"}
    assert there.keys() == {"program:mysql", "program:web-1", "program:web-2", "program:nginx", "program:counting"}
    for name in ("mysql", "nginx"):
        assert there[f"program:{name}"] == here[f"program:{name}"]
    for name in ("web-1", "web-2"):
        group = {option: value.replace(name, "web") for option, value in there[f"program:{name}"].items()}
        assert group == here["program:web"]


def test_programs_start_in_order() -> None:
    found = {name: int(options["priority"]) for name, options in programs(HOST).items()}

    assert found["program:mysql"] < found["program:web-1"] == found["program:web-2"] < found["program:nginx"]


def test_nginx_leaves_alone_a_group_that_leaves(tmp_path: Path) -> None:
    places = made(Places(tmp_path, "127.0.0.1", 80, groups=2))

    nginx.prepare(places)

    text = (places.etc / "nginx" / "upstream.conf").read_text()
    for socket in places.web_sockets.values():
        assert f'server "unix:{socket}" max_fails=1 fail_timeout=4s;' in text


def test_a_configuration_is_the_same_or_not(tmp_path: Path) -> None:
    in_force = made(Places(tmp_path, "127.0.0.1", 80))
    draft = made(replace(in_force, draft_name="etc.later"))
    one, two = in_force.draft / "nginx", draft.draft / "nginx"
    for places in (in_force, draft):
        nginx.prepare(places)

    assert nginx.digest(one) == nginx.digest(two)

    (two / "site.conf").write_text("# other\n")
    assert nginx.digest(one) != nginx.digest(two)
    nginx.prepare(draft)
    (two / "more.conf").touch()
    assert nginx.digest(one) != nginx.digest(two)
    nginx.prepare(draft)
    assert nginx.digest(one) == nginx.digest(two)


def test_settings_are_kept_changed_and_forgotten() -> None:
    first = environment.completed(
        "", {"INKSTONE_SITE_NAME": 'Ann\'s "blog"', "INKSTONE_LANGUAGE": "zh"}, "blog.example.org"
    )
    second = environment.completed(first, {"INKSTONE_LANGUAGE": "", "PORT": "8080"}, "blog.example.org")

    assert environment.read(first)["INKSTONE_SITE_URL"] == "http://blog.example.org"
    assert environment.completed(first, {}, "blog.example.org") == first
    told = environment.read(second)
    assert told["INKSTONE_SITE_NAME"] == 'Ann\'s "blog"'
    assert told["PORT"] == "8080"
    assert "INKSTONE_LANGUAGE" not in told


def test_a_host_counts_unless_it_is_told_not_to() -> None:
    first = environment.completed("", {}, "blog.example.org")
    second = environment.completed(first, environment.told(["METRICS_PORT=0"]), "blog.example.org")

    assert environment.read(first)["METRICS_PORT"] == "8081"
    assert environment.read(environment.completed(second, {}, "blog.example.org"))["METRICS_PORT"] == "0"


def test_nothing_is_counted_where_nobody_asks(tmp_path: Path) -> None:
    places = made(Places(tmp_path, "127.0.0.1", 80))

    nginx.prepare(places)

    assert not (places.etc / "nginx" / "counting.conf").exists()
    assert "program:counting" not in programs(RUN)


def test_tls_wants_an_address_for_it() -> None:
    with pytest.raises(ProblemError, match="INKSTONE_SITE_URL=https://"):
        environment.completed("", environment.TLS, "blog.example.org")


@pytest.mark.parametrize("word", ["VAR=/srv", "LOGS=/srv", "WEB_GROUPS=two", "WEB_GROUPS=0", "PORT=65536", "no=1", "X"])
def test_a_setting_that_makes_no_sense_is_refused_before_it_gets_to_a_host(word: str) -> None:
    with pytest.raises(ProblemError):
        environment.told([word])


def test_nginx_listens_at_addresses_of_both_kinds(tmp_path: Path) -> None:
    places = made(Places(tmp_path, "::", 80))

    nginx.prepare(places)

    assert "listen 0.0.0.0:80; listen [::]:80;" in (places.etc / "nginx" / "site.conf").read_text()
    assert places.url == "http://127.0.0.1:80/"
