"""One epoch in PyTorch. usage: train.py cnn|dense|deep idx|csv MODE FOLDER

Prints "seconds N", the epoch alone with its shuffling, and "accuracy N" on the 14 000 test images after it. The deep
network learns 6 000 images in batches of 100 and tells no accuracy; the others 39 200 in batches of 50. L2 stands in
the optimizer, the cheapest place in PyTorch. MODE is default, channels_last or bfloat16; see common.py.
"""
import sys
import time

import torch

import common

name, form, mode, folder = sys.argv[1:5]
assert mode in common.MODES, mode
build, shape, batch, decay = {
    "cnn": (common.cnn, (1, 28, 28), 50, 0),
    "dense": (common.dense, (784,), 50, 1e-4),
    "deep": (common.deep, (1, 28, 28), 100, 0),
}[name]
torch.set_num_threads(2)
torch.manual_seed(1)

train, test = common.split(*(common.read_csv if form == "csv" else common.read_idx)(folder))
if name == "deep":
    train, test = (train[0][:6000], train[1][:6000]), None
images, labels = common.to_torch(*train, shape)
network, images = common.lay_out(build(), mode), common.lay_out(images, mode)
optimizer = torch.optim.Adam(network.parameters(), 1e-3, weight_decay=decay)

start = time.perf_counter()
order = torch.randperm(len(images))
for at in range(0, len(order), batch):
    rows = order[at:at + batch]
    optimizer.zero_grad(set_to_none=True)
    with common.precision(mode):
        loss = torch.nn.functional.cross_entropy(network(images[rows]), labels[rows])
    loss.backward()
    optimizer.step()
print("seconds %.6f" % (time.perf_counter() - start))

if test:
    images, labels = common.to_torch(*test, shape)
    images = common.lay_out(images, mode)
    network.eval()
    with torch.inference_mode(), common.precision(mode):
        right = sum(
            int((network(images[at:at + 1000]).argmax(1) == labels[at:at + 1000]).sum())
            for at in range(0, len(images), 1000))
    print("accuracy %.6f" % (right / len(images)))
