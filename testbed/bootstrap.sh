#!/usr/bin/env bash
# Makes the Python environment of the testbed in the cache, once for each content of requirements.txt,
# obtains the test servers, and prints the path of the interpreter. Half a second when all is there;
# safe to call from several processes at once.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${TIDEWAY_CACHE:-$HOME/.cache/tideway}
base=${PYTHON:-python3}
key=$({ "$base" --version; cat "$here/requirements.txt"; } | sha256sum | cut -c1-12)
venv=$cache/venv-$key
mkdir -p "$cache"
exec 9>"$cache/venv.lock"
flock 9
if [ ! -e "$venv/complete" ]; then
  rm -rf "$venv"
  "$base" -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
  touch "$venv/complete"
fi
exec 9>&-
(cd "$here/.." && "$venv/bin/python" -m testbed fetch) >&2
echo "$venv/bin/python"
