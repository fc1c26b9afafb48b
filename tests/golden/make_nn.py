"""Makes tests/golden/nn.lua: what networks must compute, by PyTorch in float64.

    /usr/bin/python3 tests/golden/make_nn.py     (a few seconds; Debian: python3-torch)

Made with PyTorch 1.13.0 and NumPy 1.24.2, later cases with PyTorch 2.15.0 and NumPy 2.4.6 (which
give the same numbers for the earlier ones), under Python 3.11. Numbers come from NumPy's RandomState,
whose stream never changes, so the file comes out the same every time.

A case is a small network, a batch, and: the outputs before training, the loss and the gradients of
all weights, the loss of each of five steps of the optimizer (the whole batch each), the weights and
the outputs after them. Where Keras 3 and PyTorch differ, Keras's formula is written in tensors:
all optimizers, BatchNormalization's running statistics, L2's factor, "same" padding. Layouts are
Keras's: images NHWC, kernels HWIO.

Results in float64 are compared with a float32 program, so a case must not stand near a kink, where
a rounding error would send a gradient another way: seeds are tried until relu's inputs, the gaps
that max-pooling looks at, and the gradients that Adam divides by are far enough from zero, in every
step.
"""
import itertools
import os
import numpy as np
import torch
import torch.nn.functional as F

STEPS = 5
KINK = 2e-5       # how far from zero what a kink depends on must be
GRADIENT = 1e-5   # the least gradient, unless it is exactly 0, where the optimizer divides by it


class Kinks:
    """The least distance from a kink that was met."""
    def __init__(self):
        self.least = np.inf

    def near(self, values):
        if values.numel():
            self.least = min(self.least, values.detach().abs().min().item())


def lua(value):
    if isinstance(value, str):
        return "'" + value + "'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (tuple, list)):
        return "{ " + ", ".join(map(lua, value)) + " }"
    return value.text if hasattr(value, "text") else repr(value)


def given(**options):
    """The options whose value is not the usual one: {name: (value, usual)}."""
    return {k: value for k, (value, usual) in options.items() if value != usual}


def call(name, positional, named):
    values = [lua(v) for v in positional] + [k + " = " + lua(v) for k, v in named.items()]
    return "nn." + name + " {" + (" " + ", ".join(values) + " " if values else "") + "}"


# --- activations ----------------------------------------------------------------------------------

def activate(name, x, kinks):
    if name in ("relu", "leaky_relu", "elu"):
        kinks.near(x)
    return {
        "linear": lambda: x,
        "relu": lambda: torch.relu(x),
        "tanh": lambda: torch.tanh(x),
        "sigmoid": lambda: torch.sigmoid(x),
        "softmax": lambda: torch.softmax(x, -1),
        "elu": lambda: F.elu(x),                  # alpha = 1
        "leaky_relu": lambda: F.leaky_relu(x, 0.2),
    }[name]()


# --- layers ---------------------------------------------------------------------------------------

class Layer:
    """build() gives {name: shape} of the weights, and the shape of the output. `state` names the
    weights that are not trained."""
    stem = None
    penalty = None
    state = ()

    def build(self, shape):
        return {}, shape

    def initial(self, name, shape, random):
        return random.uniform(-0.6, 0.6, shape)


class Input(Layer):
    def __init__(self, *shape):
        self.shape, self.text = shape, call("Input", shape, {})


