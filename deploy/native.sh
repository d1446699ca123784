#!/usr/bin/env bash
# Find a Python new enough (install it on Debian where there is none) and hand over to deploy/native.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Debian keeps servers in sbin, which an ordinary user's PATH does not name.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

find_python() {
  local name
  for name in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s' "$name"
      return
    fi
  done
  return 1
}

if ! python=$(find_python); then
  if ! command -v apt-get >/dev/null; then
    echo "inkstone: Python 3.11 or newer is missing: install it, with its venv module" >&2
    exit 1
  fi
  if [ "$(id -u)" = 0 ]; then sudo=(); else sudo=(sudo); fi
  "${sudo[@]}" "$root/deploy/install-packages.sh" python3 python3-venv || true
  if ! python=$(find_python); then
    echo "inkstone: Python 3.11 or newer is missing: install it (Debian 12 and 13 have it: apt-get install python3 python3-venv)" >&2
    exit 1
  fi
fi

# -P keeps the caller's folder out of the search for modules.
PYTHONPATH=$root exec "$python" -P -m deploy.native "$@"
