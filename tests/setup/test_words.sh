# tests/words: phrases that messages, help and comments should not use.
. tests/setup/tap.sh
words() {
    printf '%s\n' "$1" >"$scratch/one.c"
    tests/words "$scratch/one.c" >"$out"
}

check "accepts plain English" words '/* The probability that there is no row left. */ fail("%s is not a folder");'
check "silently" lines_are 0
check "accepts what only looks similar" words 'fail("a row is no longer free"); /* by chance */ enhance();'
for phrase in 'the chance of a class' 'int class_chances(void);' '"layer %s leads nowhere"' '"%d bytes cannot be had"' \
    'help(x) tells of x' '"numbers are to be met, and"' '/* An entry an epoch. */' 'fail("%s is no folder")'; do
    check "rejects: $phrase" not words "  $phrase"
    check "with its place" says "^$scratch/one.c:1: write \".*\": "
done
finish
