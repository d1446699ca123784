"""Answers to creating calls, by their Idempotency-Key, so that a retry creates nothing twice."""

from alembic import op

revision, down_revision = "0010_idempotency", "0009_search"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS idempotency_keys (
            key_hash CHAR(64) NOT NULL PRIMARY KEY,
            request_hash CHAR(64) NOT NULL,
            resource_id VARCHAR(64) NOT NULL,
            created_at DATETIME(6) NOT NULL,
            KEY idempotency_keys_created (created_at)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE idempotency_keys")
