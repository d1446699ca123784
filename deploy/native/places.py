"""Where everything lies: the checkout, and the state under VAR."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from deploy.native.problems import ProblemError

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"

SOCKET_PATH_LIMIT = 107
# Supervisor first makes its socket under a name with its process id at the end.
LONGEST_SOCKET = "run/supervisor.sock.4194304"
# These paths go into the configuration of four programs: what any of them would take for syntax is refused.
SAFE_PATH = re.compile(r"[\w./+@,:= -]+")

# All of this machine's addresses; by the second of both kinds.
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - a blog is for everybody, where somebody says so
# The default, the least and the most of each number that may be told.
NUMBERS = {
    "PORT": (8080, 1, 65535),
    "PLAIN_PORT": (80, 1, 65535),
    "METRICS_PORT": (0, 0, 65535),
    "WEB_GROUPS": (1, 1, 9),
}


@dataclass(frozen=True)
class Places:
    """One stack: its state's folder and its address."""

    var: Path
    listen: str
    port: int
    # More than one where a deploy replaces them in turn, so that no request is lost.
    groups: int = 1
    logs: Path | None = None
    # Where TLS is spoken: a folder with fullchain.pem and privkey.pem, and where plain HTTP leads there.
    certificates: Path | None = None
    plain_port: int = 0
    # Where Prometheus asks; nobody counts for it where the port is 0.
    metrics_listen: str = "127.0.0.1"
    metrics_port: int = 0
    # On a host a release prepares its configuration beside the one that is in force.
    draft_name: str = "etc"

    @classmethod
    def from_environment(cls) -> "Places":
        """Read VAR, LISTEN, PORT and the like from the environment; more where the blog has a host of its own."""
        # Not resolved: a link may stand in for a path too long for a socket.
        var = Path(os.path.abspath(os.environ.get("VAR") or ROOT / "var"))  # noqa: PTH100 - as the comment says
        logs, certificates = os.environ.get("LOGS"), os.environ.get("CERTIFICATES")
        return cls(
            var,
            os.environ.get("LISTEN") or "127.0.0.1",
            number("PORT", os.environ.get("PORT", "")),
            groups=number("WEB_GROUPS", os.environ.get("WEB_GROUPS", "")),
            logs=Path(logs) if logs else None,
            certificates=Path(certificates) if certificates else None,
            plain_port=number("PLAIN_PORT", os.environ.get("PLAIN_PORT", "")),
            metrics_listen=os.environ.get("METRICS_LISTEN") or "127.0.0.1",
            metrics_port=number("METRICS_PORT", os.environ.get("METRICS_PORT", "")),
        )

    @property
    def etc(self) -> Path:
        """Rendered configuration that is in force; written anew at every start, or by every deploy."""
        return self.var / "etc"

    @property
    def draft(self) -> Path:
        """Where configuration is written, and read by what tries it: `etc` itself, but for a host."""
        return self.var / self.draft_name

    @property
    def log(self) -> Path:
        """What the programs write, rotated by Supervisor."""
        return self.logs or self.var / "log"

    @property
    def run(self) -> Path:
        """Sockets, process ids and the lock of the running stack."""
        return self.var / "run"

    @property
    def secrets(self) -> Path:
        """Passwords and keys, made at the first start."""
        return self.var / "secrets"

    @property
    def data(self) -> Path:
        """The database server's files."""
        return self.var / "mysql"

    @property
    def cache(self) -> Path:
        """nginx's copies and temporary files; may be removed while nothing runs."""
        return self.var / "cache"

    @property
    def counting(self) -> Path:
        """Where nginx's answers are counted (services/nginx/count.sh)."""
        return self.run / "counting"

    @property
    def nginx_pid(self) -> Path:
        """The process id of nginx's master."""
        return self.run / "nginx.pid"

    @property
    def mysql_socket(self) -> Path:
        """Where the private database server listens."""
        return self.run / "mysql.sock"

    @property
    def web_sockets(self) -> dict[str, Path]:
        """The groups of web workers by the names of their programs, and where the gunicorn of each listens."""
        names = ["web"] if self.groups == 1 else [f"web-{number + 1}" for number in range(self.groups)]
        return {name: self.run / f"{name}.sock" for name in names}

    @property
    def web_socket(self) -> Path:
        """Where gunicorn listens; the first, where there are several."""
        return next(iter(self.web_sockets.values()))

    @property
    def address(self) -> str:
        """The host and port to connect to from this machine."""
        host = "127.0.0.1" if self.listen in EVERYWHERE else self.listen
        return f"{bracketed(host)}:{self.port}"

    @property
    def url(self) -> str:
        """The address a person opens."""
        return f"http{'s' if self.certificates else ''}://{self.address}/"

    def check(self) -> None:
        """Refuse a VAR that some program could not work with."""
        if not SAFE_PATH.fullmatch(str(self.var)):
            raise ProblemError(f"VAR has a character that configuration files give a meaning: {self.var}")
        longest = len(os.fsencode(self.var / LONGEST_SOCKET))
        if longest > SOCKET_PATH_LIMIT:
            raise ProblemError(f"VAR is {longest - SOCKET_PATH_LIMIT} bytes too long for a unix socket: {self.var}")

    def make(self) -> None:
        """Create the folders; nobody else may look into them."""
        try:
            for folder in (self.var, self.draft, self.log, self.run, self.secrets, self.cache, self.counting):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            writable = os.access(self.run, os.W_OK)
        except OSError as error:
            raise ProblemError(f"VAR cannot be used: {error.strerror}: {error.filename}") from error
        if not writable:
            raise ProblemError(f"VAR belongs to another user: {self.var} (run as that user, or choose another VAR)")


def bracketed(host: str) -> str:
    """An IPv6 address as URLs and nginx want it."""
    return f"[{host}]" if ":" in host else host


def number(name: str, text: str) -> int:
    """One of NUMBERS as it was told, or its default where nothing was."""
    default, least, most = NUMBERS[name]
    if not text:
        return default
    if text.isdecimal() and least <= int(text) <= most:
        return int(text)
    raise ProblemError(f"{name} makes no sense: {text} is not a whole number from {least} to {most}")
