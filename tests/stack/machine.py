"""A bare machine in a container, and a deployer with a checkout and a key: what `fab` needs."""

import os
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.native.stacks import ROOT, Site, environment, free_port, wait_for
from tests.stack import debian

HEALTH = "services/web/inkstone/web/health.py"
READY, NOT_READY = (
    "        async with request.app[DATABASE].connection() as db:\n            await schema.check(db)\n",
    "        import os\n"
    '        if "web-1" in os.environ.get("INKSTONE_BIND", ""):\n'
    '            raise Unavailable("planted: not ready here")\n'
    "        async with request.app[DATABASE].connection() as db:\n            await schema.check(db)\n",
)
HERE = Path(__file__).with_name("bare")
CA = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
# Longer than a setup takes, which installs Debian packages.
PATIENCE = 900
ASK_BY_TLS = """
import http.client, ssl, sys
connection = http.client.HTTPSConnection("127.0.0.1", context=ssl._create_unverified_context())
connection.request("GET", sys.argv[1])
print(connection.getresponse().status)
"""
Done = subprocess.CompletedProcess[str]


class Machine(Site):
    """A Debian with systemd and sshd, in a container; what runs on it is its own business."""

    def __init__(self, folder: Path, suite: str) -> None:
        port = free_port()
        super().__init__("127.0.0.1", port, f"127.0.0.1:{port}")
        self.name = f"inkstone-bare-{secrets.token_hex(4)}"
        self.folder = folder
        self.suite = suite
        self.ssh_port = free_port()
        self.key = folder / "key"

    def start(self) -> None:
        """Build it, and wait for its sshd."""
        context = self.folder / "image"
        shutil.copytree(HERE, context)
        context.joinpath("authorized_keys").write_text(make_key(self.key))
        told = debian.reaching_packages()
        if CA.exists():
            told |= {"PIP_CERT": "/etc/ssl/certs/testing.crt"}
        shutil.copy(CA, context / "ca.crt") if CA.exists() else context.joinpath("ca.crt").touch()
        set_env = "SetEnv " + " ".join(f'"{name}={value}"' for name, value in told.items()) if told else ""
        context.joinpath("environment.conf").write_text(f"{set_env}\n")
        base = debian.image(self.suite)
        run("docker", "build", "--quiet", "--tag", self.name, "--build-arg", f"DEBIAN={base}", str(context))
        run(
            *("docker", "run", "--detach", "--name", self.name, "--hostname", "blog", "--privileged"),
            *("--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec,mode=1777"),
            *("--publish", f"127.0.0.1:{self.ssh_port}:22", "--publish", f"127.0.0.1:{self.port}:80", self.name),
        )
        self.await_boot()

    def await_boot(self) -> None:
        """Wait until systemd has started what it starts."""
        wait_for(
            lambda: self.inside("systemctl is-system-running", check=False).strip() in {"running", "degraded"},
            lambda: run("docker", "logs", self.name, check=False),
        )
        wait_for(lambda: self.inside("systemctl is-active ssh", check=False).strip() == "active")

    def restart(self) -> None:
        """As a restart of the host: everything ends, and it boots again."""
        run("docker", "restart", "--time=60", self.name)
        self.await_boot()

    def end(self) -> None:
        """Take it away."""
        run("docker", "rm", "--force", "--volumes", self.name, check=False)
        run("docker", "rmi", "--force", self.name, check=False)

    def inside(self, command: str, *, user: str = "root", check: bool = True) -> str:
        """Run a shell's command on it, past sshd."""
        return run("docker", "exec", "--user", user, self.name, "sh", "-c", command, check=check)

    def host_key(self) -> str:
        return self.inside("cat /etc/ssh/ssh_host_ed25519_key.pub").strip()

    def secret(self, name: str) -> str:
        return self.inside(f"cat /var/lib/inkstone/secrets/{name}").strip()

    def tls(self, path: str) -> str:
        """The status of what comes by TLS, asked on the machine itself."""
        return run("docker", "exec", self.name, "python3", "-c", ASK_BY_TLS, path).strip()

    def supervisorctl(self, words: str, user: str = "inkstone-deploy") -> str:
        """As the deployer steers the programs."""
        command = f"sudo -n -u inkstone supervisorctl -c /var/lib/inkstone/etc/supervisord.conf {words}"
        return self.inside(f"cd / && {command}", user=user, check=False)

    def pid(self, program: str) -> int:
        """The process that is looked after under that name; 0 while there is none."""
        if program == "supervisord":
            return int(self.inside("systemctl show --property MainPID --value inkstone"))
        said = self.supervisorctl(f"pid {program}").strip()
        return int(said) if said.isdecimal() else 0


