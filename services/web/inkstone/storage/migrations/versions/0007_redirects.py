"""Old addresses of posts: aliases from an import, and slugs that were changed."""

from alembic import op

revision, down_revision = "0007_redirects", "0006_comments"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS redirects (
            path VARCHAR(500) NOT NULL PRIMARY KEY,
            post_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            KEY redirects_post (post_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE redirects")
