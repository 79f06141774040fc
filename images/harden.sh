# Leaves no installer and no file that lends root's rights in the base of an image.
set -eu
find / -xdev -type d \
  \( -path '*/python3*/ensurepip' -o -path '*/python3*/*-packages/pip' \
     -o -path '*/python3*/*-packages/pip-*' -o -path '*/python3*/*-packages/setuptools*' \
     -o -path '*/python3*/*-packages/wheel*' -o -path '*/share/python-wheels' \) \
  -prune -exec rm -rf {} +
rm -f /usr/local/bin/pip* /usr/local/bin/wheel /usr/bin/pip*
find / -xdev -type f -perm /6000 -exec chmod a-s {} +
