"""What the peers share: MNIST as the report split it, and its networks in PyTorch.

Imports of PyTorch, numpy and pandas stand inside the functions, for a peer must not pay for what it does not use.
"""
import os

TRAIN, VALIDATION = 39200, 16800  # the other 14 000 of 70 000 are the test set


def read_idx(folder):
    """All 70 000: images {70000, 784} and labels, uint8."""
    import numpy

    def read(name):
        with open(os.path.join(folder, name), "rb") as file:
            raw = file.read()
        sizes = [int.from_bytes(raw[at:at + 4], "big") for at in range(4, 4 + 4 * raw[3], 4)]
        return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * len(sizes)).reshape(sizes[0], -1)

    images = [read(part + "-images-idx3-ubyte") for part in ("train", "t10k")]
    labels = [read(part + "-labels-idx1-ubyte") for part in ("train", "t10k")]
    return numpy.concatenate(images), numpy.concatenate(labels).ravel()


def read_csv(folder):
    """The same from the report's two files, by pandas' C engine, the fastest that it has for this."""
    import numpy
    import pandas

    def read(name):
        path = os.path.join(folder, "handwritten_digits_%s.csv" % name)
        return pandas.read_csv(path, header=None, dtype=numpy.uint8, engine="c").to_numpy()

    return read("images"), read("labels").ravel()


def split(images, labels):
    """(training images, labels), (test images, labels): shuffled, the report's sizes."""
    import numpy

    order = numpy.random.RandomState(1).permutation(len(images))
    train, test = order[:TRAIN], order[TRAIN + VALIDATION:]
    return (images[train], labels[train]), (images[test], labels[test])


def split_alike(images, labels, path):
    """The same by the order that ours/order.lua has written: both sides learn and are judged by the same rows."""
    import numpy

    order = numpy.fromfile(path, "<i4")
    assert sorted(order) == list(range(len(images))), path
    train, test = order[:TRAIN], order[TRAIN + VALIDATION:]
    return (images[train], labels[train]), (images[test], labels[test])


def to_torch(images, labels, shape):
    """float32 in 0..1 of this shape, and int64 labels, as PyTorch's layers and losses take them."""
    import torch

    pixels = torch.from_numpy(images.astype("float32") / 255).reshape(-1, *shape)
    return pixels, torch.from_numpy(labels.astype("int64"))


MODES = ("default", "channels_last", "bfloat16")  # bfloat16 is channels-last, too


def lay_out(thing, mode):
    """A network or its images, in the layout that this mode works in."""
    import torch

    if mode == "default" or torch.is_tensor(thing) and thing.dim() != 4:
        return thing
    return thing.to(memory_format=torch.channels_last)


def precision(mode):
    """The context in which a network of this mode works out its outputs and its loss."""
    import torch

    return torch.autocast("cpu", torch.bfloat16, enabled=mode == "bfloat16")


def cnn():
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 32, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.5), nn.Flatten(),
        nn.Linear(12 * 12 * 32, 128), nn.ReLU(), nn.Linear(128, 10))


def dense():
    from torch import nn

    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def deep():
    from torch import nn

    def convolution(before, after):
        return [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]

    return nn.Sequential(
        *convolution(1, 32), *convolution(32, 32), nn.MaxPool2d(2),
        *convolution(32, 64), *convolution(64, 64), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(7 * 7 * 64, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))
