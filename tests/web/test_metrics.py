"""GET /metrics"""

import ast
import subprocess
from pathlib import Path

import pytest

from inkstone.metrics.catalogue import Metrics
from inkstone.web.measuring import UNKNOWN
from inkstone.web.routes import URLS
from tests import servers
from tests.conftest import PASSWORD, Browser, visit
from tests.samples import SAMPLES, Scene
from tests.scraping import Scrape, scrape

STORAGE = Path(__file__).parents[2] / "services/web/inkstone/storage"
REQUESTS = "inkstone_requests_total"
SIGN_INS = "inkstone_sign_ins_total"


async def grown(client: Browser, before: Scrape, name: str, **labels: str) -> float:
    """By how much it has grown since then."""
    return (await scrape(client)).get(name, **labels) - before.get(name, **labels)


def lint(text: str) -> tuple[int, str, str]:
    done = subprocess.run(["promtool", "check", "metrics"], input=text, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


async def test_it_is_prometheus_text_that_nobody_keeps(client: Browser):
    reply = await client.get("/metrics")

    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-store"
    known = {family.name for family in Metrics().families}
    assert {family.name for family in Scrape(reply.text).families.values()} == known


async def test_prometheus_own_linter_finds_nothing(client: Browser, post):
    await client.get("/post/hello")
    text = (await scrape(client)).text

    assert lint(text) == (0, "", "")


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/", {"route": "home", "method": "read", "status": "200"}),
        ("HEAD", "/post/hello", {"route": "post", "method": "read", "status": "200"}),
        ("GET", "/post/none", {"route": "post", "method": "read", "status": "404"}),
        ("POST", "/post/hello", {"route": "post", "method": "write", "status": "401"}),
        ("GET", "/account", {"route": "account", "method": "read", "status": "303"}),
        ("GET", "/api/posts", {"route": "api_posts", "method": "read", "status": "200"}),
        ("PUT", "/api/posts/x", {"route": "api_posts_id", "method": "write", "status": "401"}),
        ("GET", "/healthz", {"route": "healthz", "method": "read", "status": "200"}),
        ("GET", "/nothing/at/all", {"route": UNKNOWN, "method": "read", "status": "404"}),
        ("GET", "/api/nothing", {"route": UNKNOWN, "method": "read", "status": "404"}),
        ("DELETE", "/", {"route": UNKNOWN, "method": "write", "status": "405"}),
    ],
)
async def test_a_request_is_counted_under_its_route(client: Browser, post, method, path, labels):
    before = await scrape(client)

    reply = await client.request(method, path)

    assert str(reply.status) == labels["status"]
    assert await grown(client, before, REQUESTS, **labels) == 1
    timed = {name: labels[name] for name in ("route", "method")}
    assert await grown(client, before, "inkstone_request_duration_seconds_count", **timed) == 1


async def test_no_request_makes_a_label_of_its_own(client: Browser, cast, scene: Scene):
    client.sign_in(cast.ada)
    for address in SAMPLES:
        await scene.play(client, address)
    before = await scrape(client)

    for path in ("/x1", "/post/x2", "/tag/x3", "/api/x4", "/author/x5", "/search?q=x6", "/archive/x7", "/media/x8.png"):
        await client.get(path)

    after = await scrape(client)
    for label in {name for family in Metrics().families for name in family.labels} - {"status"}:
        assert after.values(label) - before.values(label) == set(), label
    others = {route for route in after.values("route") if not route.startswith("api_")} - URLS.keys()
    assert others == {UNKNOWN, "healthz", "readyz", "metrics"}


async def test_queries_are_called_by_the_functions_that_run_them(client: Browser, cast, scene: Scene):
    client.sign_in(cast.ada)
    for address in SAMPLES:
        await scene.play(client, address)

    names = (await scrape(client)).values("query")

    functions = {
        f"{path.stem}.{node.name}"
        for path in STORAGE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert names <= functions
    assert {"posts.find", "users.find", "attempts.count", "database.begin", "database.commit"} <= names


async def test_a_page_is_asked_for_and_rendered_once(client: Browser, post):
    before = await scrape(client)

    await client.get("/post/hello")

    assert await grown(client, before, "inkstone_query_duration_seconds_count") == 1  # it has no comments
    assert await grown(client, before, "inkstone_query_duration_seconds_count", query="posts.find") == 1
    assert await grown(client, before, "inkstone_render_duration_seconds_count", template="posts/show.html") == 1
    assert await grown(client, before, "inkstone_render_duration_seconds_sum", template="posts/show.html") > 0


@pytest.mark.parametrize("path", ["/signin", "/api/authenticate"])
async def test_sign_ins_are_counted_by_how_they_ended(client: Browser, cast, path):
    before = await scrape(client)

    for password in (PASSWORD, *["wrong"] * 6):
        credentials = {"email": "bob@blog.test", "password": password}
        await client.post(path, **({"json": credentials} if path.startswith("/api") else {"data": credentials}))

    outcomes = {name: await grown(client, before, SIGN_INS, outcome=name) for name in ("accepted", "refused", "slowed")}
    assert outcomes == {"accepted": 1, "refused": 5, "slowed": 1}


async def test_a_replica_tells_of_its_pool_and_its_process(client: Browser):
    told = await scrape(client)

    assert told.get("inkstone_pool_size", database="primary") == 8
    assert told.get("inkstone_pool_connections", database="primary") <= 8
    assert told.get("inkstone_database_reachable", database="primary") == 1
    assert told.get("inkstone_processes") == 1
    assert told.get("inkstone_requests_in_flight") == 1
    assert told.get("process_cpu_seconds_total") > 0.1
    assert 20e6 < told.get("process_resident_memory_bytes") < 500e6
    assert 10 < told.get("process_open_fds") < told.get("process_max_fds")
    assert told.get("process_start_time_seconds") > 1.7e9


async def test_a_request_that_waits_for_its_body_is_in_flight(client: Browser, browsers):
    async def body():
        yield b"email="
        told.append(await scrape(client))

    told: list[Scrape] = []

    await browsers().post("/signin", data=body(), headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert told[0].get("inkstone_requests_in_flight") == 2
    assert (await scrape(client)).get("inkstone_requests_in_flight") == 1


async def test_a_database_that_is_away_is_told(database_url: str):
    with servers.gunicorn("mysql://ink@127.0.0.1:1/inkstone") as blog:
        async with visit(blog.wait()) as make:
            client = make()

            assert (await client.get("/")).status == 503

            told = await scrape(client)
    assert told.get("inkstone_database_reachable", database="primary") == 0
    assert told.get(REQUESTS, route="home", status="503") == 1
