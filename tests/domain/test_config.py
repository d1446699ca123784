"""Every setting: good, bad, missing, from a file, and from both."""

import dataclasses
from pathlib import Path

import pytest

from inkstone.config import ConfigError, Settings

SECRET = "s3cr3t-that-no-message-may-show"
REQUIRED = {
    "INKSTONE_DATABASE_URL": f"mysql://ink:{SECRET}@db:3307/blog",
    "INKSTONE_SECRET_KEYS": f"{SECRET}-first, {SECRET}-second",
}
NAMES = [field.name for field in dataclasses.fields(Settings)]

GOOD = {
    "database_url": "mysql://ink:s%40fe@db/blog?unix_socket=/run/my%20sql.sock",
    "secret_keys": "x" * 32,
    "site_url": "https://blog.example.org/",
    "site_name": "墨石 🍵",
    "language": "zh",
    "registration": "closed",
    "session_days": "365",
    "database_pool_size": "1",
    "read_database_url": "mysql://ink:s%40fe@replica/blog",
    "drain_seconds": "2",
    "trusted_proxies": "10.0.0.0/8, 192.0.2.1,2001:db8::/32",
    "log_format": "json",
    "log_level": "debug",
    "traces_endpoint": "https://collector.example.org:4318",
    "admin_email": "ada@blog.test",
    "admin_password": "correct horse battery",
    "development": "on",
}
BAD = [
    ("database_url", f"postgres://ink:{SECRET}@db/blog"),
    ("database_url", f"mysql://:{SECRET}@db/blog"),
    ("database_url", f"mysql://ink:{SECRET}@db"),
    ("database_url", f"mysql://ink:{SECRET}@db:port/blog"),
    ("database_url", f"mysql://ink:{SECRET}@db:99999/blog"),
    ("database_url", f"mysql://ink:{SECRET}@[db/blog"),
    ("database_url", f"mysql://ink:{SECRET}@db/blog?ssl=1"),
    ("database_url", f"mysql://ink:{SECRET}@db/blog?ssl-mode=disabled"),
    ("database_url", f"mysql://ink:{SECRET}@db/blog?ssl-mode="),
    ("database_url", f"mysql://ink:{SECRET}@db/blog?ssl-ca=/there/is/none"),
    ("database_url", f"mysql://ink:{SECRET}@db/blog?ssl-ca={__file__}"),
    ("database_url", f"mysql://ink:{SECRET}@db/blog?ssl-mode=required&unix_socket=/s"),
    ("database_url", SECRET),
    ("secret_keys", SECRET[:31]),
    ("secret_keys", f"{SECRET}-first,"),
    ("secret_keys", ","),
    ("site_url", "blog.example.org"),
    ("site_url", "ftp://blog.example.org"),
    ("site_url", "https://"),
    ("site_url", "https://blog.example.org/blog"),
    ("site_url", "https://blog.example.org?x=1"),
    ("site_url", "https://[blog"),
    ("site_name", "two\nlines"),
    ("site_name", "x" * 201),
    ("language", "fr"),
    ("registration", "maybe"),
    ("development", "yes"),
    ("session_days", "0"),
    ("session_days", "366"),
    ("session_days", "1.5"),
    ("session_days", "-1"),
    ("session_days", "９"),  # noqa: RUF001 - a digit, but none of ours
    ("database_pool_size", "0"),
    ("database_pool_size", "many"),
    ("read_database_url", f"mysql://:{SECRET}@db/blog"),
    ("drain_seconds", "26"),
    ("trusted_proxies", "10.0.0.1/8"),
    ("trusted_proxies", "everybody"),
    ("database_url", f"mysql://ink:{SECRET}/more@db/blog"),
    ("database_url", f"mysql://ink:[{SECRET}@db/blog"),
    ("database_url", f"mysql://ink:℀{SECRET}@db/blog"),
    ("log_format", "xml"),
    ("log_level", "loud"),
    ("traces_endpoint", "collector:4318"),
    ("traces_endpoint", f"http://me:{SECRET}@collector:4318"),
    ("admin_password", "two\nlines"),
]


def read(**settings: str) -> Settings:
    return Settings.from_environment(REQUIRED | {f"INKSTONE_{name.upper()}": value for name, value in settings.items()})


def refused(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment(environment)
    return str(caught.value)


def test_what_is_not_set_has_a_default():
    settings = Settings.from_environment(REQUIRED)

    assert settings.site_url == "http://localhost:8080"
    assert (settings.site_name, settings.language, settings.registration) == ("Inkstone", "en", "open")
    assert (settings.admin_email, settings.admin_password) == (None, None)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_may_come_from_a_file(tmp_path: Path, name):
    path = tmp_path / "setting"
    path.write_text(GOOD[name] + "\n", encoding="utf-8")
    environment = {key: value for key, value in REQUIRED.items() if key != f"INKSTONE_{name.upper()}"}

    from_file = Settings.from_environment({**environment, f"INKSTONE_{name.upper()}_FILE": str(path)})

    assert from_file == read(**{name: GOOD[name]})
    assert from_file != Settings.from_environment(REQUIRED)


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_that_comes_twice_is_refused(tmp_path: Path, name):
    path = tmp_path / "setting"
    path.write_text(GOOD[name])
    variable = f"INKSTONE_{name.upper()}"

    message = refused({**REQUIRED, variable: GOOD[name], f"{variable}_FILE": str(path)})

    assert message == f"{variable} and {variable}_FILE are both set: choose one."


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, name, content):
    path = tmp_path / "setting"
    if content:
        path.write_bytes(content)
    environment = {key: value for key, value in REQUIRED.items() if key != f"INKSTONE_{name.upper()}"}

    message = refused({**environment, f"INKSTONE_{name.upper()}_FILE": str(path)})

    assert message.startswith(f"INKSTONE_{name.upper()}_FILE can't be read")
    assert "\n" not in message


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_setting_is_named_and_not_shown(name, value):
    message = refused({**REQUIRED, f"INKSTONE_{name.upper()}": value})

    assert message.startswith(f"INKSTONE_{name.upper()} makes no sense: ")
    assert SECRET not in message
    assert "\n" not in message


@pytest.mark.parametrize("variable", REQUIRED)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_setting_is_named(variable, value):
    environment = {name: text for name, text in REQUIRED.items() if name != variable}

    message = refused(environment if value is None else environment | {variable: value})

    assert message.startswith(f"{variable} is not set: set it, or {variable}_FILE.")
    assert "\n" not in message


def test_a_printed_setting_shows_no_secret():
    settings = read(admin_password=f"{SECRET}-of-ada")

    assert SECRET not in repr(settings)


def test_a_database_address_is_percent_decoded():
    address = read(database_url=GOOD["database_url"]).database_url

    assert (address.user, address.password, address.host, address.port) == ("ink", "s@fe", "db", 3306)
    assert (address.name, address.unix_socket) == ("blog", "/run/my sql.sock")


def test_a_site_address_has_no_slash_at_its_end():
    assert read(site_url="https://blog.example.org/").site_url == "https://blog.example.org"


def test_keys_are_told_apart():
    assert Settings.from_environment(REQUIRED).secret_keys == (f"{SECRET}-first", f"{SECRET}-second")
