"""From prepared posts to rows."""

from collections.abc import Iterator, Sequence
from itertools import count, islice

from pydantic import TypeAdapter, ValidationError

from inkstone.domain.errors import Invalid
from inkstone.domain.posts import Post
from inkstone.domain.users import Name, Role
from inkstone.importer.preparing import Job, Outcome, Prepared, Refused, Unchanged
from inkstone.importer.report import Report
from inkstone.storage import imports, media, posts, redirects, users
from inkstone.storage.database import Connection
from inkstone.storage.imports import Imported

# No password has this record: somebody who came with an import can't sign in before an administrator sets one.
_NO_CREDENTIAL = "!"
_NOBODY = "Imported"
_MOST_SLUGS = 100
_NAME = TypeAdapter(Name)


class Writer:
    """Stores posts, and remembers whom and which addresses it has met."""

    def __init__(self) -> None:
        self._authors: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._is_sure = True

    async def write(self, db: Connection, batch: Sequence[tuple[Job, Outcome]]) -> Report:
        """Store a batch; the report that it answers is true once the transaction is committed."""
        report = Report()
        for job, outcome in batch:
            if isinstance(outcome, Unchanged):
                report.count("unchanged")
            elif isinstance(outcome, Refused):
                report.skip_post(str(job.path), outcome.reason)
            else:
                writing = _Writing(db, job, outcome, report, self._authors, self._addresses)
                await (writing.insert() if job.known_digest is None and self._is_sure else writing.store())
        return report

    def forget(self) -> None:
        """What was remembered may never have been stored, and what isn't known may have been."""
        self._is_sure = False
        self._authors.clear()
        self._addresses.clear()


class _Writing:
    """One post on its way into the database."""

    def __init__(
        self,
        db: Connection,
        job: Job,
        prepared: Prepared,
        report: Report,
        authors: dict[str, str],
        addresses: dict[str, str],
    ) -> None:
        self._db = db
        self._job = job
        self._prepared = prepared
        self._report = report
        self._authors = authors
        self._addresses = addresses

    async def store(self) -> None:
        """Insert or update the post, or leave it alone: as what the database knows of its file says."""
        known = await imports.find(self._db, self._job.key)
        if known is None:
            await self.insert()
            return
        post = await posts.get(self._db, known.post_id)
        if known.digest == self._prepared.digest:
            self._report.count("taken")  # by a transaction whose answer was lost
        elif post.version != known.version:
            self._report.count("unchanged")
            self._warn("changed here since it was imported: left alone, although the file has changed as well")
        else:
            await self._update(post)

    async def insert(self) -> None:
        """Store the post of a file that was never imported; raises Duplicate where another import is faster."""
        author_id = await self._author()
        post_id, slug = await self._insert_at_free_slug(author_id)
        await imports.insert(self._db, self._job.key, Imported(post_id, self._prepared.digest, 1))
        await self._store_belongings(post_id, slug, author_id)
        self._report.count("taken")

    async def _insert_at_free_slug(self, author_id: str) -> tuple[str, str]:
        prepared = self._prepared
        for slug in islice(self._slugs(), _MOST_SLUGS):
            draft = prepared.draft.model_copy(update={"slug": slug})
            try:
                post_id = await posts.insert(self._db, author_id, draft, prepared.rendered, created=prepared.created)
            except Invalid as error:
                if "slug" not in error.errors:
                    raise
            else:
                return post_id, slug
        raise Invalid({"slug": f"{_MOST_SLUGS} posts already have the address {prepared.slug}."})

    def _slugs(self) -> Iterator[str]:
        """The slug, else with the year, else with a number: in the order of the files, so always the same."""
        slug = self._prepared.slug
        yield slug
        yield f"{slug}-{self._prepared.created.year}"
        yield from (f"{slug}-{number}" for number in count(2))

    async def _update(self, post: Post) -> None:
        prepared = self._prepared
        keeps_slug = post.slug == prepared.slug or post.slug.startswith(f"{prepared.slug}-")
        draft = prepared.draft.model_copy(update={"slug": None if keeps_slug else prepared.slug})
        await posts.update(self._db, post, draft, prepared.rendered, version=post.version)
        await imports.update(self._db, self._job.key, Imported(post.id, prepared.digest, post.version + 1))
        await self._store_belongings(post.id, draft.slug or post.slug, post.author_id)
        self._report.count("updated")

    async def _store_belongings(self, post_id: str, slug: str, owner_id: str) -> None:
        for name, picture in self._prepared.pictures:
            await media.insert(self._db, picture, name=name, owner_id=owner_id)
        for address in self._prepared.addresses:
            if address != f"post/{slug}":
                await self._lead(address, post_id)
        for warning in self._prepared.warnings:
            self._warn(warning)

    async def _lead(self, address: str, post_id: str) -> None:
        if self._addresses.setdefault(address, post_id) != post_id:
            self._warn(f"the old address /{address} leads to another post of this import")
        elif not await redirects.insert(self._db, address, post_id):
            self._warn(f"the old address is too long to be kept: /{address[:80]}…")

    async def _author(self) -> str:
        names = [name for name in map(_proper_name, self._prepared.authors) if name]
        if len(self._prepared.authors) > 1:
            self._warn(
                f"a post has one author: {names[0] if names else 'the administrator'}, not also "
                f"{', '.join(self._prepared.authors[1:])}"
            )
        name = names[0] if names else ""
        if name not in self._authors:
            self._authors[name] = await (self._named(name) if name else self._administrator())
        return self._authors[name]

    async def _named(self, name: str) -> str:
        found = await users.find_by_name(self._db, name)
        if found is None:
            found = await users.insert(self._db, email=None, name=name, role=Role.AUTHOR, credential=_NO_CREDENTIAL)
        return found.id

    async def _administrator(self) -> str:
        return await imports.find_administrator(self._db) or await self._named(_NOBODY)

    def _warn(self, text: str) -> None:
        self._report.warn(str(self._job.path), text)


def _proper_name(name: str) -> str | None:
    try:
        return _NAME.validate_python(name.replace("/", " ")[:50])
    except ValidationError:
        return None
