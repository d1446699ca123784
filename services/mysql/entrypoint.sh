#!/bin/bash
# Look at what the first start needs before the image's own entrypoint does: one that fails halfway leaves a database
# without users, and the next would take that for a finished one.
set -euo pipefail
data=/var/lib/mysql
secrets=${INKSTONE_SECRETS:-/run/inkstone/mysql}

refuse() {
  printf 'inkstone: %s\n' "$1" >&2
  exit 1
}

check_secret() {
  local value
  [ -e "$1" ] || refuse "the secret $1 is missing: the job \"secrets\" makes it, as in docker compose up."
  value=$(<"$1") || refuse "the secret $1 can't be read by user $(id -u)."
  [[ $value =~ ^[A-Za-z0-9._~-]+$ ]] || refuse "the secret $1 is empty, or not made of letters, digits and - only."
}

if [ "${1:-}" = mysqld ]; then
  if [ -n "${MYSQL_ROOT_PASSWORD_FILE:-}" ]; then check_secret "$MYSQL_ROOT_PASSWORD_FILE"; fi
  if [ ! -d "$data/mysql" ]; then
    check_secret "$secrets/web_password"
    check_secret "$secrets/migrate_password"
  # The last thing that the first start makes (initdb/users.sh).
  elif [ ! -d "$data/inkstone" ]; then
    refuse "the first start was cut short, and what is in $data is no whole database: remove its volume, and start again."
  fi
fi
exec docker-entrypoint.sh "$@"
