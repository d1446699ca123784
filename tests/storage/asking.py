"""What the tests of the pool and of its transactions say to the database."""

from inkstone.storage.database import Connection, Database

INSERT = "INSERT INTO months (month, posts) VALUES (%s, 1)"
COUNT = "SELECT COUNT(*) FROM months"


async def one(pool: Database, sql: str) -> object:
    async with pool.connection() as db:
        row = await db.one(sql)
    return row and row[0]


async def identity(db: Connection) -> int:
    row = await db.one("SELECT CONNECTION_ID()")
    return row[0] if row else 0
