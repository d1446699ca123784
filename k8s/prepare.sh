#!/usr/bin/env bash
# Make what the manifests need and no repository may have: the namespace with its secrets, and on a bare cluster the place for the
# database. What is there is kept, so it may be run again at any time.
#
#   k8s/prepare.sh local         secrets for the MySQL of k8s/base, and the node that shall have its files
#   k8s/prepare.sh production    secrets for a database elsewhere: DATABASE_URL, MIGRATE_DATABASE_URL, READ_DATABASE_URL
#
# Also from the environment: INKSTONE_ADMIN_PASSWORD (10 to 200 characters; else one is made up), and for the component backup-s3
# BACKUP_ENDPOINT, BACKUP_BUCKET, BACKUP_REGION, BACKUP_ACCESS_KEY, BACKUP_SECRET_KEY.
set -euo pipefail
umask 077
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

refuse() {
  printf 'inkstone: %s\n' "$1" >&2
  exit 1
}

random() { head -c "$1" /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

# All secrets that are there, each key a file.
fetch() {
  local secret key value
  kubectl --namespace inkstone get secrets --output \
    'go-template={{range .items}}{{$name := .metadata.name}}{{range $key, $value := .data}}{{$name}} {{$key}} {{$value}}{{"\n"}}{{end}}{{end}}' |
    while read -r secret key value; do
      mkdir -p "$work/kept/$secret"
      base64 --decode <<<"$value" >"$work/kept/$secret/$key"
    done
}

kept() { # SECRET KEY
  if [ -e "$work/kept/$1/$2" ]; then cat "$work/kept/$1/$2"; fi
}

# The first that is not empty becomes a key of a secret. Values go through files: anybody may read a program's arguments.
put() { # SECRET KEY VALUE…
  local secret=$1 key=$2 value
  shift 2
  mkdir -p "$work/$secret"
  for value in "$@"; do
    if [ -n "$value" ]; then
      printf '%s' "$value" >"$work/$secret/$key"
      return
    fi
  done
}

get() { cat "$work/$1/$2"; }

write() { # SECRET
  kubectl create secret generic "$1" --namespace inkstone --from-file "$work/$1" --dry-run=client --output yaml |
    kubectl apply --server-side --force-conflicts --field-manager inkstone-prepare --filename -
}

check_url() { # NAME VALUE
  [[ $2 == mysql://*@*/* ]] || refuse "$1 makes no sense: it has the form mysql://user:password@host:3306/inkstone"
}

keys_and_administrator() {
  local wished=${INKSTONE_ADMIN_PASSWORD:-}
  if [ -n "$wished" ] && { [ ${#wished} -lt 10 ] || [ ${#wished} -gt 200 ]; }; then
    refuse "INKSTONE_ADMIN_PASSWORD makes no sense: it is one line of 10 to 200 characters."
  fi
  put inkstone-web secret_keys "$(kept inkstone-web secret_keys)" "$(random 48)"
  put inkstone-job secret_keys "$(get inkstone-web secret_keys)"
  put inkstone-job admin_password "$(kept inkstone-job admin_password)" "$wished" "$(random 12)"
}

database_here() {
  local who
  for who in root web migrate; do
    put inkstone-mysql "${who}_password" "$(kept inkstone-mysql "${who}_password")" "$(random 36)"
  done
  put inkstone-web database_url "mysql://inkstone_web:$(get inkstone-mysql web_password)@mysql:3306/inkstone"
  put inkstone-job database_url "mysql://inkstone_migrate:$(get inkstone-mysql migrate_password)@mysql:3306/inkstone"
}

database_elsewhere() {
  put inkstone-web database_url "${DATABASE_URL:-}" "$(kept inkstone-web database_url)"
  put inkstone-job database_url "${MIGRATE_DATABASE_URL:-}" "$(kept inkstone-job database_url)"
  [ -e "$work/inkstone-web/database_url" ] || refuse "DATABASE_URL is not set: the database, as its user who reads and writes rows."
  [ -e "$work/inkstone-job/database_url" ] ||
    refuse "MIGRATE_DATABASE_URL is not set: the database, as its user who may change the schema."
  check_url DATABASE_URL "$(get inkstone-web database_url)"
  check_url MIGRATE_DATABASE_URL "$(get inkstone-job database_url)"
}

replica() {
  put inkstone-web read_database_url "${READ_DATABASE_URL:-}" "$(kept inkstone-web read_database_url)"
  if [ -e "$work/inkstone-web/read_database_url" ]; then
    check_url READ_DATABASE_URL "$(get inkstone-web read_database_url)"
  fi
}

store() {
  local key variable
  for key in endpoint bucket region access_key secret_key; do
    variable=BACKUP_${key^^}
    put inkstone-backup "$key" "${!variable:-}" "$(kept inkstone-backup "$key")"
  done
  [ -n "$(ls "$work/inkstone-backup")" ] || return 0
  for key in endpoint bucket region access_key secret_key; do
    [ -e "$work/inkstone-backup/$key" ] || refuse "BACKUP_${key^^} is not set, and other settings of the store are."
  done
  write inkstone-backup
}

# The database's files stay on the node where they are: without this, another node would begin with an empty database.
choose_node() {
  [ -z "$(kubectl get nodes --selector inkstone/mysql=here --output name)" ] || return 0
  local node
  node=$(kubectl get nodes --output 'go-template={{range .items}}{{$takes := true}}{{range .spec.taints}}{{if ne .effect "PreferNoSchedule"}}{{$takes = false}}{{end}}{{end}}{{if $takes}}{{.metadata.name}}{{"\n"}}{{end}}{{end}}' | head -n 1)
  [ -n "$node" ] ||
    refuse "every node has a taint that keeps pods away (kubectl describe nodes): is it ready? On a cluster of one node: kubectl taint nodes --all node-role.kubernetes.io/control-plane-"
  kubectl label node "$node" inkstone/mysql=here
}

case ${1:-} in
  local | production) ;;
  *) refuse "say which: k8s/prepare.sh local, or k8s/prepare.sh production" ;;
esac
kubectl apply --filename "$root/base/namespace.yaml"
fetch
keys_and_administrator
replica
if [ "$1" = local ]; then
  database_here
  choose_node
  write inkstone-mysql
else
  database_elsewhere
fi
write inkstone-web
write inkstone-job
store
cat <<TEXT
Now: kubectl apply -k k8s/overlays/$1
The first administrator's password:
  kubectl -n inkstone get secret inkstone-job -o go-template='{{base64decode .data.admin_password}}{{"\n"}}'
TEXT
