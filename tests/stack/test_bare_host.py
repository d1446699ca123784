"""A bare Debian becomes the host of a blog, by fab: the tests stand in the order in which a host lives through them"""

import tarfile
from pathlib import Path

import pytest

from tests.native.stacks import ROOT, wait_for
from tests.stack.machine import Deployer, Machine, held_up, not_ready_where_it_serves, now, releases, run, works
from tests.stack.traffic import assert_nobody_noticed, traffic

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

APP = "services/web/inkstone/app.py"
MIGRATIONS = "services/web/inkstone/storage/migrations/versions"
BROKEN_IMPORT = '\nraise RuntimeError("planted: this release cannot be imported")\n'
MIGRATION = '''\
"""Planted: a revision that only this release knows."""

revision, down_revision = "{new}", "{old}"


def upgrade() -> None:
    pass
'''


# Set up


def test_the_first_page(blog: Machine) -> None:
    assert blog.ask("/").status == 200
    assert blog.serves("/readyz")
    assert blog.api("GET", "/api/me").json()["role"] == "administrator"


def test_a_second_setup_changes_nothing(blog: Machine, deployer: Deployer) -> None:
    before = blog.pid("web-1"), now(deployer)

    said = deployer.does("setup", user="root")

    assert said.splitlines() == ["127.0.0.1: nothing to change"]
    assert (blog.pid("web-1"), now(deployer)) == before


def test_everything_runs_as_a_user_without_rights(blog: Machine) -> None:
    look = 'test "$(stat -c %U $each)" != inkstone || { cat $each/comm; grep CapEff $each/status; }'
    found = blog.inside(f"for each in /proc/[0-9]*; do {look}; done").split()
    rights = {(program, int(caps, 16)) for program, caps in zip(found[::3], found[2::3], strict=True)}

    # 1 << 10 is CAP_NET_BIND_SERVICE: port 80.
    may, may_not = {"supervisord", "nginx"}, {"mariadbd", "python", "count.sh", "sleep"}
    assert rights == {*((name, 1 << 10) for name in may), *((name, 0) for name in may_not)}


def test_nobody_else_reads_secrets_and_state(blog: Machine) -> None:
    for path in ("/var/lib/inkstone/secrets/secret_keys", "/var/lib/inkstone/mysql", "/etc/inkstone/environment"):
        blog.inside(f"test -e {path}")
        assert "denied" in blog.inside(f"ls {path}/. 2>&1; cat {path} 2>&1", user="nobody", check=False)


def test_the_deployer_steers_these_programs_and_no_others(blog: Machine) -> None:
    assert "RUNNING" in blog.supervisorctl("status")
    for command in ("sudo -n id", "sudo -n systemctl stop ssh", "systemctl stop ssh", "cat /etc/shadow"):
        assert blog.inside(f"{command} && echo may", user="inkstone-deploy", check=False) == "", command
    assert blog.inside("systemctl is-active ssh").strip() == "active"


@pytest.mark.parametrize("program", ["web-1", "web-2", "nginx", "counting", "mysql", "supervisord"])
def test_a_killed_program_comes_back(blog: Machine, program: str) -> None:
    killed = blog.pid(program)
    assert killed

    blog.inside(f"kill -9 {killed}")

    wait_for(lambda: blog.pid(program) not in {0, killed})
    wait_for(lambda: works(blog))


def test_a_restart_of_the_host(blog: Machine) -> None:
    reply = blog.api("POST", "/api/posts", {"name": "Kept", "content": "Kept.", "status": "published", "tags": []})
    assert reply.status == 201, reply

    blog.restart()

    wait_for(lambda: blog.serves("/readyz"))
    assert blog.ask(f"/post/{reply.json()['slug']}").status == 200


def test_a_prometheus_on_the_host_finds_every_group(blog: Machine) -> None:
    blog.inside("apt-get install -y -qq --no-install-recommends prometheus")
    for name, place in (("bare-host.yml", "prometheus.yml"), ("rules.yaml", "rules.yaml")):
        run("docker", "cp", str(ROOT / "observability/prometheus" / name), f"{blog.name}:/etc/prometheus/{place}")

    blog.inside("systemctl restart prometheus")

    def found() -> str:
        return blog.inside("promtool query instant http://127.0.0.1:9090 up", check=False)

    wait_for(lambda: found().count("=> 1 @") == 3, found)
    assert {name for name in ("web-1", "web-2", "127.0.0.1:8081") if f'instance="{name}"' in found()} == {
        *("web-1", "web-2", "127.0.0.1:8081")
    }


# Releases


