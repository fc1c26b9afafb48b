# The digests of tests/engine/test_digests.c notice a single FMA: test_digests is linked with one file in which a
# product and a sum are rounded twice.
. tests/setup/tap.sh
objects=${BUILD:-build}/tests/engine
${MAKE:-make} --no-print-directory -s BUILD="${BUILD:-build}" tests >"$out" 2>&1 || cat "$out"

# variable NAME: of the build
variable() {
    sed -n "s/^$1 := //p" "${BUILD:-build}/deps.mk"
}

# digests FILE: links test_digests with FILE, a file of the engine at $scratch/changed.c, and runs it; its output is in $out
digests() {
    eval "$(cat "${BUILD:-build}/flags") $(variable ENGINE_CFLAGS) -c -o '$scratch/changed.o' '$scratch/changed.c'" >"$out" 2>&1 &&
        eval "$(cat "${BUILD:-build}/flags") -o '$scratch/digests' $objects/test_digests.o $(ls "$objects"/*.o | grep -v /test_ | tr '\n' ' ') \
            '$scratch/changed.o' '${BUILD:-build}/libdigits.a' $(variable TESTS_LIBS) $(variable ENGINE_LIBS) -lm" >"$out" 2>&1 &&
        "$scratch/digests" >"$out" 2>&1
}

# changed FILE FROM TO: whether the digests fail when FROM became TO in one place of FILE
changed() {
    sed "s/$2/$3/" "$1" >"$scratch/changed.c"
    check "$1 has \"$2\" once" test "$(diff "$1" "$scratch/changed.c" | grep -c '^>')" = 1
    check "without that FMA test_digests fails" not digests
    check "and names what has other bits" says "$4: learnt "
}

cp engine/nn/optimizers/sgd.c "$scratch/changed.c"
check "test_digests passes with a copy of a file" digests
if says ': checked$'; then
    changed engine/nn/optimizers/sgd.c 'keep + DG_FMA(momentum, v\[i\], -(rate \* g\[i\]))' \
        'keep + (momentum * v[i] - rate * g[i])' 'dense, SGD'
    changed engine/nn/layers/batch_normalization.c 'DG_FMA(difference, difference, squares\[c\])' \
        'difference * difference + squares[c]' 'convolutions of bytes, Adam'
else
    tests=$((tests + 1))
    echo "ok $tests - one FMA less is noticed # SKIP this processor has no FMA"
fi
finish
