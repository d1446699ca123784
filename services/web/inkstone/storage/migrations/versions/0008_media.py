"""Images, named by the SHA-256 of their content: the same image twice is one row."""

from alembic import op

revision, down_revision = "0008_media", "0007_redirects"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS media (
            id CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
            type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            width INT UNSIGNED NOT NULL,
            height INT UNSIGNED NOT NULL,
            bytes INT UNSIGNED NOT NULL,
            name VARCHAR(255) NOT NULL,
            owner_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            created_at DATETIME(6) NOT NULL,
            data LONGBLOB NOT NULL,
            KEY media_created (created_at, id),
            KEY media_owner_created (owner_id, created_at, id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE media")
