"""Reading the report's two CSV files with pandas. usage: read_csv.py FOLDER

Prints "seconds N", from call to arrays; the import is not counted.
"""
import sys
import time

import numpy  # noqa: F401, imported here so that it is not measured
import pandas  # noqa: F401

import common

start = time.perf_counter()
images, labels = common.read_csv(sys.argv[1])
seconds = time.perf_counter() - start
assert images.shape == (70000, 784) and labels.shape == (70000,) and images.dtype == numpy.uint8
print("seconds %.6f" % seconds)
