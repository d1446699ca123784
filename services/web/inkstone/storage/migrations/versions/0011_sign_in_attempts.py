"""Failed sign-ins by account and by address, so that all replicas slow down the same guesser."""

from alembic import op

revision, down_revision = "0011_sign_in_attempts", "0010_idempotency"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS sign_in_attempts (
            subject CHAR(64) NOT NULL PRIMARY KEY,
            attempts INT UNSIGNED NOT NULL,
            last_at DATETIME(6) NOT NULL,
            KEY sign_in_attempts_last (last_at)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE sign_in_attempts")
