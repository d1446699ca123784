#!/usr/bin/env bash
# Fills an empty stack from a file that make backup wrote, and starts it: make restore FILE=backups/inkstone-….tar.gz
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/deploy/containers/archives.sh"

[ -n "${FILE:-}" ] || fail "which one? make restore FILE=backups/inkstone-….tar.gz"
[ -e "$FILE" ] || fail "there is no file $FILE"
[ -f "$FILE" ] || fail "$FILE is not a file"
file=$(cd "$(dirname "$FILE")" && pwd)/$(basename "$FILE")
name=$(basename "$file")
restore() { in_container restore "$file" "$file:/backups/$name:ro" "$@"; }

cd "$root"
# A stack that runs goes on as it is, on the images that it has.
running=$(docker compose ps --status running --quiet web)
[ -n "$running" ] || docker compose build
# Before anything is started: an archive that is not whole has no business here.
restore --check "$name"
[ -n "$(docker compose ps --status running --quiet mysql)" ] || docker compose up --detach --wait --no-recreate mysql
restore "$name"
[ -n "$running" ] || "${MAKE:-make}" --no-print-directory up
printf 'Users came with the posts: everybody signs in with the password that they had there, administrators too.\n'
