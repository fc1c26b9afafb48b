"""Our model in XGBoost's hands. usage: exchange.py FOLDER FILES

Prints "difference N": between what it says of the 14 000 test images here and what it said there, the greatest of all
ten chances. ours/trees.lua has written both files.
"""
import os
import sys

import numpy
import xgboost

import common

folder, files = sys.argv[1:3]
_, (images, _) = common.split_alike(*common.read_idx(folder), os.path.join(files, "order.i32"))
model = xgboost.Booster(model_file=os.path.join(files, "ours.json"))
here = model.predict(xgboost.DMatrix(images.astype("float32")))
there = numpy.fromfile(os.path.join(files, "ours.f32"), "<f4").reshape(here.shape)
print("difference %.3e" % numpy.abs(here - there).max())
