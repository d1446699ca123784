#!/bin/sh
# Find out where DNS is, and look at what TLS needs before nginx does: what is wrong is said in one line, with what to do.
set -eu

say() { printf 'inkstone: %s\n' "$1" >&2; }
refuse() { # WHY [DOCUMENT]
  say "$1; see ${2:-docs/production.md}."
  exit 1
}

check_edge() {
  case "$NGINX_EDGE" in
    plain) ;;
    tls)
      check_site_url
      check_certificate
      ;;
    *) refuse "NGINX_EDGE makes no sense: it is one of: plain, tls" docs/settings.md ;;
  esac
}

check_site_url() {
  [ -n "${NGINX_SITE_URL:-}" ] ||
    refuse "NGINX_SITE_URL is not set: with NGINX_EDGE=tls it is the address readers use, like https://blog.example.org" docs/settings.md
  printf '%s' "$NGINX_SITE_URL" | grep -Eqx 'https://[][A-Za-z0-9.:-]+/?' ||
    refuse "INKSTONE_SITE_URL makes no sense: in production it has the form https://blog.example.org, without a path"
}

# Both files have to be there, readable, and belong together. nginx itself would start with a key of another kind.
check_certificate() {
  for name in fullchain.pem privkey.pem; do
    [ -e "$NGINX_CERTIFICATES/$name" ] || refuse "there is no $name in the folder of certificates: put it there"
    [ -r "$NGINX_CERTIFICATES/$name" ] ||
      refuse "$name can't be read by nginx, which is user $(id -u) in here: make that its owner, with chown $(id -u)"
  done
  public=$(openssl x509 -in "$NGINX_CERTIFICATES/fullchain.pem" -noout -pubkey 2>/dev/null) ||
    refuse "fullchain.pem is no certificate in PEM form: copy it again"
  of_key=$(openssl pkey -in "$NGINX_CERTIFICATES/privkey.pem" -passin pass: -pubout 2>/dev/null) ||
    refuse "privkey.pem is no key in PEM form, or has a password: copy it again"
  [ "$public" = "$of_key" ] ||
    refuse "privkey.pem is not the key of the certificate in fullchain.pem: copy both from the same place"
  openssl x509 -in "$NGINX_CERTIFICATES/fullchain.pem" -noout -checkend 0 >/dev/null ||
    say "the certificate in fullchain.pem is too old, and browsers refuse it: renew it; see docs/production.md."
}

# nginx reads neither the addresses nor the search list in /etc/resolv.conf; the engine and Kubernetes both write it.
nameservers() {
  awk '$1 == "nameserver" && $2 !~ /%/ { print ($2 ~ /:/) ? "[" $2 "]" : $2 }' /etc/resolv.conf | tr '\n' ' ' | sed 's/ $//'
}

# The domain of a Kubernetes namespace, as in inkstone.svc.cluster.local: there, a name in it is known in full only.
namespace() {
  awk '$1 == "search" || $1 == "domain" { for (i = 2; i <= NF; i++) if ($i ~ /^[^.]+\.svc\.[^.]/) { print $i; exit } }' /etc/resolv.conf
}

# As the name is known to nginx, which does not search the namespace.
in_full() { # NAME:PORT
  case "${1%:*}" in
    *.*) printf '%s' "$1" ;;
    *) printf '%s' "${1%:*}${domain:+.$domain}:${1##*:}" ;;
  esac
}

find_web() {
  : "${NGINX_RESOLVER:=$(nameservers)}"
  [ -n "$NGINX_RESOLVER" ] || refuse "/etc/resolv.conf names no nameserver: set NGINX_RESOLVER to the address of one"
  domain=$(namespace)
  NGINX_WEB=$(in_full "$NGINX_WEB")
  NGINX_BACKUP=
  if [ -n "${NGINX_WEB_BACKUP:-}" ]; then
    NGINX_BACKUP="server $(in_full "$NGINX_WEB_BACKUP") resolve max_fails=1 fail_timeout=6s backup;"
  fi
}

# Whoever stands in front, as an Ingress controller does, tells the reader's address in X-Forwarded-For; believed from these only.
trust_proxies() {
  NGINX_REAL_IP=
  for network in $(printf '%s' "${NGINX_TRUSTED_PROXIES:-}" | tr ',' ' '); do
    printf '%s' "$network" | grep -Eqx '[0-9a-fA-F.:]+(/[0-9]{1,3})?' ||
      refuse "NGINX_TRUSTED_PROXIES makes no sense: it is a comma-separated list of addresses or networks, like 10.0.0.0/8"
    NGINX_REAL_IP="$NGINX_REAL_IP set_real_ip_from $network;"
  done
  if [ -n "$NGINX_REAL_IP" ]; then NGINX_REAL_IP="$NGINX_REAL_IP real_ip_header X-Forwarded-For; real_ip_recursive on;"; fi
}

# Each write is one that no other process's can cut in two (PIPE_BUF), and none waits for longer than a second.
form_log() {
  case "$NGINX_LOG_FORMAT" in
    json | text) ;;
    *) refuse "INKSTONE_LOG_FORMAT makes no sense: it is one of: text, json" docs/logs.md ;;
  esac
  case "$NGINX_ACCESS_LOG" in
    off) NGINX_ACCESS_LOG="/dev/null combined if=0" ;; # the word itself would leave out what is counted, too
    *) NGINX_ACCESS_LOG="$NGINX_ACCESS_LOG $NGINX_LOG_FORMAT buffer=4k flush=1s" ;;
  esac
}

# What was answered is counted beside nginx (count.sh).
count() {
  mkdir -p "$NGINX_COUNTING"
  /count.sh "$NGINX_COUNTING" "$NGINX_PID" &
}

find_web
form_log
trust_proxies
check_edge
if [ "${1:-}" = nginx ]; then count; fi
export NGINX_ACCESS_LOG NGINX_RESOLVER NGINX_WEB NGINX_BACKUP NGINX_REAL_IP
exec /docker-entrypoint.sh "$@"
