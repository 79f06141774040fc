# Installs a compiler where the lock has a library that is built with one.
set -eu
if grep -q '^pyfarmhash==' "/build/requirements/$ENVIRONMENT.txt"; then
  apt-get update --quiet=2
  # COMPILER may name several packages.
  # shellcheck disable=SC2086
  apt-get install --quiet=2 --yes --no-install-recommends $COMPILER
  rm -rf /var/lib/apt/lists/*
fi