class Deployer:
    """Somebody with a clone of the repository and a key, in whose SSH configuration the machine is called `blog`."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        self.clone = folder / "clone"
        self.known = folder / "known_hosts"
        self.known.write_text(f"[127.0.0.1]:{machine.ssh_port} {machine.host_key()}\n")
        self._checkout()

    def _checkout(self) -> None:
        run("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(self.clone))
        # The tests' own environment and the editor's build, which takes a minute: it is of the same sources.
        (self.clone / ".venv").symlink_to(ROOT / ".venv")
        static = "services/web/inkstone/static"
        shutil.copytree(ROOT / static, self.clone / static)

    def commit(self, path: str, old: str, new: str) -> None:
        """Commit a change of one file."""
        file = self.clone / path
        text = file.read_text() if file.exists() else ""
        assert old in text
        file.write_text(text.replace(old, new, 1) if old else text + new)
        who = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")
        run("git", "-C", str(self.clone), "add", path)
        run("git", "-C", str(self.clone), *who, "commit", "--quiet", "--no-verify", "--message", f"Change {path}")

    def take_back(self) -> None:
        """Forget the last commit."""
        run("git", "-C", str(self.clone), "reset", "--quiet", "--hard", "HEAD~1")

    def fab(self, *words: str, user: str = "", **options: str) -> Done:
        """Run fab against `blog`; `options` are of the SSH configuration, as in Port=…."""
        return subprocess.run(
            self.command(*words, user=user, **options),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def begin(self, *words: str, user: str = "") -> "subprocess.Popen[str]":
        """Start fab, and say nothing more about it."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command(*words, user=user),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        found = environment(HOME=str(self.home), PYTHONUNBUFFERED="1")
        found.pop("SSH_AUTH_SOCK", None)
        return found

    def command(self, *words: str, user: str = "", **options: str) -> list[str]:
        config = self.folder / f"ssh_config-{secrets.token_hex(4)}"
        told = {
            "HostName": "127.0.0.1",
            "Port": str(self.machine.ssh_port),
            "IdentityFile": str(self.machine.key),
            "UserKnownHostsFile": str(self.known),
        }
        config.write_text("Host blog\n" + "".join(f"  {name} {value}\n" for name, value in (told | options).items()))
        fab = [str(ROOT / ".venv/bin/fab"), "--search-root", str(self.clone / "deploy"), "--ssh-config", str(config)]
        return [*fab, "--connect-timeout", "20", "-H", f"{user}@blog" if user else "blog", *words]

    def does(self, *words: str, user: str = "") -> str:
        """The same, and it has to work; what it says."""
        done = self.fab(*words, user=user)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def refused(self, *words: str, user: str = "", **options: str) -> str:
        """The same, and it has to fail as it should: in one line, which begins with our name."""
        done = self.fab(*words, user=user, **options)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
        assert done.returncode == 1, done
        assert "Traceback" not in done.stdout + done.stderr, done
        assert [line for line in lines if line.startswith("inkstone: ")] == lines[-1:], done
        return lines[-1]


def make_key(path: Path) -> str:
    """A key of nobody's; the public part."""
    key = Ed25519PrivateKey.generate()
    kind, nothing = serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, nothing))
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return f"{public.decode()} tester\n"


@contextmanager
def held_up(process: "subprocess.Popen[str]", at: str) -> Iterator[None]:
    """For the block the process stands still where it has said this; then it is killed."""
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if at in line:
            process.send_signal(signal.SIGSTOP)
            break
    assert at in said, said
    try:
        yield
    finally:
        process.kill()
        process.communicate()


def run(*command: str, check: bool = True) -> str:
    """Run any command; what it says on standard output."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=PATIENCE,
    )
    assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def works(blog: Machine) -> bool:
    """Whether the home page comes from the application, and not from nginx's copies."""
    try:
        return blog.serves("/readyz") and blog.ask("/", cookie="inkstone_session=x").status == 200
    except (OSError, HTTPException):
        return False


def not_ready_where_it_serves(deployer: Deployer) -> None:
    """Commit a release that is sound where it is tried."""
    deployer.commit(HEALTH, READY, NOT_READY)


def now(deployer: Deployer) -> str:
    """The current release."""
    return releases(deployer.does("status"))[1]


def releases(status: str) -> tuple[list[str], str]:
    """All releases that `fab status` lists, and the current one."""
    found = re.findall(r"^(\d{8}T\d{6}Z-\w+)(   current)?$", status, re.M)
    return [name for name, _ in found], next((name for name, current in found if current), "")
