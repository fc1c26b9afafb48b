"""One epoch in PyTorch. usage: train.py cnn|dense|deep idx|csv FOLDER

Prints "seconds N", the epoch alone with its shuffling, and "accuracy N" on the 14 000 test images after it. The deep
network learns 6 000 images in batches of 100 and tells no accuracy; the others 39 200 in batches of 50. L2 stands in
the optimizer, the cheapest place in PyTorch.
"""
import sys
import time

import torch

import common

name, form, folder = sys.argv[1:4]
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
network = build()
optimizer = torch.optim.Adam(network.parameters(), 1e-3, weight_decay=decay)

start = time.perf_counter()
order = torch.randperm(len(images))
for at in range(0, len(order), batch):
    rows = order[at:at + batch]
    optimizer.zero_grad(set_to_none=True)
    torch.nn.functional.cross_entropy(network(images[rows]), labels[rows]).backward()
    optimizer.step()
print("seconds %.6f" % (time.perf_counter() - start))

if test:
    images, labels = common.to_torch(*test, shape)
    network.eval()
    with torch.inference_mode():
        right = sum(
            int((network(images[at:at + 1000]).argmax(1) == labels[at:at + 1000]).sum())
            for at in range(0, len(images), 1000))
    print("accuracy %.6f" % (right / len(images)))
