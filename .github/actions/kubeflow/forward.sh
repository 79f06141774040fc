#!/usr/bin/env bash
# Forwards 127.0.0.1:8888 to Kubeflow Pipelines until the job ends, and returns once that answers.
set -euo pipefail

port="${PORT:-8888}"
log="$RUNNER_TEMP/port-forward.log"

# A forwarded port ends with its pod, so it is opened again; the runner ends what is left of the job.
forward() {
  while true; do
    kubectl --namespace kubeflow port-forward --address 127.0.0.1 service/ml-pipeline "$port:8888" || true
    sleep 1
  done
}
forward < /dev/null > "$log" 2>&1 &

for _ in $(seq "${SECONDS_TO_ANSWER:-60}"); do
  if curl --fail --silent --max-time 5 --output /dev/null "http://127.0.0.1:$port/apis/v2beta1/healthz"; then
    exit 0
  fi
  sleep 1
done
echo "::error::Kubeflow Pipelines does not answer: $(tail -n 1 "$log")"
cat "$log"
exit 1
