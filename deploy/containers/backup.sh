#!/usr/bin/env bash
# Writes everything that the running stack keeps into one file: make backup, make backup FILE=/srv/backups/today.tar.gz
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/deploy/containers/archives.sh"

file=${FILE:-$root/backups/}
[ -n "${FILE:-}" ] || mkdir -p "$root/backups"
if [ -d "$file" ]; then file=${file%/}/inkstone-$(date -u +%Y-%m-%dT%H%M%SZ).tar.gz; fi
folder=$(dirname "$file")
[ -d "$folder" ] || fail "there is no folder $folder"
folder=$(cd "$folder" && pwd)
name=$(basename "$file")

cd "$root"
[ -n "$(docker compose ps --status running --quiet mysql)" ] || fail "the database does not run: start the stack with make up"
in_container backup "$folder" "$folder:/backups" "$name"
printf 'It is in %s\n' "$folder"
