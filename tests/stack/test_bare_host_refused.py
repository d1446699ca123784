"""fab against a host that is not there, or not set up: one line each, and nothing is changed"""

from pathlib import Path

import pytest

from tests.native.stacks import free_port, wait_for
from tests.stack.machine import Deployer, Machine, make_key

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]


def test_a_host_that_is_not_there(deployer: Deployer) -> None:
    line = deployer.refused("setup", user="root", Port=str(free_port()))

    assert "can't be reached at port" in line
    assert "no host" in deployer.refused("setup", user="root", HostName="blog.invalid")


def test_a_host_whose_key_nobody_knows(deployer: Deployer, tmp_path: Path) -> None:
    empty = tmp_path / "known"
    empty.touch()

    line = deployer.refused("setup", user="root", UserKnownHostsFile=str(empty))

    assert "the key of 127.0.0.1 is not known yet" in line
    assert f"ssh -p {deployer.machine.ssh_port} root@" in line


def test_a_host_that_shows_another_key(deployer: Deployer, tmp_path: Path) -> None:
    other = tmp_path / "known"
    other.write_text(f"[127.0.0.1]:{deployer.machine.ssh_port} {make_key(tmp_path / 'key')}")

    line = deployer.refused("setup", user="root", UserKnownHostsFile=str(other))

    assert "shows another key than the one you know" in line
    assert "ssh-keygen -R" in line


def test_a_key_that_opens_nothing(deployer: Deployer, tmp_path: Path) -> None:
    make_key(tmp_path / "key")

    line = deployer.refused("setup", user="root", IdentityFile=str(tmp_path / "key"))

    assert "takes no key of yours for the user root" in line


def test_a_host_without_setup(machine: Machine, deployer: Deployer) -> None:
    line = deployer.refused("deploy")

    assert "run `fab -H root@127.0.0.1 setup` first" in line


def test_a_port_that_somebody_else_has(machine: Machine, deployer: Deployer) -> None:
    listen = "use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 5); sleep 600"
    machine.inside(f"nohup perl -e '{listen}' >/dev/null 2>&1 & echo $! >/run/listener")
    try:
        wait_for(lambda: ":0050 00000000:0000 0A" in machine.inside("cat /proc/net/tcp"))  # port 80 listens
        line = deployer.refused("setup", user="root")
    finally:
        machine.inside("kill $(cat /run/listener)")

    assert "port 80 is in use" in line
    assert machine.inside("ls /opt /etc/inkstone", check=False).strip() == "/opt:"


def test_a_host_that_is_no_debian(machine: Machine, deployer: Deployer) -> None:
    machine.inside("cp /etc/os-release /run/os-release && sed -i 's/^ID=.*/ID=ubuntu/' /etc/os-release")
    try:
        line = deployer.refused("setup", user="root")
    finally:
        machine.inside("cat /run/os-release >/etc/os-release")

    assert "setup knows Debian 12 and 13" in line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", "PORT=eighty"], "PORT makes no sense: eighty is not a whole number"),
        (["--set", "site url"], "--set site url makes no sense"),
        (["--key", "/nowhere.pub"], "--key /nowhere.pub can't be read"),
    ],
)
def test_what_is_typed_wrongly(deployer: Deployer, words: list[str], told: str) -> None:
    assert told in deployer.refused("setup", *words, user="root")


def test_a_dry_run_changes_nothing(machine: Machine, deployer: Deployer) -> None:
    said = deployer.does("setup", "--dry-run", user="root")

    assert "would run: " in said
    assert "mariadb-server-core" in said
    made = "/opt/inkstone /home/inkstone-deploy /usr/local/lib/inkstone /usr/local/bin/inkstone /etc/inkstone"
    more = "/etc/sudoers.d/inkstone /var/lib/inkstone /var/log/inkstone /usr/sbin/mariadbd /usr/sbin/nginx"
    assert machine.inside(f"ls -d {made} {more}", check=False) == ""
    assert "inkstone" not in machine.inside("cat /etc/passwd")
