"""Writes tests/golden/logits.lua: cross-entropies of logits, in double precision.

usage: python3 tests/golden/make_logits.py >tests/golden/logits.lua

Each case is a row of logits that float32 holds exactly, the position of its class, from 0, and
-log softmax(logits)[position], as PyTorch's cross_entropy and Keras's from_logits = True define it.
"""
import math
import random
import struct

random.seed(1)


def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def loss(z, k):
    top = max(z)
    others = math.fsum(math.exp(x - top) for i, x in enumerate(z) if i != z.index(top))
    return (top - z[k]) + math.log1p(others)


cases = [
    ([30.0, 0.0, 0.0, 0.0], 1),  # wrong and certain: more than -log(1e-7) = 16.1
    ([0.0, 250.0, -250.0, 0.0], 2),
    ([-(2.0**100), 2.0**100, 0.0, 5.0], 0),
    ([0.0, 0.0, 0.0, 0.0], 3),
    ([12.0, 0.0, -3.0, 1.0], 0),  # right and certain
    ([1000.5, 1000.25, 1000.0, 999.0], 2),
]
for scale in (0.1, 1, 5, 20, 100):
    for _ in range(4):
        cases.append(([single(random.gauss(0, scale)) for _ in range(4)], random.randrange(4)))

print("-- Made by make_logits.py; do not edit: logits, the position of the class, the cross-entropy.")
print("return {")
for z, k in cases:
    print("  { { %s }, %d, %.17g }," % (", ".join("%.9g" % x for x in z), k, loss(z, k)))
print("}")
