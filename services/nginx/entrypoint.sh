#!/bin/sh
# Look at what TLS needs before nginx does: what is wrong is said in one line, with what to do.
set -eu

say() { printf 'inkstone: %s\n' "$1" >&2; }
refuse() {
  say "$1; see docs/production.md."
  exit 1
}

check_site_url() {
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

if [ "$NGINX_EDGE" = tls ]; then
  check_site_url
  check_certificate
fi
exec /docker-entrypoint.sh "$@"
