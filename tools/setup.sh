#!/bin/sh
# Prepares .venv with exactly what requirements.txt locks, and this checkout in it. Does nothing when that stands already.
# PYTHON names the interpreter to use; otherwise the first python3 of version 3.11 or later is taken.
set -eu
cd "$(dirname "$0")/.."
log=.venv/setup.log

say() { printf '%s\n' "$*" >&2; }
stop() { say "setup: $*"; exit 1; }

# What the environment depends on: the lock, the package's own description, and where the checkout stands.
wanted=$(cat requirements.txt pyproject.toml tools/setup.sh | cksum)" $PWD"
if [ -x .venv/bin/actionplan ] && [ -f .venv/ready ] && [ "$(cat .venv/ready)" = "$wanted" ]; then exit 0; fi

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
python=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if recent "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    found=$(${PYTHON:-python3} --version 2>&1) || found='no python3'
    stop "Python 3.11 or later is needed, found: $found. Install it, or name one: make PYTHON=/path/to/python3.12 …"
fi

# How many packages pip has looked up, in the step where it does.
looked_up() { count=$(grep -c '^Collecting ' "$log") && printf ', %s packages looked up' "$count" || true; }

# Runs one step with its output in the log; every 15 seconds a sign of life. On failure: what to do, and the log's end.
step() {
    title=$1; remedy=$2; shift 2
    say "setup: $title"
    "$@" >"$log" 2>&1 &
    job=$!
    trap 'kill "$job" 2>/dev/null; stop interrupted' INT TERM
    waited=0
    while kill -0 "$job" 2>/dev/null; do
        sleep 1
        waited=$((waited + 1))
        if [ $((waited % 15)) -eq 0 ]; then say "setup:   … $waited s$(looked_up)"; fi
    done
    if ! wait "$job"; then
        say "setup: this step failed: $title"
        tail -n 15 "$log" | sed 's/^/  | /' >&2
        if grep -qiE 'connection|resolution|timed out|unreachable|no matching distribution|could not find a version' "$log"; then
            say "setup: pip can't get the packages from its index. Check the network or pip's settings (pip config list), then run make again."
        fi
        stop "$remedy Whole log: $PWD/$log"
    fi
}

if ! recent .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    rm -rf .venv
    mkdir .venv
    step "1/4 making .venv with $("$python" --version 2>&1)" \
        "The venv module may be missing: install it (Debian and Ubuntu: the package python3-venv)." \
        "$python" -m venv .venv
else
    rm -f .venv/ready
fi
pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore .venv/bin/python -m pip install --no-input --no-compile"
step "2/4 installing $(grep -c '==' requirements.txt) locked packages (about two minutes)" \
    "Some package could not be installed." \
    $pip --require-hashes -r requirements.txt
step "3/4 installing this checkout" "The checkout could not be installed." \
    $pip --no-deps --no-build-isolation --editable .
step "4/4 compiling to bytecode" "Is the disk full?" \
    .venv/bin/python -c "import compileall, site, sys
compileall.compile_dir(site.getsitepackages()[0], quiet=2, workers=0)
sys.exit(not compileall.compile_dir('pipelines', quiet=1, workers=0))"
printf '%s' "$wanted" >.venv/ready
say "setup: done"
