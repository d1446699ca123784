"""What search looks in: tokens from domain/search.py, and the text that snippets are cut from.

A table of its own, since a FULLTEXT index adds a hidden column to its table and slows down each change of a row.
"""

from alembic import op

revision, down_revision = "0009_search", "0008_media"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS post_search (
            post_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
            name_tokens TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            tokens MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            text MEDIUMTEXT NOT NULL,
            FULLTEXT KEY post_search_name (name_tokens),
            FULLTEXT KEY post_search_tokens (tokens)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE post_search")
