"""A host whose settings change and whose deployers are cut off: what is in force stays whole"""

from pathlib import Path

import pytest

from tests.native.stacks import wait_for
from tests.stack.machine import Deployer, Machine, held_up, make_key, not_ready_where_it_serves, now, releases, works
from tests.stack.traffic import assert_nobody_noticed, traffic

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

PROGRAMS = "supervisorctl -c /var/lib/inkstone/etc/supervisord.conf status | cut -d' ' -f1"


def setting(deployer: Deployer, *words: str) -> str:
    """Tell the host so; the next deploy puts it in force."""
    return deployer.does("setup", *(part for word in words for part in ("--set", word)), user="root")


def title(blog: Machine) -> str:
    page = blog.ask("/", cookie="inkstone_session=x").body.decode()
    return page.split("<title>")[1].split("</title>")[0]


def test_a_setting_counts_from_the_next_deploy_on(blog: Machine, deployer: Deployer) -> None:
    said = setting(deployer, "INKSTONE_SITE_NAME=Ann's blog")

    assert "the settings count from the next `fab deploy` on" in said
    blog.inside(f"kill -9 {blog.pid('web-1')}")
    wait_for(lambda: works(blog) and blog.pid("web-1"))
    assert title(blog) == "Inkstone"

    deployer.does("deploy")

    assert title(blog) == "Ann&#39;s blog"


def test_a_setting_that_makes_no_sense_is_never_in_force(blog: Machine, deployer: Deployer) -> None:
    before = now(deployer)
    setting(deployer, "INKSTONE_LANGUAGE=latin")

    done = deployer.fab("deploy")

    setting(deployer, "INKSTONE_LANGUAGE=")
    assert done.returncode == 1, done
    assert "INKSTONE_LANGUAGE makes no sense" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("nothing was replaced, and the blog goes on as it was")
    blog.restart()
    wait_for(lambda: works(blog))
    assert now(deployer) == before
    assert title(blog) == "Ann&#39;s blog"


@pytest.mark.parametrize(("groups", "names"), [(1, ["web"]), (3, ["web-1", "web-2", "web-3"]), (2, ["web-1", "web-2"])])
def test_more_groups_and_fewer_without_losing_a_request(
    blog: Machine, deployer: Deployer, groups: int, names: list[str]
) -> None:
    setting(deployer, f"WEB_GROUPS={groups}")

    # Debian's nginx, when it takes a new configuration, closes an idle connection though a request is on its way there.
    with traffic(blog, readers=6, writers=4, pause=0.05, keep_alive=False) as flow:
        deployer.does("deploy")

    running = blog.inside(PROGRAMS).split()
    assert [name for name in running if name.startswith("web")] == names
    assert_nobody_noticed(blog, flow)


def test_an_address_that_nginx_cannot_change_while_it_runs(blog: Machine, deployer: Deployer) -> None:
    setting(deployer, "METRICS_LISTEN=0.0.0.0")

    said = deployer.does("deploy")

    assert "nginx can't take its new configuration while it runs: starting it anew" in said
    # 1F91 is 8081, in the table of sockets that listen (0A).
    assert "00000000:1F91 00000000:0000 0A" in blog.inside("cat /proc/net/tcp")
    assert works(blog)


def test_who_deploys_is_kept_until_somebody_else_is_named(blog: Machine, deployer: Deployer, tmp_path: Path) -> None:
    key = "/home/inkstone-deploy/.ssh/authorized_keys"
    (tmp_path / "keys.pub").write_text(blog.inside(f"cat {key}") + make_key(tmp_path / "other"))

    deployer.does("setup", "--key", str(tmp_path / "keys.pub"), user="root")
    deployer.does("setup", user="root")

    assert blog.inside(f"cat {key}") == (tmp_path / "keys.pub").read_text()


def test_the_blogs_user_leads_root_nowhere(blog: Machine, deployer: Deployer) -> None:
    folder = "/var/lib/inkstone/transfers"
    blog.inside(f"rmdir {folder} && ln -s /etc {folder}", user="inkstone")

    line = deployer.refused("setup", user="root")

    assert f"making the folder {folder} failed" in line
    assert blog.inside("stat -c %U:%a /etc").strip() == "root:755"
    blog.inside(f"rm {folder}", user="inkstone")
    deployer.does("setup", user="root")
    assert blog.inside(f"stat -c %U:%a {folder}").strip() == "inkstone:700"


def test_the_command_line_works_where_a_person_stands(blog: Machine) -> None:
    assert "admin@example.org" in blog.inside("cd /root && inkstone user list")


def test_a_deployer_who_is_gone_leaves_no_unsound_release(blog: Machine, deployer: Deployer) -> None:
    before = now(deployer)
    not_ready_where_it_serves(deployer)

    with traffic(blog, readers=4, writers=4, pause=0.05) as flow:
        with held_up(deployer.begin("deploy"), at="web-1: replacing it"):
            pass
        deployer.take_back()
        log = "/opt/inkstone/take-over.log"
        wait_for(lambda: f"switching to {before}" in blog.inside(f"cat {log}"), lambda: blog.inside(f"cat {log}"), 120)
        # Whoever comes next waits until that is done.
        deployer.does("backup", "--file", str(deployer.folder))

    status = deployer.does("status")
    assert releases(status)[1] == before
    assert status.count(f"{before}, ready") == 2
    assert_nobody_noticed(blog, flow)