class Dense(Layer):
    stem = "dense"

    def __init__(self, units, activation="linear", use_bias=True, kernel_regularizer=None):
        self.units, self.activation, self.bias = units, activation, use_bias
        self.penalty = kernel_regularizer
        self.text = call("Dense", [units], given(
            activation=(activation, "linear"), use_bias=(use_bias, True),
            kernel_regularizer=(kernel_regularizer, None)))

    def build(self, shape):
        weights = {"kernel": (shape[-1], self.units)}
        if self.bias:
            weights["bias"] = (self.units,)
        return weights, (*shape[:-1], self.units)

    def forward(self, x, w, training, kinks):
        y = x @ w["kernel"]
        return activate(self.activation, y + w["bias"] if self.bias else y, kinks)


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def pad_same(x, window, strides, value):
    """TensorFlow's "same": outputs are ceil(size / stride); an odd cell of padding comes last."""
    height, width = x.shape[2:]
    pads = []
    for size, k, s in ((width, window[1], strides[1]), (height, window[0], strides[0])):
        total = max((-(-size // s) - 1) * s + k - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


def output_shape(shape, window, strides, padding, channels):
    if padding == "same":
        return (-(-shape[0] // strides[0]), -(-shape[1] // strides[1]), channels)
    sizes = [(shape[i] - window[i]) // strides[i] + 1 for i in (0, 1)]
    return (*sizes, channels)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


class Conv2D(Layer):
    stem = "conv2d"

    def __init__(self, filters, kernel_size, strides=1, padding="valid", activation="linear",
                 use_bias=True, kernel_regularizer=None, groups=1):
        self.filters, self.window, self.strides = filters, pair(kernel_size), pair(strides)
        self.groups = groups
        self.padding, self.activation, self.bias = padding, activation, use_bias
        self.penalty = kernel_regularizer
        self.text = call("Conv2D", [filters, kernel_size], given(
            strides=(strides, 1), padding=(padding, "valid"), activation=(activation, "linear"),
            use_bias=(use_bias, True), kernel_regularizer=(kernel_regularizer, None),
            groups=(groups, 1)))

    def build(self, shape):
        weights = {"kernel": (*self.window, shape[2] // self.groups, self.filters)}
        if self.bias:
            weights["bias"] = (self.filters,)
        return weights, output_shape(shape, self.window, self.strides, self.padding, self.filters)

    def forward(self, x, w, training, kinks):
        x = nchw(x)
        if self.padding == "same":
            x = pad_same(x, self.window, self.strides, 0.0)
        y = nhwc(F.conv2d(x, w["kernel"].permute(3, 2, 0, 1), w.get("bias"), self.strides,
                          groups=self.groups))
        return activate(self.activation, y, kinks)


class Pooling(Layer):
    def __init__(self, pool_size, strides=None, padding="valid"):
        self.window, self.padding = pair(pool_size), padding
        self.strides = pair(strides or pool_size)
        self.text = call(type(self).__name__, [pool_size],
                         given(strides=(strides, None), padding=(padding, "valid")))

    def build(self, shape):
        return {}, output_shape(shape, self.window, self.strides, self.padding, shape[2])


class MaxPooling2D(Pooling):
    stem = "max_pooling2d"

    def forward(self, x, w, training, kinks):
        x = nchw(x)
        if self.padding == "same":
            x = pad_same(x, self.window, self.strides, -torch.inf)
        for axis in (0, 1):
            x = x.unfold(2 + axis, self.window[axis], self.strides[axis])
        windows = x.flatten(4)
        best = windows.topk(2, -1).values
        gaps = best[..., 0] - best[..., 1]
        kinks.near(gaps[gaps != 0])   # only zeros of a relu are equal, and it passes nothing on
        return nhwc(windows.max(-1).values)


class AveragePooling2D(Pooling):
    stem = "average_pooling2d"

    def forward(self, x, w, training, kinks):
        x, ones = nchw(x), torch.ones_like(nchw(x))
        if self.padding == "same":   # padding does not count
            x, ones = (pad_same(v, self.window, self.strides, 0.0) for v in (x, ones))
        x, ones = (F.avg_pool2d(v, self.window, self.strides) for v in (x, ones))
        return nhwc(x / ones)


class GlobalAveragePooling2D(Layer):
    stem, text = "global_average_pooling2d", "nn.GlobalAveragePooling2D {}"

    def build(self, shape):
        return {}, shape[2:]

    def forward(self, x, w, training, kinks):
        return x.mean((1, 2))


class GlobalMaxPooling2D(Layer):
    stem, text = "global_max_pooling2d", "nn.GlobalMaxPooling2D {}"

    def build(self, shape):
        return {}, shape[2:]

    def forward(self, x, w, training, kinks):
        best = x.flatten(1, 2).topk(2, 1).values
        kinks.near(best[:, 0] - best[:, 1])
        return x.amax((1, 2))


class Flatten(Layer):
    stem, text = "flatten", "nn.Flatten {}"

    def build(self, shape):
        return {}, (int(np.prod(shape)),)

    def forward(self, x, w, training, kinks):
        return x.flatten(1)


class Activation(Layer):
    stem = "activation"

    def __init__(self, name):
        self.name, self.text = name, call("Activation", [name], {})

    def forward(self, x, w, training, kinks):
        return activate(self.name, x, kinks)


class Rescaling(Layer):
    stem = "rescaling"

    def __init__(self, scale, offset):
        self.scale, self.offset = scale, offset
        self.text = call("Rescaling", [scale], {"offset": offset})

    def forward(self, x, w, training, kinks):
        return x * self.scale + self.offset


class BatchNormalization(Layer):
    stem, state = "batch_normalization", ("moving_mean", "moving_variance")

    def __init__(self, momentum=0.99, epsilon=1e-3, center=True, scale=True):
        self.momentum, self.epsilon, self.center, self.scale = momentum, epsilon, center, scale
        self.text = call("BatchNormalization", [], given(
            momentum=(momentum, 0.99), epsilon=(epsilon, 1e-3), center=(center, True),
            scale=(scale, True)))

    def build(self, shape):
        names = ["gamma"] * self.scale + ["beta"] * self.center + list(self.state)
        return {name: shape[-1:] for name in names}, shape

    def initial(self, name, shape, random):
        return random.uniform(0.5, 1.5, shape) if name in ("gamma", "moving_variance") \
            else random.uniform(-0.5, 0.5, shape)

    def forward(self, x, w, training, kinks):
        mean, variance = w["moving_mean"], w["moving_variance"]
        if training:   # both moments divide by n, and so do the running ones, unlike PyTorch's
            axes = tuple(range(x.dim() - 1))
            mean, variance = x.mean(axes), x.var(axes, unbiased=False)
            for name, value in zip(self.state, (mean, variance)):
                w[name] = (w[name] * self.momentum + value * (1 - self.momentum)).detach()
        y = (x - mean) / torch.sqrt(variance + self.epsilon)
        if self.scale:
            y = y * w["gamma"]
        return y + w["beta"] if self.center else y


class LayerNormalization(Layer):
    stem = "layer_normalization"

    def __init__(self, axis=-1, epsilon=1e-3, center=True, scale=True):
        self.axes = axis if isinstance(axis, tuple) else (axis,)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.text = call("LayerNormalization", [], given(
            axis=(axis, -1), epsilon=(epsilon, 1e-3), center=(center, True), scale=(scale, True)))

    def build(self, shape):
        names = ["gamma"] * self.scale + ["beta"] * self.center
        return {name: shape[-len(self.axes):] for name in names}, shape

    def initial(self, name, shape, random):
        return random.uniform(0.5, 1.5, shape) if name == "gamma" else \
            random.uniform(-0.5, 0.5, shape)

    def forward(self, x, w, training, kinks):
        mean = x.mean(self.axes, keepdim=True)
        variance = x.var(self.axes, unbiased=False, keepdim=True)
        y = (x - mean) / torch.sqrt(variance + self.epsilon)
        if self.scale:
            y = y * w["gamma"]
        return y + w["beta"] if self.center else y


# --- regularisers ---------------------------------------------------------------------------------

class Regularizer:
    def __init__(self, name, positional=(), named={}, l1=0.0, l2=0.0):
        self.text, self.l1, self.l2 = call(name, positional, named), l1, l2

    def penalty(self, w, kinks):
        if self.l1:
            kinks.near(w / 50)   # a step may not take a weight across zero
        return self.l1 * w.abs().sum() + self.l2 * (w * w).sum()


def L1(l1):
    return Regularizer("L1", [l1], l1=l1)


def L2(l2):
    return Regularizer("L2", [l2], l2=l2)


def L1L2(l1, l2):
    return Regularizer("L1L2", [], {"l1": l1, "l2": l2}, l1, l2)


# --- losses: mean over the rows -------------------------------------------------------------------

def categorical_crossentropy(output, target):
    return -(target * torch.log(output / output.sum(-1, keepdim=True))).sum(-1).mean()


def mean_squared_error(output, target):
    return ((output - target) ** 2).mean()


# --- optimizers: Keras 3's update_step, one weight `w` with gradient `g` at step t = 1, 2 ... -----

class Optimizer:
    divides = False   # by something as small as the gradient

    def __init__(self, **named):
        self.options = {**self.usual, **named}
        self.text = call(type(self).__name__, [], named)

    def clipped(self, g):
        limit = self.options.get("clipnorm")
        return g if limit is None else g * limit / max(torch.sqrt((g * g).sum()).item(), limit)

    def slot(self, slots, name, w):
        return slots.setdefault(name, torch.zeros_like(w))


class SGD(Optimizer):
    usual = dict(learning_rate=0.01, momentum=0.0, nesterov=False)

    def step(self, w, g, slots, t):
        o = self.options
        if o["momentum"] == 0:
            return w - o["learning_rate"] * g
        m = slots["m"] = o["momentum"] * self.slot(slots, "m", w) - o["learning_rate"] * g
        return w + (o["momentum"] * m - o["learning_rate"] * g if o["nesterov"] else m)


class RMSprop(Optimizer):
    usual = dict(learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False)
    divides = True

    def step(self, w, g, slots, t):
        o = self.options
        v = slots["v"] = o["rho"] * self.slot(slots, "v", w) + (1 - o["rho"]) * g * g
        if o["centered"]:
            a = slots["a"] = o["rho"] * self.slot(slots, "a", w) + (1 - o["rho"]) * g
            v = v - a * a
        step = o["learning_rate"] * g / torch.sqrt(v + o["epsilon"])
        if o["momentum"]:
            step = slots["m"] = o["momentum"] * self.slot(slots, "m", w) + step
        return w - step


class Adam(Optimizer):
    usual = dict(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False)
    divides = True

    def step(self, w, g, slots, t):
        o = self.options
        alpha = o["learning_rate"] * np.sqrt(1 - o["beta_2"] ** t) / (1 - o["beta_1"] ** t)
        m, v = self.slot(slots, "m", w), self.slot(slots, "v", w)
        m = slots["m"] = m + (g - m) * (1 - o["beta_1"])
        v = slots["v"] = v + (g * g - v) * (1 - o["beta_2"])
        if o["amsgrad"]:
            v = slots["vhat"] = torch.maximum(self.slot(slots, "vhat", w), v)
        return w - m * alpha / (torch.sqrt(v) + o["epsilon"])


class AdamW(Adam):
    usual = dict(Adam.usual, weight_decay=0.004)

    def step(self, w, g, slots, t):
        decayed = w - w * self.options["weight_decay"] * self.options["learning_rate"]
        return super().step(decayed, g, slots, t)


class Lion(Optimizer):
    usual = dict(learning_rate=0.001, beta_1=0.9, beta_2=0.99, weight_decay=0.0)

    def step(self, w, g, slots, t):
        o = self.options
        w = w - w * o["weight_decay"] * o["learning_rate"]
        m = self.slot(slots, "m", w)
        mixed = m * o["beta_1"] + g * (1 - o["beta_1"])
        self.kinks.near(mixed[mixed != 0])   # where its sign changes
        slots["m"] = m * o["beta_2"] + g * (1 - o["beta_2"])
        return w - o["learning_rate"] * torch.sign(mixed)


class Lamb(Optimizer):
    usual = dict(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=0.0)
    divides = True

    def step(self, w, g, slots, t):
        o = self.options
        w = w - w * o["weight_decay"] * o["learning_rate"]
        m, v = self.slot(slots, "m", w), self.slot(slots, "v", w)
        m = slots["m"] = m + (g - m) * (1 - o["beta_1"])
        v = slots["v"] = v + (g * g - v) * (1 - o["beta_2"])
        step = m / (1 - o["beta_1"] ** t) / (torch.sqrt(v / (1 - o["beta_2"] ** t)) + o["epsilon"])
        norms = [torch.sqrt((x * x).sum()) for x in (w, step)]
        ratio = norms[0] / norms[1] if min(norms) > 0 else 1.0
        return w - ratio * o["learning_rate"] * step


# --- a case ---------------------------------------------------------------------------------------

class Case:
    def __init__(self, name, layers, optimizer=None, loss=categorical_crossentropy, rows=4,
                 labels=None, one_hot=False):
        self.name, self.layers, self.loss = name, layers, loss
        self.optimizer = optimizer or SGD(learning_rate=0.1)
        self.rows, self.labels, self.one_hot = rows, labels, one_hot

    def draw(self, seed):
        """Input, classes and weights, all of them float32 numbers."""
        random = np.random.RandomState(seed)
        draw = lambda values: torch.tensor(np.float32(values), dtype=torch.float64)
        shape = self.layers[0].shape
        self.x = draw(random.uniform(-1, 1, (self.rows, *shape)))
        self.weights, self.places, counts = {}, [], {}
        for layer in self.layers[1:]:
            counts[layer.stem] = counts.get(layer.stem, -1) + 1
            name = layer.stem + ("_%d" % counts[layer.stem] if counts[layer.stem] else "")
            specs, shape = layer.build(shape)
            for weight, size in specs.items():
                self.weights[name + "." + weight] = draw(layer.initial(weight, size, random))
            self.places.append((layer, name, list(specs)))
        classes = shape[0]
        self.labels = self.labels or list(range(classes))
        # every class occurs where there are rows enough
        self.positions = random.permutation(np.arange(self.rows) % classes)
        self.target = F.one_hot(torch.tensor(self.positions), classes).double()

    def forward(self, weights, training, kinks):
        x, penalty = self.x, 0.0
        for layer, name, names in self.places:
            own = {n: weights[name + "." + n] for n in names}
            x = layer.forward(x, own, training, kinks)
            for n in layer.state:
                weights[name + "." + n] = own[n]
            if layer.penalty:
                penalty = penalty + layer.penalty.penalty(own["kernel"], kinks)
        return x, penalty

    def is_state(self, name):
        return name.split(".")[1] in BatchNormalization.state

    def gradients(self, weights, kinks):
        """Loss and gradients; running statistics in `weights` move on."""
        for name in weights:
            weights[name] = weights[name].detach().requires_grad_(not self.is_state(name))
        trained = [name for name in weights if not self.is_state(name)]
        leaves = [weights[name] for name in trained]
        output, penalty = self.forward(weights, True, kinks)
        loss = self.loss(output, self.target) + penalty
        return loss.item(), dict(zip(trained, torch.autograd.grad(loss, leaves)))

    def run(self):
        kinks = self.optimizer.kinks = Kinks()
        weights = dict(self.weights)
        self.output = self.forward(dict(weights), False, kinks)[0]
        slots, self.losses, least = {}, [], np.inf
        for t in range(1, STEPS + 1):
            loss, gradients = self.gradients(weights, kinks)
            self.losses.append(loss)
            if t == 1:
                self.first = gradients
            for name, g in gradients.items():
                own = slots.setdefault(name, {})
                weights[name] = self.optimizer.step(weights[name].detach(),
                                                    self.optimizer.clipped(g), own, t)
                alive = g[g != 0].abs()
                least = min(least, alive.min().item() if alive.numel() else np.inf)
        self.after = {name: w.detach() for name, w in weights.items()}
        self.output_after = self.forward(dict(self.after), False, kinks)[0]
        return kinks.least > KINK and (least > GRADIENT or not self.optimizer.divides)

    def find(self):
        for seed in itertools.count(1):
            self.draw(seed)
            if self.run():
                return seed


# --- the cases ------------------------------------------------------------------------------------

def all_cases():
    top = Dense(3, "softmax")
    names = ("relu", "tanh", "sigmoid", "softmax", "elu", "leaky_relu")
    for name in ("linear", *names):
        yield Case("Dense, " + name, [Input(5), Dense(6, name), top])
    for name in names:
        yield Case("Activation " + name, [Input(5), Dense(6), Activation(name), top])
    yield Case("Dense without bias", [Input(5), Dense(6, "tanh", use_bias=False), top])
    yield Case("Activation softmax last", [Input(5), Dense(4), Activation("softmax")])
    yield Case("Rescaling", [Input(5), Rescaling(0.5, 0.25), Dense(4, "tanh"), top])

    image = Input(6, 5, 2)
    for size, strides, padding in (
            (3, 1, "valid"), (3, 1, "same"), (3, 2, "valid"), (3, 2, "same"), (2, 2, "same"),
            (2, 1, "same"), ((3, 2), 1, "valid"), ((2, 3), (2, 1), "same"),
            ((1, 5), (1, 2), "valid"), (5, 3, "same"), (1, 1, "valid")):
        yield Case("Conv2D %s, strides %s, %s" % (size, strides, padding),
                   [image, Conv2D(3, size, strides, padding, "tanh"), Flatten(), top])
    yield Case("Conv2D without bias, relu",
               [image, Conv2D(3, 3, activation="relu", use_bias=False), Flatten(), top])
    yield Case("two Conv2D", [image, Conv2D(3, 3, activation="relu"),
                              Conv2D(2, (2, 3), 2, "same", "tanh"), Flatten(), top])

    for channels, groups, filters, strides, padding in (
            (4, 2, 6, 1, "valid"), (6, 3, 3, 2, "same"), (3, 3, 3, 1, "same"), (2, 2, 4, 2, "valid")):
        yield Case("Conv2D of %d channels, %d filters, %d groups" % (channels, filters, groups),
                   [Input(5, 4, channels),
                    Conv2D(filters, (3, 2), strides, padding, "tanh", groups=groups), Flatten(), top])

    for kind in (MaxPooling2D, AveragePooling2D):
        for size, strides, padding in (
                (2, None, "valid"), (3, 2, "valid"), ((3, 2), None, "valid"), (2, 1, "same"),
                (3, 2, "same"), (2, None, "same"), ((1, 3), (3, 1), "same")):
            yield Case("%s %s, strides %s, %s" % (kind.__name__, size, strides, padding),
                       [image, Conv2D(2, 2), kind(size, strides, padding), Flatten(), top])
    for kind in (GlobalMaxPooling2D, GlobalAveragePooling2D):
        yield Case(kind.__name__, [image, Conv2D(4, 2), kind(), top])

    yield Case("BatchNormalization after Dense",
               [Input(5), Dense(6, use_bias=False), BatchNormalization(), Activation("tanh"), top],
               rows=9)
    yield Case("BatchNormalization after Conv2D",
               [image, Conv2D(3, 3, use_bias=False), BatchNormalization(momentum=0.8, epsilon=0.01),
                Activation("relu"), Flatten(), top])
    yield Case("BatchNormalization without scale or center",
               [Input(5), BatchNormalization(scale=False), Dense(6, "tanh"),
                BatchNormalization(center=False), top], rows=6)

    yield Case("LayerNormalization after Dense",
               [Input(5), Dense(6), LayerNormalization(), Activation("tanh"), top])
    yield Case("LayerNormalization of all axes after Conv2D",
               [image, Conv2D(3, 3), LayerNormalization((-3, -2, -1), epsilon=0.01), Flatten(), top])
    yield Case("LayerNormalization without scale or center",
               [Input(5), LayerNormalization(scale=False), Dense(6, "tanh"),
                LayerNormalization(center=False), top])

    for regularizer in (L1(0.01), L2(0.02), L1L2(0.01, 0.03)):
        yield Case("Dense with " + regularizer.text,
                   [Input(5), Dense(6, "tanh", kernel_regularizer=regularizer), top])
    yield Case("Conv2D with L2", [image, Conv2D(3, 3, kernel_regularizer=L2(0.05)), Flatten(), top])

    small = [Input(5), Dense(6, "tanh"), top]
    for optimizer in (
            SGD(), SGD(learning_rate=0.1, momentum=0.9),
            SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
            RMSprop(), RMSprop(learning_rate=0.01, rho=0.8, momentum=0.5), RMSprop(centered=True),
            Adam(), Adam(learning_rate=0.05, beta_1=0.8, beta_2=0.9, epsilon=1e-3),
            Adam(amsgrad=True), AdamW(), AdamW(learning_rate=0.01, weight_decay=0.1),
            Lion(), Lion(learning_rate=0.01, beta_1=0.8, beta_2=0.9, weight_decay=0.1),
            SGD(learning_rate=0.5, momentum=0.9, clipnorm=0.15), Adam(clipnorm=0.1),
            Lamb(), Lamb(learning_rate=0.05, beta_1=0.8, beta_2=0.9, epsilon=1e-3,
                         weight_decay=0.1)):
        yield Case("optimizer " + optimizer.text, small, optimizer)

    yield Case("labels of other values", small, labels=[-3, 4, 70])
    yield Case("one-hot labels", small, one_hot=True)
    yield Case("fewer rows than classes", [Input(5), Dense(7, "softmax")], rows=3)
    for name in ("linear", "sigmoid", "softmax"):
        yield Case("mean squared error, " + name, [Input(5), Dense(6, "tanh"), Dense(3, name)],
                   loss=mean_squared_error)
    yield Case("cross-entropy of sigmoids", [Input(5), Dense(6, "tanh"), Dense(3, "sigmoid")])

    yield Case("the report's CNN, smaller",
               [Input(12, 12, 1), Conv2D(4, 5, activation="relu"), MaxPooling2D(2), Flatten(),
                Dense(16, "relu"), Dense(10, "softmax")], SGD(learning_rate=0.05), rows=10)
    yield Case("the report's CNN, smaller, with Adam",
               [Input(12, 12, 1), Conv2D(2, 5, activation="relu"), MaxPooling2D(2), Flatten(),
                Dense(6, "relu"), Dense(10, "softmax")], Adam(), rows=10)


# --- writing --------------------------------------------------------------------------------------

def tensor(values, digits=7):
    """9 digits give a float32 exactly; 7 are enough for what is compared."""
    numbers = ", ".join("%.*g" % (digits, v) for v in values.detach().reshape(-1).tolist())
    return "{ shape = { %s }, %s }" % (", ".join(map(str, values.shape)), numbers)


def table(tensors, digits=7):
    lines = ["    [\"%s\"] = %s,\n" % (name, tensor(v, digits)) for name, v in tensors.items()]
    return "{\n%s  }" % "".join(lines)


def write(out, case, seed):
    labels = [case.labels[p] for p in case.positions]
    out.write("{ name = \"%s\", seed = %d,\n" % (case.name, seed))
    out.write("  layers = [[%s]],\n" % ", ".join(layer.text for layer in case.layers))
    out.write("  optimizer = [[%s]], loss = \"%s\", one_hot = %s,\n"
              % (case.optimizer.text, case.loss.__name__, lua(case.one_hot)))
    out.write("  input = %s,\n" % tensor(case.x, 9))
    out.write("  labels = %s, classes = %s,\n" % (lua(labels), lua(case.labels)))
    out.write("  weights = %s,\n" % table(case.weights, 9))
    out.write("  output = %s,\n" % tensor(case.output))
    out.write("  losses = %s,\n" % lua([float("%.9g" % v) for v in case.losses]))
    out.write("  gradients = %s,\n" % table(case.first))
    out.write("  after = %s,\n" % table(case.after))
    out.write("  output_after = %s,\n},\n" % tensor(case.output_after))


def main():
    torch.set_num_threads(1)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "nn.lua")
    with open(path, "w") as out:
        out.write("-- Made by make_nn.py; do not edit. Values of networks by PyTorch: see there.\n"
                  "-- luacheck: no max line length\nreturn {\n")
        for case in all_cases():
            seed = case.find()
            write(out, case, seed)
            print("%-55s seed %d" % (case.name, seed))
        out.write("}\n")
    print("%s: %d bytes" % (path, os.path.getsize(path)))


if __name__ == "__main__":
    main()
