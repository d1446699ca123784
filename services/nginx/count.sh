#!/bin/sh
# Adds up what nginx has answered, for Prometheus: count.sh FOLDER PIDFILE [SECONDS]
# nginx leaves a line for each request in FOLDER/answers, as in "HIT 200", and FOLDER/metrics tells how many there have been.
# Counting inside nginx would take a script for each request; this takes 64 kilobytes of them at a time.
set -u
cd "$1" || exit 1
pid=$2
every=${3:-5}

tell() { # FILE… of lines "LABELS NUMBER" and of nginx's, added up
  echo "# HELP inkstone_answers_total Requests that nginx has answered."
  echo "# TYPE inkstone_answers_total counter"
  awk '
    /^inkstone_answers_total/ { total[$1] += $2; next }
    { lines[$0]++ }
    END {
      for (line in lines)
        # What was cut off, where there was no more room, is none.
        if (line ~ /^[-A-Z]+ [0-9][0-9][0-9]$/) {
          split(line, said)
          cache = said[1] == "-" ? "none" : tolower(said[1])
          total["inkstone_answers_total{cache=\"" cache "\",status=\"" said[2] "\"}"] += lines[line]
        }
      for (labels in total) printf "%s %.0f\n", labels, total[labels]
    }' "$@"
}

# What has not happened yet is no gap: an increase from nothing would not be seen.
begin() {
  for cache in hit miss expired stale updating revalidated bypass none; do
    echo "inkstone_answers_total{cache=\"$cache\",status=\"200\"} 0"
  done | tell - >metrics.new && mv metrics.new metrics
}

# In an order in which nothing is lost or counted twice wherever it ends: whoever comes next goes on from there.
add() {
  tell metrics taken >metrics.new && rm taken && mv metrics.new metrics
}

# nginx writes on into the file until it is told, and what it holds back, too; it has until the next turn for it.
tell_nginx() { kill -USR1 "$(cat "$pid")" 2>/dev/null; }

[ -e metrics ] || begin
if [ -e metrics.new ] && [ ! -e taken ]; then mv metrics.new metrics; fi
# Whoever ends this shell ends what it waits for.
trap 'kill "$pause" 2>/dev/null; exit 0' TERM
while
  sleep "$every" &
  pause=$!
  wait "$pause"
do
  # Without new answers nginx has not been told, or it is not there.
  if [ -e taken ] && { [ -e answers ] || ! tell_nginx; }; then add; fi
  if [ -s answers ] && [ ! -e taken ]; then mv answers taken && tell_nginx; fi
done
