# tests/bits.awk: calls of libm's inexact functions, and sums in an order that the compiler chooses.
. tests/setup/tap.sh

# bits FILE TEXT: what it says of such a file, in $out
bits() {
    mkdir -p "$scratch/tree/$(dirname "$1")"
    printf '%b' "$2" >"$scratch/tree/$1"
    scripts=$PWD/tests
    (cd "$scratch/tree" && awk -f "$scripts/code.awk" -f "$scripts/bits.awk" "$1") >"$out"
}

check "accepts what is exact, and our own" \
    bits engine/a.c 'double y = sqrt(x) + floor(x) + ldexp(x, 3) + fmod(x, 2) + dg_exp64(x) + dg_log_add(x);\n'
check "accepts members, comments and strings" \
    bits engine/a.c 'b->log(1); b.exp(2); /* exp(x)\n * log(x) */ say("pow(x, y)");\n'
for call in 'exp(x)' 'expf (x)' 'log(x)' 'log2(x)' 'log1pl(x)' 'pow(x, 2)' '-tanhf(x)' '(cos(x))' 'sincos(x, &s, &c)' 'lgamma_r(x, &s)' \
    'erfc(x)' '__builtin_cbrt(x)'; do
    check "rejects $call" not bits engine/a.c "/* a\n */ y = $call;\n"
    check "with its place" says '^engine/a.c:2: use base/math64.h, not libm: '
done
check "rejects math.exp of Lua" not bits scripts/a.lua 'local y = math.exp(x)\n'
check "accepts what is exact in Lua, and comments" bits scripts/a.lua 'local y = math.floor(x) -- math.log(x)\n'
check "accepts those that are excused" bits engine/picture/colour.c 'y = pow(x, 2.4);\n'
check "but not an excuse that nobody needs" not bits engine/picture/colour.c 'y = x * x;\n'
check "and says so" says '^engine/picture/colour.c: calls no inexact function'
check "rejects a sum in an order of the compiler's" not \
    bits engine/a.c '#pragma omp simd reduction(max : top) reduction(+ : sum)\n'
check "and says what to use" says '^engine/a.c:1: use engine/base/lanes.h: '
check "accepts reductions that have no order" bits engine/a.c '#pragma omp simd reduction(max : top) reduction(| : found)\n'
finish
