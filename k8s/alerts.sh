#!/bin/sh
# The alerts of observability/prometheus/rules.yaml, as the Prometheus operator takes them:
#   k8s/alerts.sh >k8s/components/alerts/inkstone.yaml
set -eu
cat <<END
# Made by k8s/alerts.sh: change observability/prometheus/rules.yaml instead.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: inkstone
spec:
END
grep -v '^#' "$(dirname "$0")/../observability/prometheus/rules.yaml" | sed 's/^./  &/'
