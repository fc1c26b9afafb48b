# The rooms of bindings/ include only what bindings/library.h says, and the engine nothing of Lua.
. tests/setup/tap.sh

# room NAME ALLOWED...: its files include nothing of the bindings but its own and what is allowed
room() {
    name=$1
    shift
    grep -rn '#include "bindings/' "bindings/$name" >"$out"
    for each in "$name/" "$@"; do
        grep -v "#include \"bindings/$each" "$out" >"$scratch/rest"
        mv "$scratch/rest" "$out"
    done
    check "the room $name includes only itself${*:+ and $*}" test ! -s "$out"
}

room calls embedded.h
room values calls/
room learners values/ calls/
room metrics values/ calls/
room services values/ calls/
room program calls/ library.h embedded.h
grep -rnE '#include ["<](bindings/|lua|lauxlib)' engine >"$out"
check "the engine includes nothing of the bindings and of Lua" test ! -s "$out"
finish
