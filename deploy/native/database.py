"""The private MariaDB: its files, its configuration, and the two users the application has."""

import getpass
import os
import shutil
import subprocess

from deploy.native import keyring
from deploy.native.places import ROOT, Places
from deploy.native.problems import ProblemError

SHARED = ROOT / "services" / "mysql" / "inkstone.cnf"

# Run by the server itself at every start, so that a lost grant or a changed password heals.
INIT = """\
CREATE DATABASE IF NOT EXISTS inkstone;
CREATE USER IF NOT EXISTS inkstone_web@localhost;
ALTER USER inkstone_web@localhost IDENTIFIED BY '{web}';
GRANT SELECT, INSERT, UPDATE, DELETE ON inkstone.* TO inkstone_web@localhost;
CREATE USER IF NOT EXISTS inkstone_migrate@localhost;
ALTER USER inkstone_migrate@localhost IDENTIFIED BY '{migrate}';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, LOCK TABLES ON inkstone.* \
TO inkstone_migrate@localhost;
"""

NATIVE = """
[mariadbd]
datadir = {var}/mysql
socket = {var}/run/mysql.sock
pid-file = {var}/run/mysql.pid
tmpdir = {var}/tmp
init-file = {var}/secrets/init.sql
# The socket is the only way in.
skip-networking
skip-log-bin
innodb-log-file-size = 64M
{user}
"""


def prepare(places: Places) -> None:
    """Write the server's configuration, and make its files at the first start."""
    (places.var / "tmp").mkdir(mode=0o700, exist_ok=True)
    user = f"user = {getpass.getuser()}" if os.geteuid() == 0 else ""
    configuration = places.draft / "mysql.cnf"
    configuration.write_text(SHARED.read_text() + NATIVE.format(var=places.var, user=user))
    init = INIT.format(web=keyring.read(places, "web_password"), migrate=keyring.read(places, "migrate_password"))
    keyring.write(places, "init.sql", init)
    if not places.data.exists():
        _make_files(places)


def _make_files(places: Places) -> None:
    print("Making the database …", flush=True)
    # Renamed when complete: a first start that was cut short begins again.
    unfinished = places.var / "mysql.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [
        "mariadb-install-db",
        "--no-defaults",
        f"--datadir={unfinished}",
        f"--tmpdir={places.var / 'tmp'}",  # a server that starts clears away what others have in the same one
        "--skip-test-db",
        "--skip-name-resolve",
        "--auth-root-authentication-method=socket",
        f"--auth-root-socket-user={getpass.getuser()}",
        "--innodb-log-file-size=64M",
    ]
    if os.geteuid() == 0:
        command.append("--user=root")
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL
    )
    (places.log / "mysql-install.log").write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        raise ProblemError(f"the database could not be made: {reason(done.stdout + done.stderr)}")
    unfinished.rename(places.data)


def reason(text: str) -> str:
    """The line of MariaDB's log that says why."""
    errors = [line.partition("[ERROR] ")[2] for line in text.splitlines() if "[ERROR] " in line]
    space = [line for line in errors if "No space left" in line or "rrcode: 28" in line or "error number 28" in line]
    if space:
        return f"no space left on the disk ({space[0]})"
    return (errors or text.split("\n")[-2:])[0].strip() or "it gave no reason"
