#!/bin/sh
# Tests look at the pages in Chromium with a Chinese font, run the services with a PostgreSQL, and save workbooks with
# LibreOffice as another office program does. As root on Debian or Ubuntu this installs what is missing; elsewhere it says
# what that is, and those tests skip with that reason.
set -u
say() { printf '%s\n' "$*" >&2; }
browser() { for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v "$name" && return; done; return 1; }
font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn 2>/dev/null | head -n 1)" ]; }
database() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }

missing() {
    browser >/dev/null || printf 'chromium '
    font || printf 'fonts-noto-cjk fontconfig '
    database || printf 'postgresql '
    command -v soffice >/dev/null || printf 'libreoffice-calc '
}

packages=$(missing)
[ -n "$packages" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    log=.venv/apt.log
    say "tests: installing ${packages}with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    if { apt-get update && apt-get install --yes --no-install-recommends $packages; } >"$log" 2>&1; then exit 0; fi
    tail -n 5 "$log" | sed 's/^/  | /' >&2
    say "tests: apt-get could not install them; whole log: $log"
fi
say "tests: missing: ${packages}— the tests that need them will be skipped"
[ -z "${CI:-}" ]
