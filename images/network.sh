# Sourced by what installs: the package index and certificates of the build, from its secrets.
# `index` is a file of NAME=VALUE lines for pip and uv, such as PIP_INDEX_URL and UV_DEFAULT_INDEX.
if [ -f /run/secrets/index ]; then
  set -a
  . /run/secrets/index
  set +a
elif [ -n "${INDEX_URL:-}" ]; then
  export PIP_INDEX_URL="$INDEX_URL" UV_DEFAULT_INDEX="$INDEX_URL"
fi
if [ -f /run/secrets/certificates ]; then
  export PIP_CERT=/run/secrets/certificates SSL_CERT_FILE=/run/secrets/certificates
fi
