# Takes out of an environment what no process of ours reads, and gives the rest one time.
set -eu
packages="$(echo "$1"/lib/python3*/site-packages)"
# Test suites of libraries.
find "$packages" -type d -name tests -prune -exec rm -rf {} +
# Headers, static libraries and type stubs: for those who compile or edit.
find "$packages" -type f \( -name '*.a' -o -name '*.pyi' \) -delete
rm -rf "$packages/tensorflow/include" "$packages/pyarrow/include"
# libclang, which TensorFlow requires and imports nowhere.
rm -rf "$packages/clang/native"
find "$1" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
