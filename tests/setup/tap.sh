# Sourced by the tests of the set-up, which run from the top folder:
#   check WHAT COMMAND...   one test: passes when the command succeeds
#   says PATTERN            whether the last output, in $out, matches
#   finish                  at the end
# $scratch is an empty folder that goes away. Their output is TAP, which tests/run counts.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
out=$scratch/out
tests=0

check() {
    what=$1 tests=$((tests + 1))
    shift
    if "$@" >"$scratch/why" 2>&1; then
        echo "ok $tests - $what"
    else
        echo "not ok $tests - $what"
        sed 's/^/# /' "$scratch/why" "$out" 2>/dev/null
    fi
}

says() {
    grep -q -e "$1" "$out"
}

lines_are() {
    [ "$(grep -c '' "$out")" = "$1" ]
}

not() {
    ! "$@"
}

# fake NAME SCRIPT: a program of that name at the front of PATH
PATH=$scratch/bin:$PATH
mkdir "$scratch/bin"
fake() {
    printf '#!/bin/sh\n%s\n' "$2" >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}

finish() {
    echo "1..$tests"
}
