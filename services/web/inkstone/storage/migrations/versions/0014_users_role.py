"""Who administers is looked for, with locks, whenever a role changes: without this, everybody is locked."""

from alembic import op

revision, down_revision = "0014_users_role", "0013_heartbeat"


def upgrade() -> None:
    # MySQL's CREATE INDEX knows no IF NOT EXISTS.
    if not op.get_bind().exec_driver_sql("SHOW INDEX FROM users WHERE Key_name = 'users_role'").first():
        op.execute("CREATE INDEX users_role ON users (role)")


def downgrade() -> None:
    op.execute("DROP INDEX users_role ON users")
