# Makes /opt/venv from the environment's hashed lock, as phasegate/local/environments.py does.
set -eu
. /build/network.sh
lock="/build/requirements/$ENVIRONMENT.txt"
# Nothing is built from source but these, which have no wheels; what builds them is locked as well.
sources="dill google-apitools kfp-server-api pyfarmhash"
set --
for name in $sources; do
  set -- "$@" --no-binary "$name"
done
/opt/uv/bin/uv venv --quiet --no-config --python "$(command -v python)" /opt/venv
# Bytecode that does not know its source's time: the same in each build.
export PYC_INVALIDATION_MODE=UNCHECKED_HASH
/opt/uv/bin/uv pip sync --quiet --no-config --python /opt/venv/bin/python --compile-bytecode \
  --require-hashes --only-binary :all: "$@" --build-constraints "$lock" "$lock"
# The project and its command, as in a local environment.
echo /opt/phasegate > "$(echo /opt/venv/lib/python3*/site-packages)/phasegate.pth"
printf '#!/bin/sh\nexec "${0%%/*}/python" -m phasegate.cli "$@"\n' > /opt/venv/bin/phasegate
chmod 755 /opt/venv/bin/phasegate
