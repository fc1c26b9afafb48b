# usage: awk -f tests/code.awk -f tests/bits.awk FILES ...
#
# Says which of the C and Lua files would have other bits on another machine: those that call functions of libm whose
# last bits differ from one C library or processor to the next (what is learnt, predicted or judged uses
# engine/base/math64.h or engine/base/math.h instead; roots, roundings, fmod, frexp, ldexp and the like are exact
# everywhere), and those that leave the order of a sum to the compiler.

BEGIN {
    functions = "a?(sin|cos|tan)h?|atan2|sincos|exp(2|10|m1)?|log(2|10|1p|b)?|pow(10)?|cbrt|hypot|erfc?|[lt]?gamma|[jy][01n]"
    in_c = "(^|[^A-Za-z0-9_.>])(__builtin_)?(" functions ")[fl]?(_r)? *\\("
    in_lua = "math\\.(" functions ") *\\("
    excuse["engine/picture/colour.c"] = "colours are rounded to bytes"
    excuse["scripts/plot/style.lua"] = "ticks of axes"
    excuse["scripts/plot/gnuplot.lua"] = "where a label stands"
    excuse["scripts/plot/roc.lua"] = "where an axis begins"
}

{
    if (FILENAME !~ /lua$/ && $0 ~ /#pragma omp .*reduction *\( *[-+*]/) {
        print FILENAME ":" FNR ": use engine/base/lanes.h: this sum depends on the width of vectors"
        bad = 1
    }
    line = FILENAME ~ /lua$/ ? $0 : without_strings(code($0))
    if (FILENAME ~ /lua$/) sub(/--.*/, "", line)
    if (line !~ (FILENAME ~ /lua$/ ? in_lua : in_c)) next
    calls[FILENAME] = 1
    if (FILENAME in excuse) next
    sub(/^[ \t]+/, "")
    print FILENAME ":" FNR ": use base/math64.h, not libm: " $0
    bad = 1
}

END {
    for (i = 1; i < ARGC; i++)
        if (ARGV[i] in excuse && !(ARGV[i] in calls)) {
            print ARGV[i] ": calls no inexact function: take it out of tests/bits.awk"
            bad = 1
        }
    exit bad
}
