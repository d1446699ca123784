"""The settings, read once from the environment; nothing else in the package looks there."""

import ipaddress
import ssl
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

PREFIX = "INKSTONE_"
_MIN_KEY_LENGTH = 32

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ConfigError(Exception):
    """A setting is missing or makes no sense; the message is one line that names it."""


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where the database is and who we are there; `unix_socket`, where given, takes the place of host and port."""

    user: str
    password: str = field(repr=False)
    host: str
    port: int
    name: str
    unix_socket: str | None = None
    tls: ssl.SSLContext | None = field(default=None, repr=False, compare=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read mysql://user:password@host:port/name, percent-encoded, with ?unix_socket= or with ssl-mode= and ssl-ca=.

        >>> DatabaseAddress.parse("mysql://ink:s%40fe@db/blog").password
        's@fe'
        """
        parts = _split(url)
        options = {option: values[-1] for option, values in parse_qs(parts.query, keep_blank_values=True).items()}
        name = unquote(parts.path.removeprefix("/"))
        if parts.scheme != "mysql" or not parts.username or not name or not _fit_together(options.keys()):
            raise ValueError(
                "it has the form mysql://user:password@host:port/name,"
                " with ?unix_socket=/path, or with ?ssl-ca=/path and ssl-mode"
            )
        return cls(
            user=unquote(parts.username),
            password=unquote(parts.password or ""),
            host=parts.hostname or "localhost",
            port=_port(parts) or 3306,
            name=name,
            unix_socket=options.get("unix_socket"),
            tls=_tls(options.get("ssl-mode"), options.get("ssl-ca")),
        )


def _split(url: str) -> SplitResult:
    # Python's own words would tell what it stumbles over, and that may be the password.
    try:
        return urlsplit(url)
    except ValueError:
        raise ValueError("it is no URL; what is special in one is percent-encoded") from None


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise ValueError(
            "what stands behind the host is no port; in the password, / ? # and @ are percent-encoded"
        ) from None


def _fit_together(options: Set[str]) -> bool:
    return options <= {"unix_socket"} or options <= {"ssl-mode", "ssl-ca"}


def _tls(mode: str | None, ca: str | None) -> ssl.SSLContext | None:
    """As MySQL's own clients understand ssl-mode; with ssl-ca alone the server is looked at most closely."""
    if mode is None and ca is None:
        return None
    mode = ("verify-identity" if mode is None else mode).lower().replace("_", "-")
    if mode not in {"required", "verify-ca", "verify-identity"}:
        raise ValueError("ssl-mode is one of: required, verify-ca, verify-identity")
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise ValueError(f"the certificates of ssl-ca can't be read: {error}") from None
    # Python 3.13 and newer turn away what MySQL and some hosts make, for want of extensions that nobody needs.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = mode == "verify-identity"
    if mode == "required":
        context.verify_mode = ssl.CERT_NONE
    return context


def _text(value: str) -> str:
    if not value.isprintable() or len(value) > 200:
        raise ValueError("it is one line of at most 200 characters")
    return value


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isascii() or not value.isdecimal() or not least <= int(value) <= most:
            raise ValueError(f"it is a whole number from {least} to {most}")
        return int(value)

    return parse


def _choice(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"it is one of: {', '.join(choices)}")
        return value

    return parse


def _switch(value: str) -> bool:
    return _choice("on", "off")(value) == "on"


