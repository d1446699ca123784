#!/usr/bin/env bash
# Install Debian packages (as root) without starting the services they bring along.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

# One installation at a time: two of them would take away each other's policy.
mkdir -p /run/lock
exec 9>/run/lock/inkstone-install.lock
flock 9

policy=/usr/sbin/policy-rc.d
ours="# Inkstone's, while it installs"
# One of ours was left by an installation that was cut off.
if [ ! -e "$policy" ] || grep -qF "$ours" "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\n%s\nexit 101\n' "$ours" >"$policy"
  chmod 755 "$policy"
fi

# Programs of ours whose packages bring a service along; each is that of the same name, but for Supervisor.
service_of() { if [ "$1" = supervisord ]; then echo supervisor; else echo "$1"; fi; }
absent=()
for program in nginx prometheus supervisord; do
  command -v "$program" >/dev/null || absent+=("$program")
done
options=(-qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
apt-get "${options[@]}" update || echo "inkstone: apt-get update failed; trying with the lists there are" >&2
apt-get "${options[@]}" install --yes --no-install-recommends "$@"

# Ours is started by Supervisor; the machine's own shall not come up at the next boot either.
for program in "${absent[@]}"; do
  if command -v "$program" >/dev/null && command -v systemctl >/dev/null; then
    systemctl disable "$(service_of "$program").service" >/dev/null 2>&1 || true
  fi
done
