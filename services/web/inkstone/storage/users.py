"""SQL about users."""

from collections.abc import Sequence

from inkstone.domain.errors import Invalid, NotFound
from inkstone.domain.users import Role, User
from inkstone.storage import clock, ids
from inkstone.storage.database import Connection, Duplicate, Row

_SELECT = "SELECT id, email, name, role, credential, created_at FROM users "


def _user(row: Row) -> User:
    identity, email, name, role, credential, created_at = row
    return User(identity, email, name, Role(role), credential, created_at)


async def find(db: Connection, user_id: str) -> User | None:
    row = await db.one(_SELECT + "WHERE id = %s", user_id)
    return _user(row) if row else None


async def get(db: Connection, user_id: str) -> User:
    user = await find(db, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


async def find_by_email(db: Connection, email: str) -> User | None:
    row = await db.one(_SELECT + "WHERE email = %s", email)
    return _user(row) if row else None


async def find_by_name(db: Connection, name: str) -> User | None:
    """Names are compared without regard to case and accents, so that nobody poses as somebody else."""
    row = await db.one(_SELECT + "WHERE name = %s", name)
    return _user(row) if row else None


async def newest(db: Connection, *, limit: int, before: str | None) -> list[User]:
    """Users by id, newest first; `before` is the id that the last page ended with."""
    rows: Sequence[Row] = await db.all(_SELECT + "WHERE id < %s ORDER BY id DESC LIMIT %s", before or "g", limit)
    return [_user(row) for row in rows]


async def has_administrator(db: Connection) -> bool:
    return await db.one("SELECT 1 FROM users WHERE role = %s LIMIT 1", Role.ADMINISTRATOR) is not None


async def insert(db: Connection, *, email: str | None, name: str, role: Role, credential: str) -> User:
    """Raises Invalid where the e-mail or the name is taken."""
    user = User(ids.new(), email, name, role, credential, clock.now())
    try:
        await db.run(
            "INSERT INTO users (id, email, name, role, credential, created_at) VALUES (%s, %s, %s, %s, %s, %s)",
            user.id, email, name, role, credential, user.created_at,
        )  # fmt: skip
    except Duplicate as error:
        raise _taken(error) from error
    return user


async def update_credential(db: Connection, user_id: str, credential: str) -> None:
    await db.run("UPDATE users SET credential = %s WHERE id = %s", credential, user_id)


async def update_email(db: Connection, user_id: str, email: str) -> None:
    try:
        await db.run("UPDATE users SET email = %s WHERE id = %s", email, user_id)
    except Duplicate as error:
        raise _taken(error) from error


async def update_role(db: Connection, user_id: str, role: Role) -> None:
    """Raises Invalid where this would leave the blog without an administrator."""
    await _keep_an_administrator(db, user_id, role)
    if not await db.run("UPDATE users SET role = %s WHERE id = %s", role, user_id):
        raise NotFound("There is no such user.")


async def delete(db: Connection, user_id: str) -> None:
    """Delete somebody who wrote no post; comments stay and lose their author's name. Run it in a transaction."""
    await _keep_an_administrator(db, user_id, None)
    if await db.one("SELECT 1 FROM posts WHERE author_id = %s LIMIT 1", user_id):
        raise Invalid({"": "This user has written posts: delete them or leave the account."})
    if not await db.run("DELETE FROM users WHERE id = %s", user_id):
        raise NotFound("There is no such user.")


async def _keep_an_administrator(db: Connection, user_id: str, role: Role | None) -> None:
    if role is Role.ADMINISTRATOR:
        return
    administrators = await db.all("SELECT id FROM users WHERE role = %s FOR UPDATE", Role.ADMINISTRATOR)
    if [row[0] for row in administrators] == [user_id]:
        raise Invalid({"role": "A blog needs an administrator, and this is the only one."})


def _taken(error: Duplicate) -> Invalid:
    if error.key == "users_email":
        return Invalid({"email": "There is already an account with this e-mail."})
    return Invalid({"name": "This name is taken."})
