#!/usr/bin/env bash
# certbot's deploy hook: copies a new certificate to where nginx's container reads it. certificates.sh FOLDER
# certbot names the place in RENEWED_LINEAGE. The key is for nginx's user alone, who is number 101 in the container.
set -euo pipefail
folder=${1:?the folder of certificates}
nginx=101

mkdir -p "$folder/webroot"
# Moved into place whole; the key first, for nginx reads both at once, and only when it is told to.
install -o "$nginx" -m 400 "$RENEWED_LINEAGE/privkey.pem" "$folder/privkey.pem.new"
install -m 644 "$RENEWED_LINEAGE/fullchain.pem" "$folder/fullchain.pem.new"
mv "$folder/privkey.pem.new" "$folder/privkey.pem"
mv "$folder/fullchain.pem.new" "$folder/fullchain.pem"

cd "$(dirname "$0")/../.."
if [ -n "$(docker compose ps --quiet --status running nginx)" ]; then docker compose kill --signal=HUP nginx; fi
