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

# circles FILE TEXT ...: what tests/circles.awk says of files with these texts, in $out
circles() {
    rm -rf "$scratch/tree"
    while [ $# -gt 0 ]; do
        mkdir -p "$scratch/tree/$(dirname "$1")"
        printf "$2" >"$scratch/tree/$1"
        shift 2
    done
    scripts=$PWD/tests
    (cd "$scratch/tree" && awk -f "$scripts/code.awk" -f "$scripts/circles.awk" engine/registry.list $(find engine -name '*.[ch]')) >"$out"
}

list='PART(layer, dg_dense)\nPART(metric, dg_recall)\n'
dense='static void f(void)\n{\n}\n\nconst dg_layer_type dg_dense = {\n    .part = { .name = "Dense", .alias = "dense" } };\n'
check "files that build on each other in one direction pass" \
    circles engine/registry.list "$list" engine/nn/layers/dense.c "$dense" \
    engine/a.c 'void dg_a(void)\n{\n    dg_b(1);\n}\n' engine/b.c '/* as dg_a\n * does: dg_a() */\nint dg_b(int x,\n         int y)\n{\n}\n'
check "a circle of three files fails" not \
    circles engine/registry.list "$list" engine/nn/layers/dense.c "$dense" \
    engine/a.c 'void dg_a(void)\n{\n    dg_b(1);\n}\n' engine/b.c 'int dg_b(int x,\n         int y)\n{\n    dg_c[0];\n}\n' \
    engine/c.c 'const char *const dg_c[] = { dg_a };\n'
check "each use in the circle is named" says '^engine/b.c: uses dg_c of engine/c.c, which uses it in turn$'
check "the circle has three uses" lines_are 3
check "a layer is not named outside its room" not \
    circles engine/registry.list "$list" engine/nn/layers/dense.c "$dense" engine/learner.c 'int dg_x = &dg_dense;\n'
check "the message says which layer is named" says '^engine/learner.c: names dg_dense, which only engine/nn/layers may$'
check "a layer is not named by the rest of networks" not \
    circles engine/registry.list "$list" engine/nn/layers/dense.c "$dense" engine/nn/plan.c 'int dg_x = &dg_dense;\n'
check "a layer may be named in its room, and a metric anywhere" \
    circles engine/registry.list "$list" engine/nn/layers/dense.c "$dense" engine/nn/layers/relu.c 'int dg_x = &dg_dense;\n' \
    engine/metrics/recall.c 'const dg_metric_type dg_recall = {\n' engine/learner.c 'int dg_y = &dg_recall;\n'
check "a layer's name is not compared with outside its room" not \
    circles engine/registry.list "$list" engine/nn/layers/dense.c "$dense" \
    engine/learner.c 'int dg_x(void)\n{\n    return strcmp(name, "Dense") == 0;\n}\n'
check "the message says which name is compared with" says "^engine/learner.c: compares with 'Dense', which only engine/nn/layers may$"
check "nor with the beginning of it, by the rest of networks" not \
    circles engine/registry.list "$list" engine/nn/layers/dense.c "$dense" \
    engine/nn/model.c 'int dg_x(void)\n{\n    return strncmp(name, "dense", 5) == 0;\n}\n'
learner='const dg_learner_type dg_forest = {\n    .part = { .name = "Forest" },\n    .family = "tree" };\n'
check "nor with the family of a learner, outside its room" not \
    circles engine/registry.list 'PART(learner, dg_forest)\n' engine/tree/forest.c "$learner" \
    engine/learner.c 'int dg_x(void)\n{\n    return strcmp(family, "tree") == 0;\n}\n'
finish
