"""Everybody with an account.

There are no foreign keys here or anywhere: their locks make two people who comment on one post deadlock, and tables
that point at each other can't be sharded. The storage functions keep what belongs together in one transaction.
"""

from alembic import op

revision, down_revision = "0001_users", None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS users (
            id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
            email VARCHAR(254) CHARACTER SET ascii COLLATE ascii_general_ci NULL,
            name VARCHAR(50) NOT NULL,
            role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            credential VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            created_at DATETIME(6) NOT NULL,
            UNIQUE KEY users_email (email),
            UNIQUE KEY users_name (name)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci
    """)


def downgrade() -> None:
    op.execute("DROP TABLE users")
