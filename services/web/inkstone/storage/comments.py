"""SQL about comments; a post's count of approved ones is kept in the same transaction."""

from inkstone.domain.comments import Comment, CommentStatus, first_status
from inkstone.domain.errors import NotFound
from inkstone.domain.posts import Teaser
from inkstone.domain.users import User
from inkstone.storage import clock, ids
from inkstone.storage.database import Connection, Row, Value

# STRAIGHT_JOIN, so that a list of comments is read in order: the optimiser would begin with all posts, and sort.
# FORCE INDEX, so that a list goes on at its cursor: as in posts.py.
_SELECT = """
    SELECT c.id, c.post_id, p.slug, p.name, c.post_author_id, c.author_id, COALESCE(u.name, ''),
           c.content, c.html, c.status, c.created_at
    FROM comments c {hint}
    STRAIGHT_JOIN posts p ON p.id = c.post_id
    LEFT JOIN users u ON u.id = c.author_id
"""
_BY_KEY = _SELECT.format(hint="")
_BY_POST = _SELECT.format(hint="FORCE INDEX (comments_post)")
_BY_STATUS = _SELECT.format(hint="FORCE INDEX (comments_status)")
_BY_POST_AUTHOR = _SELECT.format(hint="FORCE INDEX (comments_post_author)")


def _comment(row: Row) -> Comment:
    return Comment(
        id=row[0],
        post_id=row[1],
        post_slug=row[2],
        post_name=row[3],
        post_author_id=row[4],
        author_id=row[5],
        author_name=row[6],
        content=row[7],
        html=row[8],
        status=CommentStatus(row[9]),
        created_at=row[10],
    )


async def get(db: Connection, comment_id: str) -> Comment:
    row = await db.one(_BY_KEY + "WHERE c.id = %s", comment_id)
    if row is None:
        raise NotFound("There is no such comment.")
    return _comment(row)


async def oldest(db: Connection, post_id: str, *, limit: int, after: str = "") -> list[Comment]:
    """A post's approved comments in the order in which they were written, from behind the id `after`."""
    rows = await db.all(
        _BY_POST + "WHERE c.post_id = %s AND c.status = %s AND c.id > %s ORDER BY c.id LIMIT %s",
        post_id, CommentStatus.APPROVED, after, limit,
    )  # fmt: skip
    return [_comment(row) for row in rows]


async def newest(
    db: Connection, *, status: CommentStatus, limit: int, before: str | None, post_author_id: str | None
) -> list[Comment]:
    """Comments of one status, newest first; those below one author's posts, or all."""
    values: list[Value] = [status, before or "g"]
    sql = _BY_STATUS + "WHERE c.status = %s AND c.id < %s"
    if post_author_id:
        sql = _BY_POST_AUTHOR + "WHERE c.status = %s AND c.id < %s AND c.post_author_id = %s"
        values.append(post_author_id)
    return [_comment(row) for row in await db.all(sql + " ORDER BY c.id DESC LIMIT %s", *values, limit)]


async def insert(db: Connection, post: Teaser, author: User, content: str, html: str) -> Comment:
    """Store a comment, held or approved as the author deserves, and answer it. Run it in a transaction."""
    known = await db.one(
        "SELECT 1 FROM comments WHERE author_id = %s AND status = %s LIMIT 1", author.id, CommentStatus.APPROVED
    )
    comment = Comment(
        id=ids.new(),
        post_id=post.id,
        post_slug=post.slug,
        post_name=post.name,
        post_author_id=post.author_id,
        author_id=author.id,
        author_name=author.name,
        content=content,
        html=html,
        status=first_status(author, post.author_id, approved_before=known is not None),
        created_at=clock.now(),
    )
    # The post's row first: it is what two people who comment at once wait for, and it may have been deleted meanwhile.
    await _count(db, post.id, 1 if comment.status is CommentStatus.APPROVED else 0)
    await db.run(
        "INSERT INTO comments (id, post_id, post_author_id, author_id, content, html, status, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        comment.id, post.id, post.author_id, author.id, content, html, comment.status, comment.created_at,
    )  # fmt: skip
    return comment


async def update_status(db: Connection, comment: Comment, status: CommentStatus) -> None:
    """Moderate a comment; somebody else who moderates it at the same time is heeded too. Run it in a transaction."""
    changed = await db.run(
        "UPDATE comments SET status = %s WHERE id = %s AND status = %s", status, comment.id, comment.status
    )
    if not changed:
        raise NotFound("This comment has just been moderated or deleted by somebody else.")
    approved = CommentStatus.APPROVED
    await _count(db, comment.post_id, int(status is approved) - int(comment.status is approved))


async def delete(db: Connection, comment: Comment) -> None:
    """Run it in a transaction."""
    if not await db.run("DELETE FROM comments WHERE id = %s AND status = %s", comment.id, comment.status):
        raise NotFound("This comment has just been moderated or deleted by somebody else.")
    await _count(db, comment.post_id, -1 if comment.status is CommentStatus.APPROVED else 0)


async def _count(db: Connection, post_id: str, change: int) -> None:
    if not await db.run("UPDATE posts SET comment_count = comment_count + %s WHERE id = %s", change, post_id):
        raise NotFound("There is no such post.")
