"""What is to become of prepared posts: decided in the order of the files, whichever of them is stored first."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from inkstone.domain.errors import Invalid
from inkstone.domain.posts import Post
from inkstone.domain.users import Name, Role
from inkstone.importer.preparing import Job, Outcome, Prepared, Refused, Unchanged
from inkstone.importer.report import Report
from inkstone.storage import imports, new_posts, posts, redirects, users
from inkstone.storage.database import Connection, Database
from inkstone.storage.imports import Imported
from inkstone.storage.new_posts import New

# No password has this record: somebody who came with an import can't sign in before an administrator sets one.
_NO_CREDENTIAL = "!"
_NOBODY = "Imported"
_MOST_SLUGS = 100
_NAME = TypeAdapter(Name)


@dataclass(frozen=True, slots=True)
class Addition:
    """A post to be stored for the first time."""

    job: Job
    prepared: Prepared
    new: New
    addresses: list[str]


@dataclass(frozen=True, slots=True)
class Change:
    """A post to be brought up to date; `slug` is None where it stays as it is."""

    job: Job
    prepared: Prepared
    post: Post
    slug: str | None
    addresses: list[str]


@dataclass(slots=True)
class Plan:
    """What is to be stored, and the report that is true once that has been done."""

    report: Report = field(default_factory=Report)
    additions: list[Addition] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


class Planner:
    """Knows whom and which addresses this import has met; a file that fails and comes again gets the same ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._authors: dict[str, str] = {}
        self._slugs: dict[str, str] = {}
        self._addresses: dict[str, str] = {}

    async def plan(self, batch: Sequence[tuple[Job, Outcome]]) -> Plan:
        """Decide on a batch; makes its authors, and changes nothing else. Batches have their turns as they ask."""
        plan = Plan()
        fresh: list[tuple[Job, Prepared]] = []
        async with self._turn, self._database.connection() as db:
            known = await imports.find_many(db, [job.key for job, _ in batch])
            for job, outcome in batch:
                if isinstance(outcome, Unchanged):
                    plan.report.count("unchanged")
                elif isinstance(outcome, Refused):
                    plan.report.skip_post(str(job.path), outcome.reason)
                elif job.key in known:
                    await self._look_again(db, plan, job, outcome, known[job.key])
                else:
                    fresh.append((job, outcome))
            await self._add(db, plan, fresh)
        return plan

    async def _look_again(self, db: Connection, plan: Plan, job: Job, prepared: Prepared, known: Imported) -> None:
        post = await posts.get(db, known.post_id)
        if known.digest == prepared.digest:
            plan.report.count("taken")  # by a transaction whose answer was lost
        elif post.version != known.version:
            plan.report.count("unchanged")
            text = "changed here since it was imported: left alone, although the file has changed as well"
            plan.report.warn(str(job.path), text)
        else:
            keeps_slug = post.slug == prepared.slug or post.slug.startswith(f"{prepared.slug}-")
            slug = None if keeps_slug else prepared.slug
            addresses = self._leading(plan.report, job, prepared, slug or post.slug)
            plan.changes.append(Change(job, prepared, post, slug, addresses))
            plan.report.count("updated")

    async def _add(self, db: Connection, plan: Plan, fresh: Sequence[tuple[Job, Prepared]]) -> None:
        taken = await new_posts.taken(db, [slug for _, prepared in fresh for slug in _first_choices(prepared)])
        for job, prepared in fresh:
            author_id = await self._author(db, plan.report, job, prepared)
            slug = await self._free_slug(db, job, prepared, taken)
            addresses = self._leading(plan.report, job, prepared, slug)
            new = New(slug, author_id, prepared.draft, prepared.rendered, prepared.created)
            plan.additions.append(Addition(job, prepared, new, addresses))
            plan.report.count("taken")

    async def _free_slug(self, db: Connection, job: Job, prepared: Prepared, taken: set[str]) -> str:
        """The slug, else with the year, else with a number: in the order of the files, so always the same."""
        for slug in _first_choices(prepared):
            if self._reserve(slug, job, taken):
                return slug
        numbered = [f"{prepared.slug}-{number}" for number in range(2, _MOST_SLUGS)]
        taken = await new_posts.taken(db, numbered)
        for slug in numbered:
            if self._reserve(slug, job, taken):
                return slug
        raise Invalid({"slug": f"{_MOST_SLUGS} posts already have the address {prepared.slug}."})

    def _reserve(self, slug: str, job: Job, taken: set[str]) -> bool:
        return slug not in taken and self._slugs.setdefault(slug, job.key) == job.key

    def _leading(self, report: Report, job: Job, prepared: Prepared, slug: str) -> list[str]:
        """The old addresses that are to lead to a post; also has the report say what isn't quite right with it."""
        good = []
        for address in prepared.addresses:
            if address == f"post/{slug}":
                continue
            if self._addresses.setdefault(address, job.key) != job.key:
                report.warn(str(job.path), f"the old address /{address} leads to another post of this import")
            elif not redirects.fits(address):
                report.warn(str(job.path), f"the old address is too long to be kept: /{address[:80]}…")
            else:
                good.append(address)
        for warning in prepared.warnings:
            report.warn(str(job.path), warning)
        return good

    async def _author(self, db: Connection, report: Report, job: Job, prepared: Prepared) -> str:
        names = [name for name in map(_proper_name, prepared.authors) if name]
        if len(prepared.authors) > 1:
            first, others = names[0] if names else "the administrator", ", ".join(prepared.authors[1:])
            report.warn(str(job.path), f"a post has one author: {first}, not also {others}")
        name = names[0] if names else ""
        if name not in self._authors:
            self._authors[name] = await (_named(db, name) if name else _administrator(db))
        return self._authors[name]


def _first_choices(prepared: Prepared) -> Iterator[str]:
    yield prepared.slug
    yield f"{prepared.slug}-{prepared.created.year}"


async def _named(db: Connection, name: str) -> str:
    found = await users.find_by_name(db, name)
    if found is None:
        found = await users.insert(db, email=None, name=name, role=Role.AUTHOR, credential=_NO_CREDENTIAL)
    return found.id


async def _administrator(db: Connection) -> str:
    return await imports.find_administrator(db) or await _named(db, _NOBODY)


def _proper_name(name: str) -> str | None:
    try:
        return _NAME.validate_python(name.replace("/", " ")[:50])
    except ValidationError:
        return None
