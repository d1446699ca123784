"""Comments; post_author_id is repeated, so that authors find what waits below their posts by an index."""

from alembic import op

revision, down_revision = "0006_comments", "0005_months"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS comments (
            id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
            post_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            post_author_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            author_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            content TEXT NOT NULL,
            html MEDIUMTEXT NOT NULL,
            status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            created_at DATETIME(6) NOT NULL,
            KEY comments_post (post_id, status, id),
            KEY comments_status (status, id),
            KEY comments_post_author (post_author_id, status, id),
            KEY comments_author (author_id, status)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE comments")