def _keys(value: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in value.split(","))
    if any(len(key) < _MIN_KEY_LENGTH for key in keys):
        raise ValueError(
            f"each key has at least {_MIN_KEY_LENGTH} characters, as made by: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return keys


def _site_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/") or parts.query:
        raise ValueError("it has the form https://blog.example.org, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def _collector(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc or parts.query:
        raise ValueError("it has the form http://collector:4318; a password goes into OTEL_EXPORTER_OTLP_HEADERS")
    return value.rstrip("/")


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("it is a comma-separated list of addresses or networks, like 10.0.0.0/8") from None


def _setting(
    parse: Callable[[str], Any], text: str, default: str | None = None, *, optional: bool = False, secret: bool = False
) -> Any:
    metadata = {"parse": parse, "help": text, "default": default, "optional": optional, "secret": secret}
    return field(repr=not secret, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting; a field `site_url` is INKSTONE_SITE_URL, or the file that INKSTONE_SITE_URL_FILE names."""

    database_url: DatabaseAddress = _setting(
        DatabaseAddress.parse,
        "The database: `mysql://user:password@host:port/name`, with `?unix_socket=/path` for a socket"
        " and `?ssl-ca=/path` for TLS",
    )
    read_database_url: DatabaseAddress | None = _setting(
        DatabaseAddress.parse,
        "A replica of the database, from which those read who are not signed in; left aside while it is away or behind",
        optional=True,
    )
    secret_keys: tuple[str, ...] = _setting(
        _keys,
        "Comma-separated keys for the session cookie: the first signs, all verify; 32 characters or more each",
        secret=True,
    )
    site_url: str = _setting(
        _site_url, "The address readers use, without a path; https makes cookies Secure", "http://localhost:8080"
    )
    site_name: str = _setting(_text, "The blog's name", "Inkstone")
    language: str = _setting(_choice("en", "zh"), "The language of the pages around the posts: `en` or `zh`", "en")
    registration: str = _setting(
        _choice("open", "closed"), "Whether anybody may register as a reader (`open`) or nobody (`closed`)", "open"
    )
    session_days: int = _setting(_number(1, 365), "Days until a login expires", "30")
    database_pool_size: int = _setting(_number(1, 1000), "Database connections of one web process at most", "32")
    drain_seconds: int = _setting(
        _number(0, 25), "Seconds for which a process that is stopped sends readers to other replicas first", "0"
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        _networks,
        "Networks whose X-Forwarded-For is believed, comma-separated; a unix socket always is",
        "127.0.0.0/8,::1/128",
    )
    log_format: str = _setting(
        _choice("text", "json"), "What lines of the log are for: people (`text`) or programs (`json`)", "text"
    )
    log_level: str = _setting(
        _choice("debug", "info", "warning", "error", "critical"),
        "The least that is logged: `debug`, `info`, `warning`, `error` or `critical`",
        "info",
    )
    traces_endpoint: str | None = _setting(
        _collector,
        "Where OpenTelemetry traces are sent, as in `http://collector:4318`; without it none are",
        optional=True,
    )
    admin_email: str | None = _setting(
        _text, "With ADMIN_PASSWORD: `inkstone migrate` makes the first administrator", optional=True
    )
    admin_password: str | None = _setting(_text, "See ADMIN_EMAIL; 10 characters or more", optional=True, secret=True)
    development: bool = _setting(
        _switch, "Whether pages load anew when the application has been changed; `make dev` turns it `on`", "off"
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read and check all settings; raises ConfigError for the first that is missing or malformed."""
        settings = cls(**{setting.name: _read(environment, setting.name, setting.metadata) for setting in fields(cls)})
        if settings.development and settings.site_url.startswith("https:"):
            raise ConfigError(
                f"{PREFIX}DEVELOPMENT makes no sense: it is on, and {PREFIX}SITE_URL is a public one (https)."
            )
        return settings

    @classmethod
    def for_logging(cls, environment: Mapping[str, str]) -> tuple[str, str]:
        """The log's form and level alone: what is needed before there is a log to complain in."""
        rules = {setting.name: setting.metadata for setting in fields(cls)}
        form, level = (_read(environment, name, rules[name]) for name in ("log_format", "log_level"))
        return form, level

    @property
    def secrets(self) -> list[str | None]:
        """What must not be seen anywhere."""
        addresses = (self.database_url, self.read_database_url)
        named = (getattr(self, setting.name) for setting in fields(self) if setting.metadata["secret"])
        values = [one for value in named for one in (value if isinstance(value, tuple) else [value])]
        return values + [address.password for address in addresses if address]


def _read(environment: Mapping[str, str], name: str, rules: Mapping[str, Any]) -> Any:
    variable = PREFIX + name.upper()
    value = _raw(environment, variable) or rules["default"]
    if not value:
        if rules["optional"]:
            return None
        raise ConfigError(f"{variable} is not set: set it, or {variable}_FILE. {rules['help']}.")
    try:
        return rules["parse"](value)
    except ValueError as error:
        raise ConfigError(f"{variable} makes no sense: {error}.") from None


def _raw(environment: Mapping[str, str], variable: str) -> str | None:
    """The variable, or the content of the file that VARIABLE_FILE names, as Docker and Kubernetes mount secrets."""
    path = environment.get(f"{variable}_FILE")
    if not path:
        return environment.get(variable)
    if environment.get(variable):
        raise ConfigError(f"{variable} and {variable}_FILE are both set: choose one.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{variable}_FILE can't be read: {error}.") from None
