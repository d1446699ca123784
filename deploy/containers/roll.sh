#!/usr/bin/env bash
# Replaces every replica of the application by a new one, while readers read and writers write: make roll
#
# One new replica at a time is started, and when it is ready one old one is stopped. So there are always as many as
# before, and one that does not become ready ends the roll with the old ones in place.
set -euo pipefail
cd "$(dirname "$0")/../.."

# How long a new replica may take to be ready, in seconds.
patience=${ROLL_SECONDS:-60}
# nginx asks for the replicas' addresses every two seconds.
discovery=3

say() { printf 'roll: %s\n' "$*"; }
fail() {
  printf 'roll: %s\n' "$*" >&2
  exit 1
}

replicas() { docker compose ps --quiet web; }

# One more replica than now; prints its id.
add() {
  local before new
  before=$(replicas)
  docker compose --progress quiet up --detach --no-deps --no-recreate --no-build \
    --scale web=$(($(wc -w <<<"$before") + 1)) web >&2
  new=$(comm -13 <(sort <<<"$before") <(replicas | sort))
  [ -n "$new" ] || fail "no new replica came up: see docker compose logs web"
  printf '%s\n' "$new"
}

await() {
  local deadline=$((SECONDS + patience))
  until docker exec "$1" python /opt/inkstone/probe.py /readyz >/dev/null 2>&1; do
    if [ "$(docker inspect --format '{{.State.Running}}' "$1")" != true ] || ((SECONDS >= deadline)); then
      docker logs --tail 5 "$1" >&2
      docker rm --force "$1" >/dev/null
      fail "the new replica was not ready within $patience s (above: the end of its log). It is removed; the old ones still serve."
    fi
    sleep 0.5
  done
}

old=($(replicas))
count=${#old[@]}
((count)) || fail "no replica is running: start the stack with make up"
trap 'fail "interrupted. All replicas that run go on serving; make roll replaces them all again."' INT TERM

docker compose build web
docker compose run --rm --no-deps -T migrate || fail "the schema is not up to date (above: why). Nothing is replaced."
for number in "${!old[@]}"; do
  new=$(add)
  await "$new"
  sleep "$discovery"
  say "$((number + 1)) of $count: ${new:0:12} is ready, ${old[$number]:0:12} is being stopped"
  # It drains first: see INKSTONE_DRAIN_SECONDS.
  docker stop "${old[$number]}" >/dev/null
  docker rm "${old[$number]}" >/dev/null
done
say "done: $count of $count replaced"
