# The committed sample of MNIST is whole and is what its README says.
. tests/setup/tap.sh
first_bytes() { gunzip -c "vendor/mnist/$1.gz" | head -c "$2" | od -An -v -tu1 | tr -s ' \n' ' '; }
bytes() { gunzip -c "vendor/mnist/$1.gz" | wc -c | tr -d ' '; }
if command -v sha256sum >/dev/null; then sum=sha256sum; else sum="shasum -a 256"; fi
check "has the checksums that it should" sh -c "cd vendor/mnist && $sum -c SHA256SUMS"
check "lists four files" [ "$(grep -c gz vendor/mnist/SHA256SUMS)" = 4 ]
check "holds 6000 training images" [ "$(bytes train-images-idx3-ubyte)" = $((16 + 6000 * 784)) ]
check "holds their labels" [ "$(bytes train-labels-idx1-ubyte)" = $((8 + 6000)) ]
check "holds 1000 test images" [ "$(bytes t10k-images-idx3-ubyte)" = $((16 + 1000 * 784)) ]
check "holds their labels" [ "$(bytes t10k-labels-idx1-ubyte)" = $((8 + 1000)) ]
check "says so in the images' header" \
    [ "$(first_bytes train-images-idx3-ubyte 16)" = " 0 0 8 3 0 0 23 112 0 0 0 28 0 0 0 28 " ]
check "begins with MNIST's first labels" \
    [ "$(first_bytes train-labels-idx1-ubyte 18 | cut -d ' ' -f 10-19)" = "5 0 4 1 9 2 1 3 1 4" ]
check "says whose it is and under which licence" grep -q 'LeCun.*Cortes.*Burges' vendor/mnist/README.md
check "and that is CC BY-SA" grep -q 'by-sa/3.0' vendor/mnist/README.md
finish
