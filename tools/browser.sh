#!/bin/sh
# The pages are tested in Chromium with a Chinese font. As root on Debian or Ubuntu this installs both; elsewhere it says
# what is missing, and those tests skip with that reason.
set -u
say() { printf '%s\n' "$*" >&2; }
browser() { for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v "$name" && return; done; return 1; }
font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn 2>/dev/null | head -n 1)" ]; }

if browser >/dev/null && font; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    log=.venv/apt.log
    say "tests: installing chromium and fonts-noto-cjk with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    if { apt-get update && apt-get install --yes --no-install-recommends chromium fonts-noto-cjk fontconfig; } >"$log" 2>&1; then exit 0; fi
    tail -n 5 "$log" | sed 's/^/  | /' >&2
    say "tests: apt-get could not install them; whole log: $log"
fi
browser >/dev/null || say "tests: Chromium is missing: the tests that look at the pages in a browser will be skipped"
font || say "tests: a Chinese font is missing (fonts-noto-cjk): the tests that look at the pages will be skipped"
[ -z "${CI:-}" ]
