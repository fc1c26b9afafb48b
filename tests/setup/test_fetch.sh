# vendor/fetch-mnist, against mirrors made of files: three training digits and two test digits.
. tests/setup/tap.sh
export XDG_CACHE_HOME=$scratch/cache
cache=$scratch/cache/digits-lua/mnist mirror=$scratch/mirror script=$scratch/vendor
mkdir -p "$mirror" "$script" "$scratch/idx"
cp vendor/fetch-mnist "$script/"
if command -v sha256sum >/dev/null; then sum=sha256sum; else sum="shasum -a 256"; fi

cut_idx() { gunzip -c "vendor/mnist/$1.gz" | head -c "$2" >"$scratch/idx/$1"; }
cut_idx train-images-idx3-ubyte $((16 + 3 * 784))
cut_idx train-labels-idx1-ubyte $((8 + 3))
cut_idx t10k-images-idx3-ubyte $((16 + 2 * 784))
cut_idx t10k-labels-idx1-ubyte $((8 + 2))
for file in "$scratch"/idx/*; do gzip -c "$file" >"$mirror/$(basename "$file").gz"; done
rows() { # NAME HEADER WIDTH
    od -An -v -tu1 -j "$2" "$scratch/idx/$1" |
        awk -v width="$3" '{ for (i = 1; i <= NF; i++) printf "%s%s", $i, ++n % width ? "," : "\n" }'
}
for part in train t10k; do rows $part-images-idx3-ubyte 16 784; done >"$scratch/idx/handwritten_digits_images.csv"
for part in train t10k; do rows $part-labels-idx1-ubyte 8 1; done >"$scratch/idx/handwritten_digits_labels.csv"
(cd "$scratch/idx" && $sum *) >"$script/mnist.sha256"

fetch() { DIGITS_MNIST_MIRRORS=${1-file://$mirror/} "$script/fetch-mnist" >"$out" 2>&1; }
same() { (cd "$scratch/idx" && for file in *; do cmp "$file" "$cache/$file" || exit 1; done); }
only_files() { [ "$(ls -A "$cache" | wc -l)" -eq 6 ]; }

check "brings the four files and writes the CSV files" fetch
check "all of them right" same
check "and nothing else" only_files
check "needs no mirror when all is there" fetch file:///nowhere/
printf x | dd of="$cache/train-images-idx3-ubyte" bs=1 seek=100 conv=notrunc 2>/dev/null
check "brings a damaged file again" fetch
check "so that it is right" same
rm "$cache/t10k-labels-idx1-ubyte"
: >"$cache/train-labels-idx1-ubyte"
check "goes on to the next mirror" fetch "file:///nowhere/ file://$mirror/"
check "for missing and empty files" same
head -c 100 "$scratch/idx/handwritten_digits_images.csv" >"$cache/handwritten_digits_images.csv"
check "writes a damaged CSV file again, without a mirror" fetch file:///nowhere/
check "as it was" same

mkdir "$scratch/bad"
cp "$mirror"/* "$scratch/bad/"
printf 'not what was asked for' | gzip -c >"$scratch/bad/train-labels-idx1-ubyte.gz"
head -c 300 "$mirror/t10k-images-idx3-ubyte.gz" >"$scratch/bad/t10k-images-idx3-ubyte.gz"
rm -rf "$cache"
check "takes no wrong file from a mirror" not fetch "file://$scratch/bad/"
check "names what it lacks" says 'train-labels-idx1-ubyte.*with the right SHA-256'
check "puts no wrong file into place" [ ! -e "$cache/train-labels-idx1-ubyte" ]
check "takes them from the next mirror" fetch "file://$scratch/bad/ file://$mirror/"
check "all right" same
check "and leaves nothing behind" only_files

rm -rf "$cache"
fake curl 'kill -9 $PPID' # the program ends in the middle, and cleans up nothing
fetch
rm "$scratch/bin/curl"
left() { [ -d "$(echo "$cache"/.new.*)" ]; }
check "leaves a folder behind when it is killed" left
check "which goes with the next run" fetch
check "whole" only_files

rm -rf "$cache"
cp "$script/fetch-mnist" "$script/mnist.sha256" "$scratch/bin/"
(cd / && DIGITS_MNIST_MIRRORS=file://$mirror/ fetch-mnist >/dev/null 2>&1) &
fetch
check "succeeds beside another run, from any folder" wait $!
check "with the right files" same
check "and nothing else left" only_files
check "lists the digests of MNIST's four files and the two CSV files" [ "$(grep -c . vendor/mnist.sha256)" = 6 ]
finish
