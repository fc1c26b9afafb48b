"""Nearest neighbours or logistic regression on MNIST's own split. usage: rows.py neighbors|logistic FOLDER

Prints "seconds N" and "cpu N" of what takes the time, and "accuracy N" on the 10 000 test images. neighbors: judging
these by the nearest 3 of 60 000; logistic: 100 iterations of a fit. The images are ready as floats.
"""
import sys
import time
import warnings

import numpy

import common

warnings.simplefilter("ignore")
name, folder = sys.argv[1:3]
images, labels = common.read_idx(folder)
images = images.reshape(len(images), -1).astype("float32")
if name == "neighbors":
    from sklearn.neighbors import KNeighborsClassifier
    model = KNeighborsClassifier(3, algorithm="brute", n_jobs=2).fit(images[:60000], labels[:60000])
else:
    from sklearn.linear_model import LogisticRegression
    images /= 255
    model = LogisticRegression()
start, cpu = time.perf_counter(), time.process_time()
if name == "neighbors":
    found = model.predict(images[60000:])
else:
    model.fit(images[:60000], labels[:60000])
print("seconds %.6f\ncpu %.6f" % (time.perf_counter() - start, time.process_time() - cpu))
if name == "logistic":
    found = model.predict(images[60000:])
print("accuracy %.6f" % numpy.mean(found == labels[60000:]))
