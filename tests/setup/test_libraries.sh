# A missing or too old library stops the build with one line that names it and the command that installs it.
. tests/setup/tap.sh
export DIGITS_DISTRIBUTION=debian MAKEFLAGS=
pc=$scratch/pc
mkdir "$pc"
for name in lua5.4 openblas libedit libcjson zlib cmocka; do
    libs=
    if [ $name = openblas ]; then libs=$(pkg-config --libs openblas); fi
    printf 'Name: %s\nDescription: x\nVersion: %s\nLibs: %s\nCflags:\n' \
        $name "$(pkg-config --modversion $name)" "$libs" >"$pc/$name.pc"
done
attempt() {
    PKG_CONFIG_LIBDIR=$pc ${MAKE:-make} --no-print-directory -s BUILD="$scratch/b" "$scratch/b/deps.mk" "$@" >"$out" 2>&1
}

check "finds what is there" attempt
check "and the name under which OpenBLAS is loaded" \
    grep -q "DIGITS_OPENBLAS='\"[^\"]*libopenblas[^\"]*\"'" "$scratch/b/deps.mk"
check "which the program does not link" not grep -q 'LIBS.*openblas' "$scratch/b/deps.mk"
sed -i.old 's/^Libs:.*/Libs: -lm/' "$pc/openblas.pc"
rm -rf "$scratch/b"
check "stops where OpenBLAS is no shared library" not attempt
check "and says so" says 'needs openblas as a shared library (-lm links none)'
mv "$pc/openblas.pc.old" "$pc/openblas.pc"
rm "$pc/libedit.pc"
touch "$scratch/b/deps.mk"
rm -rf "$scratch/b"
check "stops for a missing library" not attempt
check "says so in one line" lines_are 1
check "names the library" says 'digits-lua needs libedit: '
check "and the command that installs it" says 'apt-get install libedit-dev`'
check "but no library that is there" not says openblas

sed -i.old 's/^Version.*/Version: 0.2.9/' "$pc/openblas.pc"
check "stops for a version that is too old" not attempt
check "says both versions" says 'openblas 0.3.13 or later (found 0.2.9)'
check "and all that is missing, in one line" lines_are 1
sed -i.old 's/^Version.*/Version: 5.5.0/' "$pc/lua5.4.pc"
check "refuses a Lua that is too new" not attempt
check "names the right one" says 'lua 5.4 (found 5.5.0)'

fake nocsv 'case "$*" in *lcsv*) exit 1 ;; esac; exec gcc "$@"'
check "stops for libcsv, which pkg-config does not know" \
    not ${MAKE:-make} -s BUILD="$scratch/c" CC=nocsv "$scratch/c/deps.mk"
CC=nocsv vendor/libraries write "$scratch/c/deps.mk" >"$out" 2>&1
check "and names it" says 'needs libcsv: .*apt-get install libcsv-dev'
CC=gcc-of-nowhere vendor/libraries write "$scratch/c/deps.mk" >"$out" 2>&1
check "names a compiler that is not there" says 'needs gcc-of-nowhere: install it$'
fake gcc-ancient 'case "$*" in *-dumpfullversion*) echo 9.4.0 ;; *) exec gcc "$@" ;; esac'
CC=gcc-ancient vendor/libraries write "$scratch/c/deps.mk" >"$out" 2>&1
check "refuses a GCC that cannot build the kernels" says 'GCC 12 or later (found 9.4.0)'
check "leaves no half-written file behind" [ ! -e "$scratch/c/deps.mk" ]
finish
