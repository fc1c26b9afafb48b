"""Makes tests/golden/augmentation.lua: what Keras makes of an image, for fixed parameters.

    KERAS_BACKEND=numpy python3 tests/golden/make_augmentation.py     (a few seconds)

Made with Keras 3.15.1, NumPy 2.4.6 and SciPy 1.17.1 under Python 3.11. Factors are pairs of one
number, so that what is random is known. "Keras's sampling" is that of its NumPy backend, which has
all of its fill modes as documented.

A case is a list of layers, an image and what comes out. Of several layers the matrices of Keras's
layers are multiplied, and the image is sampled once. RandomShear slants either way at random: `y` is
one way, `other` the other. `erased` is what RandomErasing does to images of ones: how often each
pixel is erased, and the mean of what is there then and of its square; `elastic` is how far
RandomElasticTransform moves pixels.
"""
import os

os.environ["KERAS_BACKEND"] = "numpy"
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402
from keras.src import backend  # noqa: E402

HEIGHT, WIDTH, CHANNELS = 5, 6, 2
IMAGE = np.random.RandomState(1).uniform(-1, 1, (1, HEIGHT, WIDTH, CHANNELS)).astype("float32")


def matrix(layer):
    """The 3 x 3 matrix of a layer for one image."""
    t = layer.get_random_transformation(IMAGE, training=True)
    if isinstance(layer, layers.RandomTranslation):
        m = layer._get_translation_matrix(t["translations"])
    elif isinstance(layer, layers.RandomRotation):
        m = t["rotation_matrix"]
    else:
        zooms = np.concatenate([t["width_zoom"], t["height_zoom"]], axis=1)
        m = layer._get_zoom_matrix(zooms, HEIGHT, WIDTH)
    return np.append(np.asarray(m, dtype="float64")[0], 1).reshape(3, 3)


def sheared(layer, way):
    factor = np.array([[layer.x_factor[1], layer.y_factor[1]]], dtype="float32") * way
    return np.asarray(layer._transform_images(IMAGE, {"shear_factor": factor}, layer.interpolation))


def erased():
    images = np.ones((20000, HEIGHT, WIDTH, 1), dtype="float32")
    options = {"factor": (0.2, 0.9), "scale": (0.1, 0.6), "value_range": (0, 1), "seed": 1}
    gone = np.asarray(layers.RandomErasing(fill_value=0, **options)(images, training=True)) == 0
    noise = np.asarray(layers.RandomErasing(**options)(images, training=True))
    noise = noise[noise != 1]  # 1 is what was there, or clipped
    return (gone.mean(axis=0), noise.mean(), (noise.astype("float64") ** 2).mean())


def elastic():
    """The mean square of how far RandomElasticTransform moves pixels along a line, and the mean of
    the product with that of the pixel to the right and that of the pixel below: for each pixel."""
    n = 4000
    ramp = np.tile(np.arange(12, dtype="float32"), (n, 10, 1))[..., None]
    layer = layers.RandomElasticTransform((1, 1), (1, 1), fill_mode="nearest", seed=1)
    d = (np.asarray(layer(ramp, training=True), dtype="float64") - ramp)[:, :, 3:9, 0]
    return ((d * d).mean(axis=0), (d[:, :, 1:] * d[:, :, :-1]).mean(axis=0),
            (d[:, 1:] * d[:, :-1]).mean(axis=0))


def run(made, mode, interpolation, fill_value):
    if isinstance(made[0], layers.RandomShear):
        return sheared(made[0], 1)
    if len(made) == 1:
        return np.asarray(made[0](IMAGE, training=True))
    m = np.eye(3)
    for layer in made:
        m = m @ matrix(layer)
    return np.asarray(backend.image.affine_transform(
        IMAGE, m.reshape(1, 9)[:, :8].astype("float32"), interpolation=interpolation,
        fill_mode=mode, fill_value=fill_value, data_format="channels_last"))


def lua(values):
    return "{ " + ", ".join("%.7g" % v for v in np.ravel(values)) + " }"


def pair(x):
    return "{ %g, %g }" % (x, x)


def call(name, factors, options):
    return "nn.%s { %s, %s }" % (name, ", ".join(map(pair, factors)),
                                 ", ".join('%s = %s' % o for o in options))


CHAINS = [
    [("RandomTranslation", (0.234, -0.417))],
    [("RandomTranslation", (-0.9, 0.83))],
    [("RandomRotation", (0.071,))],
    [("RandomRotation", (-0.39,))],
    [("RandomZoom", (0.37,))],
    [("RandomZoom", (-0.61, 0.93))],
    [("RandomShear", (0.31, 0.17))],
    [("RandomTranslation", (0.234, -0.417)), ("RandomRotation", (0.071,)),
     ("RandomZoom", (0.37, -0.2))],
]


def main():
    out = ["-- Made by make_augmentation.py: do not edit.", "-- luacheck: no max line length", "return {",
           "  shape = { 1, %d, %d, %d }," % (HEIGHT, WIDTH, CHANNELS),
           "  x = " + lua(IMAGE) + ",", "  cases = {"]
    for chain in CHAINS:
        for mode in ("reflect", "wrap", "constant", "nearest"):
            for interpolation in ("bilinear", "nearest"):
                fill = 0.25 if mode == "constant" else 0.0
                made = [getattr(layers, name)(*[(f, f) for f in factors], fill_mode=mode,
                                              interpolation=interpolation, fill_value=fill)
                        for name, factors in chain]
                options = [("fill_mode", '"%s"' % mode), ("interpolation", '"%s"' % interpolation),
                           ("fill_value", "%g" % fill)]
                text = ", ".join(call(name, factors, options) for name, factors in chain)
                other = ""
                if isinstance(made[0], layers.RandomShear):
                    other = ",\n      other = " + lua(sheared(made[0], -1))
                out.append("    { layers = [[%s]],\n      y = %s%s }," % (
                    text, lua(run(made, mode, interpolation, fill)), other))
    often, mean, square = erased()
    out += ["  },", "  elastic = { square = %s," % lua(elastic()[0]),
            "    right = %s," % lua(elastic()[1]), "    below = %s," % lua(elastic()[2])]
    out += ["  },", "  erased = { often = %s," % lua(often),
            "    mean = %.7g, square = %.7g }," % (mean, square), "}", ""]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "augmentation.lua")
    with open(path, "w") as f:
        f.write("\n".join(out))


main()
