"""Makes tests/golden/layers.lua: what layers must compute, by Keras itself in float64.

    KERAS_BACKEND=torch python tests/golden/make_layers.py     (in a venv with keras and torch)

Made with Keras 3.15.1 and PyTorch 2.15.0. As make_nn.py, whose file has the same form: a case is a
network, a batch, its outputs, the loss and the gradients of all weights, the losses of five steps of
gradient descent and the outputs after them. Nothing is written by hand: the layers, the shapes of
their weights, the loss and the gradients are Keras's. Numbers come from NumPy's RandomState, so
the file comes out the same every time.

Layers without weights stand between others that have some, so that the gradients of those show
theirs. A network that branches has `graph`: the body of a Lua function of x.
"""
import os
os.environ.setdefault("KERAS_BACKEND", "torch")
import keras
import numpy as np
import torch
from keras import layers as L
from keras.src.utils.naming import to_snake_case

STEPS, RATE, ROWS = 5, 0.1, 4


class Case:
    """`text` is Lua, `make` gives the output of the same layers for a Keras tensor."""
    def __init__(self, name, shape, text, make, graph=False):
        self.name, self.shape, self.text, self.make, self.graph = name, shape, text, make, graph


def chain(*parts):
    def make(x):
        for part in parts:
            x = part()(x)
        return x
    return make


def listed(size):
    return "{ %d, %d }" % size if isinstance(size, tuple) else str(size)


def top():
    return L.Dense(3, activation="softmax")


TOP = "nn.Flatten {}, nn.Dense { 3, activation = 'softmax' }"
IMAGE = (5, 4, 2)


def straight(name, shape, *pairs):
    """Layers one after the other, each (Lua, Keras), below Flatten and a softmax."""
    text = ", ".join(["nn.Input { %s }" % ", ".join(map(str, shape))] + [p[0] for p in pairs] + [TOP])
    return Case(name, shape, text, chain(*[p[1] for p in pairs], L.Flatten, top))


def conv(filters=3, activation="tanh"):
    return ("nn.Conv2D { %d, 2, activation = '%s' }" % (filters, activation),
            lambda: L.Conv2D(filters, 2, activation=activation))


def joined(name, shape, text, make):
    return Case(name, shape, text + " return nn.Dense { 3, activation = 'softmax' }(nn.Flatten {}(y))",
                lambda x: top()(L.Flatten()(make(x))), graph=True)


def joins():
    def convs(x):
        return L.Conv2D(3, 2, activation="tanh")(x), L.Conv2D(3, 2, activation="sigmoid")(x)

    both = ("local a = nn.Conv2D { 3, 2, activation = 'tanh' }(x) "
            "local b = nn.Conv2D { 3, 2, activation = 'sigmoid' }(x) ")
    for name in ("Add", "Average", "Multiply", "Concatenate"):
        yield joined(name, IMAGE, both + "local y = nn.%s {} { a, b, a }" % name,
                     lambda x, kind=getattr(L, name): (lambda a, b: kind()([a, b, a]))(*convs(x)))
    for axis in (1, 2, -2):
        yield joined("Concatenate along axis %d" % axis, IMAGE,
                     both + "local y = nn.Concatenate { axis = %d } { a, b }" % axis,
                     lambda x, axis=axis: L.Concatenate(axis=axis)(list(convs(x))))

    excite = ("local a = nn.Conv2D { 4, 2, activation = 'tanh' }(x) "
              "local b = nn.Dense { 4, activation = 'sigmoid' }(nn.GlobalAveragePooling2D {}(a)) ")

    def excited(kind, turned, shaped):
        def make(x):
            a = L.Conv2D(4, 2, activation="tanh")(x)
            b = L.Dense(4, activation="sigmoid")(L.GlobalAveragePooling2D()(a))
            b = L.Reshape((1, 1, 4))(b) if shaped else b
            return kind()([b, a] if turned else [a, b])
        return make

    for name in ("Add", "Average", "Multiply"):
        kind = getattr(L, name)
        yield joined(name + " of an image and one value a channel", IMAGE,
                     excite + "local y = nn.%s {} { a, b }" % name, excited(kind, False, False))
        yield joined(name + " of {1, 1, c} and an image", IMAGE,
                     excite + "local y = nn.%s {} { nn.Reshape { 1, 1, 4 }(b), a }" % name,
                     excited(kind, True, True))


