"""Makes vendor/qmnist: who wrote each digit of MNIST, by QMNIST.

    python3 tests/golden/make_writers.py QMNIST    (seconds)

QMNIST is a folder with qmnist-train-labels-idx2-int.gz and qmnist-test-labels-idx2-int.gz of
https://github.com/facebookresearch/qmnist, whose rows are those of MNIST: all 60 000 of the train
part, the first 10 000 of the test part. Of the eight columns, 0 (the digit) and 2 (the writer in
NIST Special Database 19) are kept, as two rows of an IDX file of int32, gzipped: side by side, the
values of each compress well. The same input gives the same files.
"""

import gzip
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "vendor", "qmnist")


def read(path):
    with gzip.open(path) as file:
        data = file.read()
    magic, rows, columns = struct.unpack(">III", data[:12])
    if magic != 0xC02 or columns != 8 or len(data) != 12 + 4 * rows * columns:
        sys.exit("%s: not a table of QMNIST's extended labels" % path)
    values = struct.unpack(">%di" % (rows * columns), data[12:])
    return values[0::columns], values[2::columns]


def write(path, digits, writers):
    data = struct.pack(">III", 0xC02, 2, len(digits))
    data += struct.pack(">%di" % (2 * len(digits)), *digits, *writers)
    with open(path, "wb") as file:
        with gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
            packed.write(data)


if __name__ == "__main__":
    for part, rows in (("train", 60000), ("test", 10000)):
        digits, writers = read(os.path.join(sys.argv[1], "qmnist-%s-labels-idx2-int.gz" % part))
        write(os.path.join(OUT, "%s-writers-idx2-int.gz" % part), digits[:rows], writers[:rows])
