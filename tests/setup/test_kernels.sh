# Kernels build whatever processor CFLAGS names, also one that has more than a level.
. tests/setup/tap.sh
flags=$(sed -n 's/^flags = //p' Makefile | sed 's/\$([^)]*)//g')
if [ "$(uname -m)" = x86_64 ]; then
    for processor in haswell skylake-avx512 native; do
        for compiler in gcc clang; do
            command -v $compiler >/dev/null || continue
            for file in engine/neighbors/distance.c engine/tensor/product64.c; do
                check "$compiler builds $file for $processor" eval "$compiler $flags -O1 -march=$processor -c -o '$scratch/k.o' $file"
            done
        done
    done
fi
finish
