# make: from another folder, help, what is rebuilt when, install, clean.
. tests/setup/tap.sh
export MAKEFLAGS=
unset BUILD CFLAGS SANITIZE
top=$PWD
make="${MAKE:-make} --no-print-directory"
cd / || exit 1
$make -C "$top" help >"$out" 2>&1
for task in all demo data check bench bench-peers counts arm64 lint race format install clean; do
    check "help lists $task" says "^$task "
done
check "help says bench's options" says '^bench .*BENCH="[a-z ]*".*BENCH_ROUNDS='

# a copy with next to nothing in it, so that building it takes no time
copy=$scratch/copy
mkdir -p "$copy/engine/base" "$copy/bindings/program" "$copy/scripts" "$copy/experiments"
cp -R "$top/Makefile" "$top/LICENSE" "$top/vendor" "$copy"
cp "$top/bindings/embedded.h" "$copy/bindings"
echo 'int dg_one(void);' >"$copy/engine/base/one.h"
printf '#include "engine/base/one.h"\nint dg_one(void)\n{\n    return 1;\n}\n' >"$copy/engine/base/one.c"
cat >"$copy/bindings/program/main.c" <<'END'
#include <stdio.h>
#include "bindings/embedded.h"
#include "engine/base/one.h"
int main(void)
{
    for (const struct digits_embedded *script = digits_embedded; script->name; script++)
        puts(script->name);
    return dg_one() - 1;
}
END
echo 'return {}' >"$copy/scripts/init.lua"
echo 'print "an experiment"' >"$copy/experiments/cnn.lua"
build() { $make -C "$copy" "$@" >"$out" 2>&1; }
check "builds from any folder" build
check "a program that runs" "$copy/build/digits-lua"
build
check "builds nothing twice" not says '^  '
echo 'int dg_two(void);' >>"$copy/engine/base/one.h"
build
check "rebuilds what includes a changed header" says 'CC    engine/base/one.c'
build CFLAGS=-O1
check "rebuilds when flags change" says 'CC    bindings/program/main.c'
echo 'return 1' >"$copy/scripts/more.lua"
build CFLAGS=-O1
"$copy/build/digits-lua" >"$out"
check "takes in a new script" says '^digits.more$'
rm "$copy/scripts/more.lua"
build CFLAGS=-O1
"$copy/build/digits-lua" >"$out"
check "and forgets one that is gone" not says more

check "installs into a staging folder" build CFLAGS=-O1 install DESTDIR="$scratch/a stage" PREFIX=/usr
stage="$scratch/a stage/usr"
check "the program" [ -x "$stage/bin/digits-lua" ]
check "its licence" cmp "$top/LICENSE" "$stage/share/doc/digits-lua/LICENSE"
check "the experiments" [ -f "$stage/share/digits-lua/experiments/cnn.lua" ]
check "the sample of MNIST" [ -f "$stage/share/digits-lua/mnist/t10k-labels-idx1-ubyte.gz" ]
check "with its licence" [ -f "$stage/share/digits-lua/mnist/README.md" ]
build clean
check "cleans up" [ ! -e "$copy/build" ]
finish
