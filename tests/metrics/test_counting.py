"""services/nginx/count.sh, beside a real nginx that writes what it adds up"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.native.render import render
from tests.native.stacks import ROOT, Site, free_port, wait_for
from tests.scraping import Scrape

NGINX = ROOT / "services/nginx"
ANSWERS = "inkstone_answers_total"
CONFIGURATION = """
daemon off; pid nginx.pid; worker_processes 2; error_log stderr warn; {user}
events {{ }}
http {{
  client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
  include counting.conf;
  server {{
    listen 127.0.0.1:{port};
    location / {{ return 200; }}
    location /gone {{ return 410; }}
  }}
}}
"""


class Counting:
    """An nginx with the blog's way of counting, and who adds up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "counting"
        self.folder.mkdir()
        self.pid = folder / "nginx.pid"
        self.site, self.metrics = (Site("127.0.0.1", free_port(), "localhost") for _ in range(2))
        values = {"NGINX_COUNTING": str(self.folder), "NGINX_METRICS_LISTEN": f"127.0.0.1:{self.metrics.port}"}
        (folder / "counting.conf").write_text(render(NGINX / "counting.conf.template", values))
        root = subprocess.run(["id", "-u"], check=True, capture_output=True, text=True).stdout == "0\n"
        (folder / "nginx.conf").write_text(CONFIGURATION.format(port=self.site.port, user="user root;" if root else ""))
        self.nginx = ["nginx", "-e", "stderr", "-p", f"{folder}/", "-c", "nginx.conf"]

    def ask(self, path: str, times: int) -> None:
        for _ in range(times):
            self.site.ask(path)

    def told(self) -> Scrape:
        reply = self.metrics.ask("/metrics")
        assert reply.status == 200
        assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Scrape(reply.body.decode())

    @contextmanager
    def counter(self) -> Iterator[None]:
        """Who adds up, ten times a second."""
        with subprocess.Popen([NGINX / "count.sh", self.folder, self.pid, "0.1"]) as process:
            try:
                yield
            finally:
                process.terminate()


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[Counting]:
    counting = Counting(tmp_path)
    with subprocess.Popen(counting.nginx) as nginx:
        try:
            with counting.counter():
                wait_for(lambda: counting.metrics.serves("/metrics"))
            yield counting
        finally:
            nginx.terminate()


def test_every_answer_is_counted_once_however_often_files_change(counting: Counting) -> None:
    with counting.counter():
        for wave in (1, 2, 3):
            counting.ask("/", 500)
            counting.ask("/gone", 7)
            wait_for(lambda wave=wave: counting.told().get(ANSWERS) >= 507 * wave, lambda: counting.told().text)

    assert counting.told().get(ANSWERS, cache="none", status="200") == 1500
    assert counting.told().get(ANSWERS, cache="none", status="410") == 21
    assert counting.told().get(ANSWERS) == 1521


def test_who_comes_back_counts_on(counting: Counting) -> None:
    with counting.counter():
        counting.ask("/", 5)
        wait_for(lambda: counting.told().get(ANSWERS) == 5)
    counting.ask("/", 3)

    with counting.counter():
        wait_for(lambda: counting.told().get(ANSWERS) == 8)


def test_who_was_ended_before_nginx_knew_loses_nothing(counting: Counting) -> None:
    counting.ask("/", 5)
    wait_for(lambda: (counting.folder / "answers").stat().st_size == 5 * len("- 200\n"))
    (counting.folder / "answers").rename(counting.folder / "taken")
    counting.ask("/", 3)

    with counting.counter():
        wait_for(lambda: counting.told().get(ANSWERS) == 8, lambda: counting.told().text)
        counting.ask("/", 2)
        wait_for(lambda: counting.told().get(ANSWERS) == 10)


def test_who_was_ended_while_adding_counts_nothing_twice(counting: Counting) -> None:
    (counting.folder / "metrics").rename(counting.folder / "metrics.new")
    text = (counting.folder / "metrics.new").read_text()
    (counting.folder / "metrics").write_text(text)
    (counting.folder / "metrics.new").write_text(text.replace('"none",status="200"} 0', '"none",status="200"} 7'))

    with counting.counter():
        wait_for(lambda: counting.told().get(ANSWERS) == 7)


def test_every_part_of_the_cache_is_told_of_and_what_was_cut_off_is_left_out(counting: Counting) -> None:
    lines = ["HIT 200", "HIT 200", "HIT 304", "UPDATING 200", "REVALIDATED 200", "BYPASS 201", "- 499"]
    (counting.folder / "taken").write_text("\n".join([*lines, "HIT 20"]))

    with counting.counter():
        wait_for(lambda: counting.told().get(ANSWERS) == len(lines))

    told = counting.told()
    assert told.get(ANSWERS, cache="hit", status="200") == 2
    assert told.get(ANSWERS, cache="none", status="499") == 1
    parts = {"hit", "miss", "expired", "stale", "updating", "revalidated", "bypass", "none"}
    assert told.values("cache") == parts
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=told.text, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
