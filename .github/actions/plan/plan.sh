#!/usr/bin/env bash
# Plans the root $ROOT with the files of $ENVIRONMENT, and writes plan, digest and changes for later steps.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
plan="$RUNNER_TEMP/$(basename "$ROOT").tfplan"
shown="$RUNNER_TEMP/$(basename "$ROOT").plan.txt"
values="$ENVIRONMENT.$(basename "$ROOT").tfvars" # what only this root takes, or what both take
[[ -f "$ROOT/../environments/$values" ]] || values="$ENVIRONMENT.tfvars"
options=(-input=false -no-color "-lock=$LOCK" -lock-timeout=5m "-var-file=../environments/$values")
[[ -z "$IMAGES" ]] || options+=("-var=images_file=$IMAGES")
[[ -z "$CLUSTER" ]] || options+=("-var=kubeconfig=$CLUSTER")

terraform -chdir="$ROOT" init -input=false -no-color \
  -backend-config="../environments/$ENVIRONMENT.gcs.tfbackend"

changes=false
code=0
terraform -chdir="$ROOT" plan "${options[@]}" -detailed-exitcode -out="$plan" || code=$?
case "$code" in
  0) ;;
  2) changes=true ;;
  *) exit "$code" ;;
esac

digest="$(terraform -chdir="$ROOT" show -json "$plan" | python3 "$here/digest.py")"
terraform -chdir="$ROOT" show -no-color "$plan" > "$shown"
{
  echo "plan=$plan"
  echo "changes=$changes"
  echo "digest=$digest"
} >> "$GITHUB_OUTPUT"
{
  echo "### $ROOT, $ENVIRONMENT"
  echo '```'
  head --bytes=500000 "$shown" # a summary holds 1 MiB
  echo '```'
  echo "What would change: \`$digest\`"
} >> "$GITHUB_STEP_SUMMARY"
