"""From a plan to rows."""

from inkstone.importer.planning import Addition, Change, Plan
from inkstone.storage import imports, media, new_posts, posts, redirects
from inkstone.storage.counters import Counters
from inkstone.storage.database import Connection
from inkstone.storage.imports import Imported


async def write(db: Connection, plan: Plan) -> None:
    """Store what is planned, in few statements; raises Duplicate where somebody else was faster. Needs a transaction.

    What several batches may want is taken in one order by all, and late.
    """
    counters = Counters()
    for change in plan.changes:
        await _update(db, change, counters)
    await _insert(db, plan, counters)
    await _store_belongings(db, plan)
    await counters.write(db)


async def _update(db: Connection, change: Change, counters: Counters) -> None:
    prepared, post = change.prepared, change.post
    draft = prepared.draft.model_copy(update={"slug": change.slug})
    await posts.update(db, post, draft, prepared.rendered, version=post.version, counters=counters)
    await imports.update(db, change.job.key, Imported(post.id, prepared.digest, post.version + 1))


async def _insert(db: Connection, plan: Plan, counters: Counters) -> None:
    await new_posts.insert_many(db, [addition.new for addition in plan.additions], counters)
    imported = [(one.job.key, Imported(one.new.id, one.prepared.digest, 1)) for one in plan.additions]
    await imports.insert_many(db, imported)


async def _store_belongings(db: Connection, plan: Plan) -> None:
    """Images and old addresses."""
    stored: list[tuple[Addition | Change, str, str]] = [
        *[(one, one.new.id, one.new.author_id) for one in plan.additions],
        *[(one, one.post.id, one.post.author_id) for one in plan.changes],
    ]
    pictures = [(image, name, owner) for one, _, owner in stored for name, image in one.prepared.pictures]
    await media.insert_many(db, pictures)
    await redirects.insert_many(db, [(address, post_id) for one, post_id, _ in stored for address in one.addresses])
