"""What a host of its own and make run have in common, and how a host's settings are kept"""

from configparser import RawConfigParser
from pathlib import Path

import pytest

from deploy.bare import environment
from deploy.native import nginx, supervisor
from deploy.native.places import Places
from deploy.native.problems import ProblemError

RUN = Places(Path("/var/lib/inkstone"), "127.0.0.1", 8080)
HOST = Places(Path("/var/lib/inkstone"), "127.0.0.1", 80, groups=2, metrics_port=8081)


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
    (tmp_path / "cache").mkdir()
    places = Places(tmp_path, "127.0.0.1", 80, groups=2)

    nginx.write(places, tmp_path / "one")

    text = (tmp_path / "one" / "upstream.conf").read_text()
    for socket in places.web_sockets.values():
        assert f'server "unix:{socket}" max_fails=1 fail_timeout=4s;' in text


def test_a_configuration_is_the_same_or_not(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    places = Places(tmp_path, "127.0.0.1", 80)
    nginx.write(places, tmp_path / "one")
    nginx.write(places, tmp_path / "two")

    assert nginx.same(tmp_path / "one", tmp_path / "two")

    (tmp_path / "two" / "site.conf").write_text("# other\n")
    assert not nginx.same(tmp_path / "one", tmp_path / "two")
    nginx.write(places, tmp_path / "two")
    (tmp_path / "two" / "more.conf").touch()
    assert not nginx.same(tmp_path / "one", tmp_path / "two")


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
    (tmp_path / "cache").mkdir()

    nginx.write(Places(tmp_path, "127.0.0.1", 80), tmp_path / "one")

    assert not (tmp_path / "one" / "counting.conf").exists()
    assert "program:counting" not in programs(RUN)


def test_tls_wants_an_address_for_it() -> None:
    with pytest.raises(ProblemError, match="INKSTONE_SITE_URL=https://"):
        environment.completed("", environment.TLS, "blog.example.org")
