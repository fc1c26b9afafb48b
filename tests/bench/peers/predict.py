"""The report's CNN at work in PyTorch. usage: predict.py MODE FOLDER

Prints "seconds N" for the labels of 14 000 digits in batches of 500, and "one_us N", the median of 2 000 single digits
in microseconds. The images are ready as floats, which favours PyTorch: ours start from bytes. Fresh weights are as
fast as trained ones. MODE is default, channels_last or bfloat16; see common.py.
"""
import statistics
import sys
import time

import torch

import common

mode, folder = sys.argv[1:3]
assert mode in common.MODES, mode
torch.set_num_threads(2)
torch.manual_seed(1)
_, test = common.split(*common.read_idx(folder))
images = common.lay_out(common.to_torch(*test, (1, 28, 28))[0], mode)
network = common.lay_out(common.cnn().eval(), mode)


def predict_all():
    return [network(images[at:at + 500]).argmax(1) for at in range(0, len(images), 500)]


with torch.inference_mode(), common.precision(mode):
    network(images[:500])
    start = time.perf_counter()
    predict_all()
    print("seconds %.6f" % (time.perf_counter() - start))

    times = []
    for row in range(2000):
        digit = images[row:row + 1]
        start = time.perf_counter()
        network(digit).argmax(1)
        times.append(time.perf_counter() - start)
    print("one_us %.3f" % (1e6 * statistics.median(times)))
