# Installs the pinned uv, from its own hashed lock, into /opt/uv.
set -eu
. /build/network.sh
python -m venv /opt/uv
/opt/uv/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check \
  --require-hashes --only-binary :all: --requirement /build/requirements/uv.txt