def test_three_deploys_lose_no_request(blog: Machine, deployer: Deployer) -> None:
    seen = [now(deployer)]

    with traffic(blog, readers=8, writers=6, pause=0.05) as flow:
        for number in range(3):
            if number == 1:
                plant_migration(deployer)
            pids = blog.pid("web-1"), blog.pid("web-2"), blog.pid("nginx")
            deployer.does("deploy")
            seen.append(now(deployer))
            assert blog.pid("web-1") != pids[0]
            assert blog.pid("web-2") != pids[1]
            assert blog.pid("nginx") == pids[2]

    assert len(set(seen)) == 4
    assert_nobody_noticed(blog, flow)


def plant_migration(deployer: Deployer) -> None:
    last = max(path.stem for path in (deployer.clone / MIGRATIONS).glob("[0-9]*.py"))
    new = f"{int(last[:4]) + 1:04}_planted"
    deployer.commit(f"{MIGRATIONS}/{new}.py", "", MIGRATION.format(new=new, old=last))


def test_a_release_that_cannot_be_imported_replaces_nothing(blog: Machine, deployer: Deployer) -> None:
    before = releases(deployer.does("status"))
    pids = blog.pid("web-1"), blog.pid("web-2")
    deployer.commit(APP, "", BROKEN_IMPORT)

    try:
        with traffic(blog, readers=4, writers=4, pause=0.05) as flow:
            done = deployer.fab("deploy")
    finally:
        deployer.take_back()

    assert done.returncode == 1, done
    assert "planted: this release cannot be imported" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("nothing was replaced, and the blog goes on as it was")
    assert (blog.pid("web-1"), blog.pid("web-2")) == pids
    assert releases(deployer.does("status")) == before
    assert_nobody_noticed(blog, flow)


def test_a_release_that_fails_its_check_is_taken_back(blog: Machine, deployer: Deployer) -> None:
    before = now(deployer)
    not_ready_where_it_serves(deployer)

    try:
        with traffic(blog, readers=4, writers=4, pause=0.05) as flow:
            done = deployer.fab("deploy")
    finally:
        deployer.take_back()

    assert done.returncode == 1, done
    assert "planted: not ready here" in done.stdout
    assert done.stderr.splitlines()[-1].endswith(f"is not sound (above: why): {before} serves again")
    status = deployer.does("status")
    assert releases(status)[1] == before
    assert status.count(f"{before}, ready") == 2
    # Nobody goes back to the broken one.
    assert all(release <= before for release in releases(status)[0])
    assert_nobody_noticed(blog, flow)


def test_back_to_the_release_before(blog: Machine, deployer: Deployer) -> None:
    every, current = releases(deployer.does("status"))

    with traffic(blog, readers=4, writers=4, pause=0.05) as flow:
        deployer.does("rollback", "--release", every[0])

    status = deployer.does("status")
    # It is from before the planted revision: an older release works on a newer schema.
    assert releases(status) == (every, every[0])
    assert status.count(f"{every[0]}, ready") == 2
    assert_nobody_noticed(blog, flow)
    deployer.does("rollback")
    assert now(deployer) == current, "what served before, and not the one before by name"
    assert f"{current} serves already" in deployer.refused("rollback", "--release", current)


def test_a_deploy_that_is_cut_short(blog: Machine, deployer: Deployer) -> None:
    before = releases(deployer.does("status"))

    with held_up(deployer.begin("deploy"), at="sending the archive"):
        assert "another deploy is under way" in deployer.refused("deploy")
    cut = deployer.fab("status")

    assert blog.serves("/readyz")
    assert releases(cut.stdout) == before
    assert "never served, or not sound, and swept by the next deploy" in cut.stderr
    assert "sweeping what never served, or was not sound" in deployer.does("deploy")
    after = releases(deployer.does("status"))
    assert after[1] not in before[0]
    assert len(after[0]) <= 5
    assert blog.inside("ls /opt/inkstone/releases").split() == after[0]


def test_a_full_disk(blog: Machine, deployer: Deployer) -> None:
    before = now(deployer)
    blog.inside("mount -t tmpfs -o size=20m,mode=1777 full /tmp")
    try:
        line = deployer.refused("deploy")
    finally:
        blog.inside("umount /tmp")

    assert "the disk of 127.0.0.1 is full: 20 MB free in /tmp, 100 MB needed" in line
    assert "nothing was replaced" in line
    assert now(deployer) == before
    assert blog.serves("/readyz")


