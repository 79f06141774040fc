#!/usr/bin/env bash
# Forwards 127.0.0.1:8888 to Kubeflow Pipelines until the job ends, and returns once that answers.
set -euo pipefail

log="$RUNNER_TEMP/port-forward.log"
# A forwarded port ends with its pod, so it is opened again; the runner ends what is left of the job.
nohup bash -c 'while true; do
  kubectl --namespace kubeflow port-forward --address 127.0.0.1 service/ml-pipeline 8888:8888
  sleep 1
done' > "$log" 2>&1 &

for _ in $(seq 60); do
  if curl --fail --silent --max-time 5 --output /dev/null http://127.0.0.1:8888/apis/v2beta1/healthz; then
    exit 0
  fi
  sleep 1
done
echo "::error::Kubeflow Pipelines does not answer: $(tail -n 1 "$log")"
cat "$log"
exit 1
