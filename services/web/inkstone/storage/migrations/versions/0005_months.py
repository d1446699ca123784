"""The archive: how many posts each month (UTC, as 2026-11) has, counted by the transactions that change it."""

from alembic import op

revision, down_revision = "0005_months", "0004_post_tags"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS months (
            month CHAR(7) NOT NULL PRIMARY KEY,
            posts INT NOT NULL
        ) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin
    """)


def downgrade() -> None:
    op.execute("DROP TABLE months")
