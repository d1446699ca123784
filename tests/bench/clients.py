"""Clients of many kinds, each on one connection at a time, for as long as a load lasts."""

import asyncio
import contextlib
import json
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

Client = Callable[["Load", random.Random], Awaitable[None]]

# What a slow connection takes or gives, and how often: nginx hangs up on who is silent for 15 s (header) or 30 s.
_SIP = 4096
_DROP = 64
_BREATH = 0.5
_BUFFER = 4096


@dataclass
class Load:
    """What is asked of a site, by whom, and what came of it: (client, status) -> how often."""

    url: str
    pages: Sequence[str]
    large: str
    commented: str
    cookie: str
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def origin(self) -> dict[str, str]:
        return {"Origin": self.url, "Cookie": self.cookie}


async def keep(load: Load, clients: Sequence[tuple[str, Client, int]]) -> None:
    """Have so many of each kind at work, until cancelled; one that fails is counted and begins again."""
    async with asyncio.TaskGroup() as tasks:
        for name, client, number in clients:
            for seed in range(number):
                tasks.create_task(_keep(load, name, client, random.Random(f"{name}{seed}")))


async def _keep(load: Load, name: str, client: Client, chance: random.Random) -> None:
    await asyncio.sleep(chance.random() * 5)
    while True:
        try:
            await client(load, chance)
        except (OSError, aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError) as error:
            load.answers[name, type(error).__name__] += 1
            await asyncio.sleep(1)


async def reader(load: Load, chance: random.Random) -> None:
    """Read pages on one connection that is kept; one in four is signed in and so past the cache."""
    headers = {"Cookie": load.cookie} if chance.random() < 0.25 else {}
    async with _session(load) as session:
        for _ in range(chance.randrange(20, 200)):
            path = chance.choice(load.pages)
            async with session.get(path, headers={**headers, "Accept-Encoding": "gzip"}) as answer:
                await answer.read()
                load.answers["reader", str(answer.status)] += 1
            await asyncio.sleep(chance.expovariate(1 / 1.5))


async def writer(load: Load, chance: random.Random) -> None:
    """Comment, and save a draft again and again."""
    async with _session(load) as session:
        draft = {"name": "Soak", "content": "It *rains*.\n\n" * 50}
        async with session.post("/api/posts", json=draft, headers=load.origin) as answer:
            address = answer.headers["Location"]
        for number in range(chance.randrange(10, 50)):
            comment = {"content": f"Number {number}: **thank** you."}
            async with session.post(
                f"/api/posts/{load.commented}/comments", json=comment, headers=load.origin
            ) as answer:
                load.answers["writer", str(answer.status)] += 1
            await asyncio.sleep(chance.expovariate(1 / 3))
            matched = {**load.origin, "If-Match": "*"}
            async with session.put(address, json={**draft, "summary": str(number)}, headers=matched) as answer:
                load.answers["writer", str(answer.status)] += 1
            await asyncio.sleep(chance.expovariate(1 / 3))
        async with session.delete(address, headers=load.origin) as answer:
            load.answers["writer", str(answer.status)] += 1


async def slow_reader(load: Load, chance: random.Random) -> None:
    """Take a large page in sips, with hardly any buffer on this side; half of them past the cache."""
    cookie = f"Cookie: {load.cookie}\r\n" if chance.random() < 0.5 else ""
    async with _connection(load) as (stream, writer):
        writer.write(f"GET {load.large} HTTP/1.1\r\nHost: {_host(load)}\r\n{cookie}Connection: close\r\n\r\n".encode())
        status = await _status(stream)
        await _sip(stream, chance)
    load.answers["slow reader", status] += 1


async def _status(stream: asyncio.StreamReader) -> str:
    line = await stream.readline()
    if not line:
        raise ConnectionResetError("hung up on")
    return line.split()[1].decode()


async def _sip(stream: asyncio.StreamReader, chance: random.Random) -> None:
    more = True
    while more:
        more = await stream.read(_SIP) != b""
        await asyncio.sleep(_BREATH * chance.random())


async def slow_header(load: Load, chance: random.Random) -> None:
    """Send the lines of a request one by one."""
    lines = [f"GET {chance.choice(load.pages)} HTTP/1.1", f"Host: {_host(load)}", "Connection: close"]
    lines += [f"X-Slow-{number}: {'x' * 20}" for number in range(chance.randrange(2, 9))]
    await _drip(load, "slow header", [f"{line}\r\n".encode() for line in lines] + [b"\r\n"], chance)


async def slow_body(load: Load, chance: random.Random) -> None:
    """Send a comment a few bytes at a time."""
    body = json.dumps({"content": "Slow and *steady*. " * chance.randrange(20, 60)}).encode()
    head = (
        f"POST /api/posts/{load.commented}/comments HTTP/1.1\r\nHost: {_host(load)}\r\nOrigin: {load.url}\r\n"
        f"Cookie: {load.cookie}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    drops = [body[start : start + _DROP] for start in range(0, len(body), _DROP)]
    await _drip(load, "slow body", [head.encode(), *drops], chance)


async def _drip(load: Load, name: str, drops: Sequence[bytes], chance: random.Random) -> None:
    async with _connection(load) as (stream, writer):
        for drop in drops:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(2 * _BREATH * chance.random())
        status = await _status(stream)
        while await stream.read(65536):
            pass
    load.answers[name, status] += 1


@contextlib.asynccontextmanager
async def _connection(load: Load) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A raw connection that takes little at a time."""
    parts = urlsplit(load.url)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (parts.hostname, parts.port))
    stream, writer = await asyncio.open_connection(sock=raw, limit=_SIP)
    try:
        yield stream, writer
    finally:
        writer.close()


def _session(load: Load) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        load.url,
        connector=aiohttp.TCPConnector(limit=1),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=60),
    )


def _host(load: Load) -> str:
    return urlsplit(load.url).netloc
