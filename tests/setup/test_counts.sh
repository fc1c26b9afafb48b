# Instruction counts: what is said of changed ones and when none are taken; then those of this program.
. tests/setup/tap.sh
program=$PWD/${BUILD:-build}/digits-lua
case ${BUILD:-build} in /*) program=$BUILD/digits-lua ;; esac
fakes=$scratch/build table=$scratch/table.lua
mkdir "$fakes"
ln -s "$program" "$fakes/digits-lua"
counts() { BUILD=$fakes "$program" tests/counts/run.lua "$1" "$table" >"$out" 2>&1; }
flags() { echo "fake-gcc -std=gnu11 $1 -fno-math-errno" >"$fakes/flags"; }

# a Callgrind by which all work takes what $scratch/count says, beyond 1000 for the start
fake fake-gcc 'case $1 in -dumpmachine) echo x86_64-linux-gnu ;; *) echo "fake-gcc (Made up) 99.1" ;; esac'
fake_valgrind() {
    fake valgrind '
[ "$1" != --version ] || exit 0
for word; do
    case $word in
    --callgrind-out-file=*) profile=${word#*=} ;;
    *kernels*) '"$1"' ;;
    esac
done
read -r own <"${0%/bin/*}/count"
case $* in *"work.lua start "*) own=0 ;; esac
printf "summary: %d\nob=(1) /lib/libc.so\n0 500\nob=(2) /x/build/digits-lua\n0 %d\n" $((own + 1500)) $((own + 1000)) >"$profile"'
}
fake_valgrind 'echo x86-64-v3; exit 0'
flags '-O3 -g'
echo 'return { ["another"] = { cnn = 7 } }' >"$table"
echo 2000000 >"$scratch/count"
check "another compiler's are not compared" counts check
check "but skipped" says "^ok 1 - .* # SKIP $table has none for gcc (Made up) 99.1, x86_64-linux-gnu, Lua 5\.4"
check "renews the table" counts renew
check "with what the program did, without libraries and start" grep -q '^    cnn = 2000000,$' "$table"
check "with the start itself" grep -q '^    start = 1000,$' "$table"
check "and keeps what others counted" grep -q '^    cnn = 7,$' "$table"
check "passes the same counts" counts check
check "each" says '^ok 3 - cnn$'
check "without a failure" not says '^not ok'
echo 2090000 >"$scratch/count"
counts check
check "passes 4.5 % more" not says '^not ok'
echo 2110000 >"$scratch/count"
counts check
check "refuses 5.5 % more" says '^not ok 3 - cnn$'
check "and says what to do" says 'cnn: 2 110 000 instructions, 1.055 times the 2 000 000 .*make counts'
echo 1800000 >"$scratch/count"
counts check
check "refuses 10 % less" says '^not ok 3 - cnn$'
check "and asks for a new table" says 'cnn: 1 800 000 instructions, 0.900 times .*: run .make counts. and commit'

flags '-O2'
counts check
check "skips other CFLAGS" says "^ok 1 - .* # SKIP built with CFLAGS='-O2'\$"
flags '-O3 -g'
fake_valgrind 'echo default; exit 0'
counts check
check "skips a processor without AVX2" says '^ok 1 - .* # SKIP its kernels run as default under valgrind'
fake_valgrind 'echo "vex: Unrecognised instruction at address 0x1"; exit 132'
counts check
check "skips a valgrind that does not know the instructions" says '^ok 1 - .* # SKIP valgrind does not know'
fake_valgrind 'echo "valgrind: out of memory"; exit 1'
check "fails when valgrind fails" not counts check
check "and says why" says 'valgrind: out of memory'
check "without a table no less" not counts renew
fake valgrind 'exit 127'
check "does without valgrind" counts check
check "and says so" says '^ok 1 - .* # SKIP there is no valgrind$'
rm "$scratch/bin/valgrind"
finish
exec "$program" tests/counts/run.lua check tests/counts/table.lua
