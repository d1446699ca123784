"""Which file became which post, so that a second import changes nothing."""

from alembic import op

revision, down_revision = "0012_imports", "0011_sign_in_attempts"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS imports (
            source_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
            source TEXT NOT NULL,
            post_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
            version INT UNSIGNED NOT NULL,
            KEY imports_post (post_id)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE imports")
