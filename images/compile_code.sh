# Compiles the project's code to bytecode that is the same in each build; all may read it.
set -eu
PYTHONHASHSEED=0 python -m compileall -q --invalidation-mode unchecked-hash "$1"
chmod -R u=rwX,go=rX "$1"
find "$1" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
