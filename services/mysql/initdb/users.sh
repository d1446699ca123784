#!/bin/bash
# What only root can do, once: two users, and the database. The application changes rows; the migration job alone may
# change the schema. Root stays where the server is. The database comes last: it says that all of this was done.
set -euo pipefail
secrets=${INKSTONE_SECRETS:-/run/inkstone/mysql}
web=$(<"$secrets/web_password")
migrate=$(<"$secrets/migrate_password")

mysql --defaults-extra-file=<(printf '[client]\npassword="%s"\n' "$MYSQL_ROOT_PASSWORD") \
  --protocol=socket --socket=/var/run/mysqld/mysqld.sock --user=root <<SQL
CREATE USER inkstone_web@'%' IDENTIFIED BY '$web';
GRANT SELECT, INSERT, UPDATE, DELETE ON inkstone.* TO inkstone_web@'%';
CREATE USER inkstone_migrate@'%' IDENTIFIED BY '$migrate';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, LOCK TABLES ON inkstone.* TO inkstone_migrate@'%';
DROP USER IF EXISTS root@'%';
CREATE DATABASE IF NOT EXISTS inkstone;
SQL
