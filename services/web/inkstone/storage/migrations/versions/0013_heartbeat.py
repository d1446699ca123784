"""When the primary was last heard of; how old that is on a replica says how far behind it is."""

from alembic import op

revision, down_revision = "0013_heartbeat", "0012_imports"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE IF NOT EXISTS heartbeat (
            id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
            beat DATETIME(6) NOT NULL
        ) ENGINE = InnoDB
    """)
    op.execute("INSERT IGNORE INTO heartbeat (id, beat) VALUES (1, '2000-01-01')")


def downgrade() -> None:
    op.execute("DROP TABLE heartbeat")
