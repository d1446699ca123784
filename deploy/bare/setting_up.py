"""What makes a bare Debian the host of a blog; may be repeated, and then changes only what is not so already."""

import shlex
from pathlib import Path
from urllib.parse import urlsplit

from deploy.bare import environment, releases
from deploy.bare.layout import (
    CERTIFICATES,
    CURRENT,
    DEPLOYER,
    ENVIRONMENT,
    ETC,
    HOME,
    LIBRARY,
    LOGS,
    PACKAGES,
    RELEASES,
    RUN,
    SERVED,
    SERVICE,
    STATE,
    TRANSFERS,
    USER,
)
from deploy.bare.remote import Host
from deploy.bare.steps import Command, File, Folder, Step, as_root, take
from deploy.native.places import EVERYWHERE, ROOT, number
from deploy.native.problems import ProblemError

FILES = Path(__file__).with_name("files")
KEYS = f"/home/{DEPLOYER}/.ssh/authorized_keys"
DEBIANS = {"12", "13"}


def set_up(host: Host, told: dict[str, str], keys: str) -> None:
    """Prepare a host and, where there is none yet, install the first release."""
    _check_debian(host)
    _check_root(host)
    before = host.look(as_root(host, f"cat {ENVIRONMENT} 2>/dev/null"))
    settings = environment.completed(before, told, host.name, _everywhere(host))
    known = environment.read(settings)
    _check_ports(host, known)
    steps = _steps(settings, _keys(host, keys))
    if "CERTIFICATES" in known:
        steps += _tls(known["INKSTONE_SITE_URL"])
    taken = take(host, steps)
    if host.dry_run:
        if not host.holds(f"test -e {CURRENT}/{SERVED}"):
            host.say("the first release would be installed now, and the service started")
        return
    deployer = host.as_deployer()
    try:
        installed = releases.first(host, deployer)
    finally:
        deployer.close()
    if not taken + installed:
        host.say("nothing to change")
    elif told and not installed:
        host.say("the settings count from the next `fab deploy` on")


def _check_debian(host: Host) -> None:
    name, _, version = host.look(". /etc/os-release && echo $ID $VERSION_ID").partition(" ")
    if name != "debian" or version not in DEBIANS:
        raise ProblemError(
            f"{host.name} is {name or 'no Linux that says what it is'} {version}".rstrip()
            + ": setup knows Debian 12 and 13"
        )
    if not host.holds("command -v systemctl"):
        raise ProblemError(
            f"{host.name} has no systemd, which starts the blog: apt-get install systemd-sysv, and restart it"
        )


def _check_root(host: Host) -> None:
    if not host.holds(as_root(host, "true")):
        user = host.connection.user
        raise ProblemError(
            f"{user} can't become root on {host.name} (sudo without a password): fab -H root@{host.name} setup"
        )


def _check_ports(host: Host, known: dict[str, str]) -> None:
    """Whoever answers there has to be ours already."""
    runs = host.holds(f"systemctl is-active --quiet {SERVICE}")
    ours = environment.read(host.look(as_root(host, f"cat {STATE}/etc/environment"))) if runs else {}
    names = ["PORT", "METRICS_PORT", *(["PLAIN_PORT"] if "CERTIFICATES" in known else [])]
    for name in names:
        port = number(name, known.get(name, ""))
        answers = host.holds(f"bash -c '</dev/tcp/127.0.0.1/{port}' 2>/dev/null")
        if answers and str(port) not in {ours.get(each) for each in names}:
            another = port + (8000 if port < 1024 else 1)
            raise ProblemError(
                f"port {port} is in use on {host.name}: stop what listens there (ss -ltnp shows it), or choose another:"
                f" --set {name}={another}"
            )


def _everywhere(host: Host) -> str:
    """All addresses, of both kinds where the host has both."""
    return EVERYWHERE[host.holds("test -s /proc/net/if_inet6")]


def keys_in(path: Path) -> str:
    """Public keys, one on a line; a private one is refused before it goes anywhere."""
    try:
        text = path.expanduser().read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ProblemError(f"--key {path} can't be read: {error}") from error
    if "PRIVATE KEY" in text or not text.strip():
        raise ProblemError(f"--key {path} is no public key: the file's name ends in .pub")
    return text


