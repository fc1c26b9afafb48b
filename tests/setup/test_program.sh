# digits-lua finds its Lua half and the sample of MNIST from any folder, in the build tree and when installed.
. tests/setup/tap.sh
export MAKEFLAGS=
unset DIGITS_DATA DIGITS_LUA_PATH LUA_INIT LUA_INIT_5_4 LUA_PATH LUA_PATH_5_4
export XDG_CACHE_HOME=$scratch/no-cache HOME=$scratch
case ${BUILD:=build} in
/*) built=$BUILD ;;
*) built=$PWD/$BUILD ;;
esac
${MAKE:-make} -s BUILD="$BUILD" install DESTDIR="$scratch/stage" PREFIX=/opt/digits >"$scratch/log" 2>&1
check "make install succeeds" [ $? = 0 ]

for program in "$built/digits-lua" "$scratch/stage/opt/digits/bin/digits-lua"; do
    case $program in "$built"/*) which=built ;; *) which=installed ;; esac
    runs() { (cd / && "$program" "$@" >"$out" 2>&1); }
    check "$which: runs from another folder" runs -e 'print(require("digits").info().version)'
    check "$which: has the Makefile's version" says "^$(sed -n 's/^VERSION := //p' Makefile)\$"
    (cd / && echo 'print(#arg, arg[1], (require "digits") ~= nil)' | "$program" - word >"$out" 2>&1)
    check "$which: runs standard input with arguments" says '^1.word.true$'
    [ "$which" = installed ] || [ -d "$built/../vendor/mnist" ] || continue # built outside the tree
    check "$which: opens the sample without a cache" runs -e 'print("rows", #require("digits").data.mnist())'
    check "$which: all 7000 of it" says '^rows.7000$'
done
finish