def test_a_disk_that_fills_in_the_middle(blog: Machine, deployer: Deployer) -> None:
    """There are 450 MB, and no more than 800 files: less than a release has, so that it is seen on the way only."""
    before = releases(deployer.does("status"))
    folder = "/opt/inkstone/releases"
    blog.inside(
        "mkdir /run/small && mount -t tmpfs -o size=450m,nr_inodes=800 small /run/small"
        " && cd /run/small && mkdir work upper && chown inkstone-deploy: upper"
        f" && mount -t overlay -o lowerdir={folder},upperdir=/run/small/upper,workdir=/run/small/work small {folder}"
    )
    try:
        line = deployer.refused("deploy")
        during = releases(deployer.does("status"))
    finally:
        blog.inside(f"umount {folder} && umount /run/small && rmdir /run/small")

    assert "No space left on device" in line
    assert line.endswith("nothing was replaced, and the blog goes on as it was")
    assert before == during == releases(deployer.does("status"))
    assert works(blog)
    deployer.does("deploy")


@pytest.mark.parametrize("task", ["deploy", "rollback", "status", "logs", "backup"])
def test_a_dry_run_of_any_task(blog: Machine, deployer: Deployer, task: str) -> None:
    def state() -> tuple[str, int, str]:
        files = blog.inside("ls /opt/inkstone/releases /var/lib/inkstone/transfers")
        return now(deployer), blog.pid("web-1"), files

    before = state()

    said = deployer.does(task, "--dry-run")

    assert "would run: " in said
    assert state() == before


def test_logs(blog: Machine, deployer: Deployer) -> None:
    assert "Booting worker" in deployer.does("logs", "--lines", "1000")
    assert "there is no program sshd" in deployer.refused("logs", "--program", "sshd")


# Backups


def test_a_backup_comes_back_on_an_emptied_host(blog: Machine, deployer: Deployer, tmp_path: Path) -> None:
    reply = blog.api("POST", "/api/posts", {"name": "Saved", "content": "Words.", "status": "published", "tags": []})
    assert reply.status == 201, reply
    file = tmp_path / "backup.tar.gz"

    deployer.does("backup", "--file", str(file))

    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as archive:
        assert "manifest.json" in archive.getnames()
    assert "The blog is not empty" in failed(deployer, "restore", "--file", str(file))
    blog.inside("systemctl stop inkstone && rm -rf /var/lib/inkstone /opt/inkstone /var/log/inkstone")
    with held_up(deployer.begin("setup", user="root"), at="making the schema"):
        pass
    password = deployer.does("setup", user="root").split("password ")[1].strip()
    blog.cookie = ""
    assert blog.ask(f"/post/{reply.json()['slug']}", cookie="inkstone_session=x").status == 404

    deployer.does("restore", "--file", str(file))

    assert blog.ask(f"/post/{reply.json()['slug']}", cookie="inkstone_session=x").status == 200
    assert password == blog.secret("admin_password")
    assert blog.inside("ls /var/lib/inkstone/transfers") == ""


def failed(deployer: Deployer, *words: str) -> str:
    done = deployer.fab(*words)
    assert done.returncode == 1, done
    return done.stderr


def test_a_backup_that_is_none(blog: Machine, deployer: Deployer, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    file.write_bytes(b"not at all")

    assert "is no archive of Inkstone" in failed(deployer, "restore", "--file", str(file))
    assert "there is no file /nowhere" in deployer.refused("restore", "--file", "/nowhere")
    assert f"{file} exists already" in deployer.refused("backup", "--file", str(file))


# TLS


def test_tls(blog: Machine, deployer: Deployer) -> None:
    site = blog.inside("grep INKSTONE_SITE_URL /etc/inkstone/environment")
    assert "with TLS readers need an address for it" in deployer.refused("setup", "--tls", user="root")
    assert blog.inside("grep INKSTONE_SITE_URL /etc/inkstone/environment") == site

    deployer.does("setup", "--tls", "--set", "INKSTONE_SITE_URL=https://blog.example.org", user="root")
    deployer.does("deploy")

    reply = blog.ask("/post/hello?q=1")
    assert (reply.status, reply.headers["location"]) == (308, "https://blog.example.org/post/hello?q=1")
    assert blog.tls("/readyz") == "200"
    issued = "cd /root && openssl req -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=issued -keyout privkey.pem -out"
    blog.inside(f"{issued} fullchain.pem 2>/dev/null && RENEWED_LINEAGE=/root /usr/local/lib/inkstone/certificates")
    shown = "openssl s_client -connect 127.0.0.1:443 </dev/null 2>&1 | sed 's/ //g'"  # of different versions
    wait_for(lambda: "CN=issued" in blog.inside(shown, check=False))
