# What backup.sh and restore.sh share; they read it.

fail() {
  printf 'inkstone: %s\n' "$*" >&2
  exit 1
}

# With make -C, names belong to the folder where make was typed.
if [ -n "${CALLER:-}" ] && grep -qzE '^(-[a-zA-Z]*C|--directory)' "/proc/$PPID/cmdline" 2>/dev/null; then cd "$CALLER"; fi

# SERVICE OWNED VOLUME ARGUMENT…: runs a service with a volume, as the person who typed the command, so that files are
# theirs. Root has no rights over other people's files in there, so root acts for the owner of OWNED.
in_container() {
  local service=$1 owned=$2 volume=$3 user
  shift 3
  user=$(id -u):$(id -g)
  if [ "$(id -u)" = 0 ]; then user=$(stat -c %u:%g "$owned"); fi
  local terminal=()
  if ! [ -t 0 ] || ! [ -t 1 ]; then terminal=(-T); fi
  docker compose --progress quiet run --rm --no-deps ${terminal[@]+"${terminal[@]}"} --user "$user" --volume "$volume" "$service" "$@"
}
