"""Which post has which tag; published_at is repeated, so that a tag's page reads one index in order."""

from alembic import op

revision, down_revision = "0004_post_tags", "0003_tags"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS post_tags (
            tag VARCHAR(100) NOT NULL,
            post_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            published_at DATETIME(6) NULL,
            PRIMARY KEY (tag, post_id),
            KEY post_tags_published (tag, published_at, post_id),
            KEY post_tags_post (post_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE post_tags")
