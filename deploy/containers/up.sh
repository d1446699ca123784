#!/usr/bin/env bash
# Builds the stack's images and starts it in the background, with WEB replicas of the application: make up
set -euo pipefail
cd "$(dirname "$0")/../.."

# The engine finds out that a port is taken when all else is up, and doesn't say what to do.
check_ports() {
  local host port
  while read -r host port; do
    case $host in 0.0.0.0) host=127.0.0.1 ;; ::) host=::1 ;; esac
    if (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then
      echo "up: port $port is in use by something else: end that, or choose another, as in make up PORT=8081 (in production: HTTP_PORT, HTTPS_PORT)" >&2
      exit 1
    fi
  done < <(docker compose config | awk '$1 == "host_ip:" { host = $2 } $1 == "published:" { gsub("\"", "", $2); print host, $2 }')
}

# Where nginx runs already the port is ours.
running=$(docker compose ps --quiet --status running nginx)
if [ -z "$running" ]; then check_ports; fi
docker compose up --build --detach --wait --scale web="${WEB:-1}"
docker compose exec -T nginx printenv WELCOME
