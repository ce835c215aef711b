#!/usr/bin/env bash
# The install step of action.yml: puts this very checkout into an environment of its own under the runner's temporary
# folder. All that comes from the package index is pinned by hash in requirements/. The job's Python is left alone.
set -euo pipefail

unset PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_USER PIP_CONSTRAINT PIP_REQUIRE_VIRTUALENV
case "${EXTRAS:-all}" in
  all | base) ;;
  *)
    echo "::error title=aisec-ci::input \`extras\` must be all or base"
    exit 2
    ;;
esac

folder=$(mktemp -d "${RUNNER_TEMP:?}/aisec-ci.XXXXXX")
"${FOUND:?no Python 3.10 or later}" -I -m venv "$folder"
python=$folder/bin/python
[ -x "$python" ] || python=$folder/Scripts/python.exe # Windows
pip=("$python" -I -m pip --quiet --disable-pip-version-check --no-input)
"${pip[@]}" install --require-hashes --no-deps --only-binary :all: -r "$GITHUB_ACTION_PATH/requirements/${EXTRAS:-all}.txt"
"${pip[@]}" install --no-deps --no-build-isolation "$GITHUB_ACTION_PATH"
echo "python=$python" >> "$GITHUB_OUTPUT"