def activations():
    for name in ("linear", "relu", "tanh", "sigmoid", "softmax", "elu", "leaky_relu", "gelu", "silu",
                 "selu", "softplus", "hard_sigmoid"):
        yield straight("Dense, " + name, (5,),
                       ("nn.Rescaling { 3 }", lambda: L.Rescaling(3)),
                       ("nn.Dense { 6, activation = '%s' }" % name,
                        lambda name=name: L.Dense(6, activation=name)))
    for name in ("gelu", "silu", "softplus"):
        yield straight("Activation " + name, (5,), ("nn.Dense { 6 }", lambda: L.Dense(6)),
                       ("nn.Activation { '%s' }" % name, lambda name=name: L.Activation(name)))
        yield straight("Conv2D, " + name, IMAGE, conv(3, name))


def images():
    def one(kind, options, *given, **named):
        return straight("%s { %s }" % (kind, options), IMAGE, conv(),
                        ("nn.%s { %s }" % (kind, options), lambda: getattr(L, kind)(*given, **named)),
                        conv(2, "sigmoid"))

    yield one("ZeroPadding2D", "")
    yield one("ZeroPadding2D", "2", 2)
    yield one("ZeroPadding2D", "{ 0, 1 }", (0, 1))
    yield one("ZeroPadding2D", "{ 0, 1, 2, 0 }", ((0, 1), (2, 0)))
    yield one("Cropping2D", "")
    yield one("Cropping2D", "{ 1, 0 }", (1, 0))
    yield one("Cropping2D", "{ 0, 1, 1, 0 }", ((0, 1), (1, 0)))
    yield one("UpSampling2D", "")
    yield one("UpSampling2D", "{ 1, 3 }", (1, 3))
    yield one("UpSampling2D", "2, interpolation = 'bilinear'", 2, interpolation="bilinear")
    yield one("UpSampling2D", "{ 3, 1 }, interpolation = 'bilinear'", (3, 1),
              interpolation="bilinear")
    yield one("Permute", "2, 1, 3", (2, 1, 3))
    yield one("Permute", "{ 3, 1, 2 }", (3, 1, 2))


def trained():
    def one(kind, options, *given, **named):
        return straight("%s { %s }" % (kind, options), IMAGE, conv(4, "linear"),
                        ("nn.%s { %s }" % (kind, options), lambda: getattr(L, kind)(*given, **named)),
                        conv(2, "sigmoid"))

    yield one("PReLU", "")
    yield one("PReLU", "shared_axes = { 1, 2 }", shared_axes=(1, 2))
    yield one("PReLU", "shared_axes = { 2 }", shared_axes=(2,))
    yield one("GroupNormalization", "2", 2)
    yield one("GroupNormalization", "1, epsilon = 0.1", 1, epsilon=0.1)
    yield one("GroupNormalization", "-1, center = false", -1, center=False)
    yield one("GroupNormalization", "4, scale = false", 4, scale=False)


def convolutions():
    def one(kind, options, *given, **named):
        return straight("%s { %s }" % (kind, options), IMAGE,
                        ("nn.%s { %s }" % (kind, options), lambda: getattr(L, kind)(*given, **named)))

    yield one("Conv2D", "3, 2, dilation_rate = { 2, 1 }", 3, 2, dilation_rate=(2, 1))
    yield one("Conv2D", "3, { 3, 2 }, padding = 'same', dilation_rate = 2, activation = 'tanh'", 3,
              (3, 2), padding="same", dilation_rate=2, activation="tanh")
    yield one("DepthwiseConv2D", "2", 2)
    yield one("DepthwiseConv2D", "{ 3, 2 }, 2, 'same', 2, activation = 'tanh'", (3, 2), 2, "same", 2,
              activation="tanh")
    yield one("DepthwiseConv2D", "2, dilation_rate = { 1, 2 }, use_bias = false", 2,
              dilation_rate=(1, 2), use_bias=False)
    yield one("SeparableConv2D", "3, 2", 3, 2)
    yield one("SeparableConv2D", "3, { 3, 2 }, 2, 'same', depth_multiplier = 2, activation = 'tanh'",
              3, (3, 2), 2, "same", depth_multiplier=2, activation="tanh")
    yield one("SeparableConv2D", "4, 2, dilation_rate = 2, use_bias = false", 4, 2, dilation_rate=2,
              use_bias=False)
    yield one("Conv2DTranspose", "3, 2", 3, 2)
    for size, strides, padding in ((3, 2, "valid"), (3, 2, "same"), ((4, 2), (2, 1), "same"),
                                   (2, 3, "valid"), (1, 2, "same"), (4, 1, "same")):
        yield one("Conv2DTranspose", "2, %s, %s, '%s', activation = 'tanh'"
                  % (listed(size), listed(strides), padding), 2, size, strides, padding,
                  activation="tanh")
    yield one("Conv2DTranspose", "2, 3, dilation_rate = 2, use_bias = false", 2, 3, dilation_rate=2,
              use_bias=False)


