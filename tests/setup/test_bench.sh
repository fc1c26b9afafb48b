# make bench: which Python it takes for the peers, what it says of peers that are not there, and what it keeps.
. tests/setup/tap.sh
export XDG_CACHE_HOME=$scratch/cache MAKEFLAGS=
unset BASE BENCH BENCH_HISTORY BENCH_PYTHON BENCH_ROUNDS JSON
peers=$XDG_CACHE_HOME/digits-lua/peers
program=$PWD/${BUILD:-build}/digits-lua
case ${BUILD:-build} in /*) program=$BUILD/digits-lua ;; esac
mkdir -p "$scratch/build" "$peers/bin"
ln -s "$program" "$scratch/build/digits-lua"
cp "${program%/*}/flags" "$scratch/build"
export BUILD=$scratch/build
bench() { env "$@" BENCH=start BENCH_ROUNDS=1 tests/bench/run >"$out" 2>&1; }

# python FILE LINE: one whose versions.py says this of PyTorch
python() {
    printf '#!/bin/sh\ncase $* in *versions.py) echo "%s" ;; esac\n' "$2" >"$1"
    chmod +x "$1"
}
python "$peers/bin/python" 'PyTorch 91.1'
python "$scratch/other" 'PyTorch 92.2'
python "$scratch/torn" 'failed PyTorch OSError: torn'
check "does not take a half-made environment" bench BENCH_PYTHON=
check "and says so" says "$peers does not run; .make bench-peers. recreates it"
check "nor its peers" not says 'PyTorch 91.1'
: >"$peers/versions"
check "takes the one of make bench-peers" bench BENCH_PYTHON=
check "and says the versions" says '^peers .*PyTorch 91.1'
check "runs a peer of it" says 'require.* ms .* ms  PyTorch 91.1, import torch'
check "takes the Python that it is told" bench BENCH_PYTHON="$scratch/other"
check "rather" says '^peers .*PyTorch 92.2'
check "does without a peer that cannot be imported" bench BENCH_PYTHON="$scratch/torn"
check "and says why" says '^PyTorch cannot be imported: OSError: torn$'
check "does without Python" bench BENCH_PYTHON="$scratch/nowhere"
check "names the task that brings what is missing" says '^PyTorch is not available; .make bench-peers. installs it$'

history=$XDG_CACHE_HOME/digits-lua/bench.jsonl
check "keeps each run" [ "$(grep -c '"format":1' "$history")" = 5 ]
check "and shows the last one" says ' ours  last run  .*peer'
check "by name" says '^last run  20.*Z.*, [0-9]* % in use by others: require, start$'
check "says what built the program" says '^compiler  .*[0-9]'
rm "$history"
check "does without a history" bench BENCH_PYTHON="$scratch/nowhere" JSON="$scratch/out.json"
check "of which it says nothing then" not says 'last run'
check "writes JSON" cmp "$history" "$scratch/out.json"
check "with samples" grep -q '"wall_ms":{"median":[0-9.]*,"samples":\[[0-9.]*\],"unit":"ms"}' "$scratch/out.json"
check "refuses a file that it cannot write" not bench JSON="$scratch/nowhere/out.json"
check "and names it" says "JSON: cannot write $scratch/nowhere/out.json: No such file"
check "before any measurement" not says 'round 1'
if [ -e /dev/full ]; then
    check "fails when the disk is full" not bench BENCH_PYTHON="$scratch/nowhere" JSON=/dev/full
    check "and says so" says '^bench: cannot write /dev/full: No space left on device$'
    check "after showing its figures" says '^digits-lua -e'
fi
mkdir "$scratch/full"
check "shows its figures without a place for the history" bench BENCH_PYTHON="$scratch/nowhere" BENCH_HISTORY="$scratch/full"
check "of which it says so" says "^bench: cannot write $scratch/full"
check "takes no other arguments" not tests/bench/run --jsn x
finish