def _keys(host: Host, named: str) -> list[Step]:
    """Whose keys are named may deploy, and nobody else; without any, whoever may already, or else may sign in here."""
    if not named and host.holds(as_root(host, f"test -s {KEYS}")):
        return []
    keys = (named or _own_keys(host)).strip()
    return [File(KEYS, f"{DEPLOYER}:{DEPLOYER}", "600", f"{keys}\n", by=DEPLOYER)]


def _own_keys(host: Host) -> str:
    keys = host.look("cat ~/.ssh/authorized_keys 2>/dev/null")
    if not keys:
        raise ProblemError(
            f"{host.connection.user} has no authorized_keys on {host.name} to take over: name a public key, as in"
            " --key ~/.ssh/id_ed25519.pub"
        )
    return keys


def _steps(settings: str, keys: list[Step]) -> list[Step]:
    installer = f"{LIBRARY}/install-packages"
    packages = " ".join(PACKAGES)
    return [
        Folder(LIBRARY, "root:root", "755"),
        File(installer, "root:root", "755", (ROOT / "deploy" / "install-packages.sh").read_text()),
        Command(
            f"installing {packages}",
            f"test {len(PACKAGES)} = "
            f"$(dpkg-query -W -f '${{Status}}\\n' {packages} 2>/dev/null | grep -c 'ok installed')",
            f"{installer} {packages}",
        ),
        Command(
            "keeping Debian's own nginx, which does not run, from starting with the host",
            "! systemctl is-enabled --quiet nginx || systemctl is-active --quiet nginx",
            "systemctl disable --quiet nginx",
        ),
        *_users(),
        Folder(HOME, f"{DEPLOYER}:{DEPLOYER}", "755"),
        Folder(RELEASES, f"{DEPLOYER}:{DEPLOYER}", "755", by=DEPLOYER),
        Folder(STATE, f"{USER}:{USER}", "700"),
        Folder(TRANSFERS, f"{USER}:{USER}", "700", by=USER),
        Folder(LOGS, f"{USER}:{USER}", "750"),
        Folder(ETC, f"root:{USER}", "750"),
        Folder(str(Path(KEYS).parent), f"{DEPLOYER}:{DEPLOYER}", "700", by=DEPLOYER),
        *keys,
        File(ENVIRONMENT, f"root:{USER}", "640", settings),
        File(RUN, "root:root", "755", _file("run")),
        File("/usr/local/bin/inkstone", "root:root", "755", _file("inkstone")),
        File("/etc/sudoers.d/inkstone", "root:root", "440", _file("sudoers"), check="visudo -cqf"),
        File(f"/etc/systemd/system/{SERVICE}", "root:root", "644", _file(SERVICE)),
        Command(
            "having the blog start with the host",
            f"systemctl is-enabled --quiet {SERVICE}"
            f" && test $(systemctl show -p NeedDaemonReload --value {SERVICE}) = no",
            f"systemctl daemon-reload && systemctl enable --quiet {SERVICE}",
        ),
    ]


def _tls(site_url: str) -> list[Step]:
    """nginx won't start without a certificate, and who issues one wants an answer from it: so it begins with any."""
    key, chain = f"{CERTIFICATES}/privkey.pem", f"{CERTIFICATES}/fullchain.pem"
    name = shlex.quote(urlsplit(site_url).hostname or "")
    return [
        Folder(CERTIFICATES, f"root:{USER}", "750"),
        Folder(f"{CERTIFICATES}/webroot", f"root:{USER}", "750"),
        File(f"{LIBRARY}/certificates", "root:root", "755", _file("certificates")),
        Command(
            "making a certificate that nobody has signed, until there is another one",
            f"test -e {key} && test -e {chain}",
            f"(umask 077 && openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={name} -keyout {key}"
            f" -out {chain} 2>/dev/null) && chown root:{USER} {key} {chain} && chmod 640 {key} {chain}",
        ),
    ]


def _users() -> list[Step]:
    # `*` is no password, and unlike `!` no locked account either: a key opens it.
    return [
        Command(
            f"adding the user {USER}, who runs everything",
            f"id -u {USER}",
            f"useradd --system --user-group --home-dir {STATE} --no-create-home --shell /usr/sbin/nologin {USER}",
        ),
        Command(
            f"adding the user {DEPLOYER}, who owns the releases",
            f"id -u {DEPLOYER}",
            f"useradd --create-home --user-group --shell /bin/bash --password '*' {DEPLOYER}",
        ),
    ]


def _file(name: str) -> str:
    return (FILES / name).read_text()
