"""Tags; `posts` counts those that are no drafts."""

from alembic import op

revision, down_revision = "0003_tags", "0002_posts"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS tags (
            slug VARCHAR(100) NOT NULL PRIMARY KEY,
            name VARCHAR(50) NOT NULL,
            posts INT NOT NULL
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE tags")
