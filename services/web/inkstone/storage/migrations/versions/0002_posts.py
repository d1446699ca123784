"""Posts: what was written, and what is derived from it when it is saved.

`tags` repeats post_tags as JSON, so that a list of posts is one query. A post is visible when published_at has passed;
the home page, an author's page and the author's own list each read an index in order.
"""

from alembic import op

revision, down_revision = "0002_posts", "0001_users"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS posts (
            id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
            slug VARCHAR(120) NOT NULL,
            name VARCHAR(200) NOT NULL,
            summary TEXT NOT NULL,
            excerpt TEXT NOT NULL,
            content MEDIUMTEXT NOT NULL,
            html MEDIUMTEXT NOT NULL,
            tags TEXT NOT NULL,
            author_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            published_at DATETIME(6) NULL,
            created_at DATETIME(6) NOT NULL,
            updated_at DATETIME(6) NOT NULL,
            version INT UNSIGNED NOT NULL,
            comment_count INT UNSIGNED NOT NULL,
            UNIQUE KEY posts_slug (slug),
            KEY posts_published (published_at, id),
            KEY posts_author_published (author_id, published_at, id),
            KEY posts_author (author_id, id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE posts")
