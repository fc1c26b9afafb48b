#!/usr/bin/env python3
"""Writes tests/golden/npy/*.npy with NumPy, for tests/engine/test_npy.c.

usage: python3 tests/golden/make_npy.py   (made with NumPy 2.4.6)

Each array but labels.npy and cases of their own has the shape (2, 3, 4) and holds 0, 1 ... 23 in C order; bools are
those numbers modulo 2.
"""
import pathlib

import numpy as np

folder = pathlib.Path(__file__).parent / "npy"
folder.mkdir(exist_ok=True)
values = np.arange(24).reshape(2, 3, 4)


def write(name, array, version=None):
    with open(folder / f"{name}.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version, allow_pickle=False)


for dtype in "u1", "i4", "i8", "f4", "f8":
    write(dtype, values.astype("<" + dtype))
write("b1", values % 2 == 1)
for version in 1, 2, 3:
    write(f"version{version}", values.astype("u1"), (version, 0))
write("fortran_f4", np.asfortranarray(values.astype("<f4")))
write("fortran_i8", np.asfortranarray(values.astype("<i8")))
write("labels", np.array([7, -2], "<i8"))
write("big_endian", values.astype(">f4"))
write("complex", values.astype("<c8"))
write("structured", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
write("scalar", np.array(3, "<f4"))
write("empty", np.zeros((0, 4), "<f4"))
write("large", np.array([[1, 2], [3, 2**31]], "<i8"))