def all_cases():
    yield from convolutions()
    yield from trained()
    yield from images()
    yield from activations()
    yield from joins()


# --- running --------------------------------------------------------------------------------------

STEMS = {"PReLU": "prelu"}   # where ours is not Keras's


# Keras's tensors of weights are named "conv2d/kernel"; ours "conv2d.kernel", counted in each model.
def weights_of(model):
    counts, named = {}, {}
    for layer in model.layers:
        if not layer.weights:
            continue
        stem = STEMS.get(type(layer).__name__) or to_snake_case(type(layer).__name__)
        counts[stem] = counts.get(stem, -1) + 1
        name = stem + ("_%d" % counts[stem] if counts[stem] else "")
        for weight in layer.weights:
            named[name + "." + weight.name] = weight
    return named


def draw(random, low, high, shape):
    """Numbers of three decimal places, in which the file has them, as float32."""
    return np.float32(np.round(random.uniform(low, high, tuple(shape)), 3))


def forward(model, x, training=False):
    return model(torch.tensor(x, dtype=torch.float64), training=training)


def array(values):
    return np.array(values.detach().numpy())


def run(case, out):
    random = np.random.RandomState(1)
    x = draw(random, -1, 1, (ROWS, *case.shape))
    positions = random.permutation(np.arange(ROWS) % 3)
    given = keras.Input(case.shape)
    model = keras.Model(given, case.make(given))
    weights = weights_of(model)
    for weight in weights.values():
        weight.assign(draw(random, -0.6, 0.6, weight.shape))
    start = {name: array(w.value) for name, w in weights.items()}
    output, losses, first = array(forward(model, x)), [], None
    target = np.eye(3)[positions]
    trained = {name: w for name, w in weights.items() if w.trainable}
    for _ in range(STEPS):
        chances = forward(model, x, training=True)
        loss = keras.losses.CategoricalCrossentropy()(torch.tensor(target), chances)
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, [w.value for w in trained.values()])
        first = first or dict(zip(trained, map(array, gradients)))
        for w, g in zip(trained.values(), gradients):
            w.assign(array(w.value) - RATE * array(g))
    write(out, case, x, positions, start, output, losses, first, array(forward(model, x)))


# --- writing: as in make_nn.py --------------------------------------------------------------------

def tensor(values, form="%.7g"):
    numbers = ", ".join(form % v for v in np.asarray(values).reshape(-1).tolist())
    return "{ shape = { %s }, %s }" % (", ".join(map(str, values.shape)), numbers)


def table(tensors, form="%.7g"):
    lines = ["    [\"%s\"] = %s,\n" % (name, tensor(v, form)) for name, v in tensors.items()]
    return "{\n%s  }" % "".join(lines)


def write(out, case, x, positions, start, output, losses, gradients, output_after):
    out.write("{ name = \"%s\",\n" % case.name)
    if case.graph:
        out.write("  shape = { %s }, graph = [[%s]],\n" % (", ".join(map(str, case.shape)), case.text))
    else:
        out.write("  layers = [[%s]],\n" % case.text)
    out.write("  optimizer = \"nn.SGD { learning_rate = %g }\", loss = \"categorical_crossentropy\",\n"
              % RATE)
    out.write("  input = %s,\n" % tensor(x, "%.3f"))
    out.write("  labels = { %s }, classes = { 0, 1, 2 },\n" % ", ".join(map(str, positions)))
    out.write("  weights = %s,\n  output = %s,\n" % (table(start, "%.3f"), tensor(output)))
    out.write("  losses = { %s },\n" % ", ".join("%.9g" % v for v in losses))
    out.write("  gradients = %s,\n" % table(gradients))
    out.write("  output_after = %s,\n},\n" % tensor(output_after))


def main():
    torch.set_num_threads(1)
    keras.config.set_floatx("float64")
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.lua")
    with open(path, "w") as out:
        out.write("-- Made by make_layers.py; do not edit. Values of networks by Keras: see there.\n"
                  "-- luacheck: no max line length\nreturn {\n")
        for case in all_cases():
            run(case, out)
        out.write("}\n")
    print("%s: %d bytes" % (path, os.path.getsize(path)))


if __name__ == "__main__":
    main()
