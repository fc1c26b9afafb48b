"""Makes tests/golden/keras.lua: what training must compute, by Keras itself in float64.

    python3 -m venv VENV; VENV/bin/pip install keras jax
    VENV/bin/python tests/golden/make_keras.py     (half a minute)

Made with Keras 3.15.1 and JAX 0.10.2 under Python 3.11. Numbers come from NumPy's RandomState, whose
stream never changes, so the file comes out the same every time.

Cases have the form of those of make_nn.py: a small network, one batch, the output before training,
the loss and the gradients of all weights, the loss of each of five epochs of that batch, the weights
and the outputs after them. `fit` are further options of fit.
"""
import os
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
import jax
import keras
import numpy as np

keras.config.set_floatx("float64")
STEPS, INPUTS, HIDDEN, ROWS = 5, 5, 6, 8
o, s, l = keras.optimizers, keras.optimizers.schedules, keras.losses


class Part:
    """A part of Keras, and the same in Lua."""
    def __init__(self, kind, **options):
        self.kind, self.options = kind, options

    def make(self):
        return self.kind(**{k: v.make() if isinstance(v, Part) else v
                            for k, v in self.options.items()})

    def __str__(self):
        return "nn.%s { %s }" % (self.kind.__name__, ", ".join(
            "%s = %s" % (k, lua(v)) for k, v in self.options.items()))


def lua(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "{ %s }" % ", ".join(map(lua, value))
    if isinstance(value, dict):
        return "{ %s }" % ", ".join("[%s] = %s" % (lua(k), lua(v)) for k, v in value.items())
    return str(value) if isinstance(value, Part) else repr(value).replace("np.float64", "")


class Case:
    def __init__(self, name, optimizer=Part(o.SGD, learning_rate=0.1), loss=None, last="softmax",
                 outputs=3, class_weight=None, sample_weight=None, one_hot=False):
        self.name, self.optimizer, self.last, self.outputs = name, optimizer, last, outputs
        self.loss, self.one_hot = loss or Part(l.CategoricalCrossentropy), one_hot
        self.class_weight, self.sample_weight = class_weight, sample_weight

    def run(self, seed):
        random = np.random.RandomState(seed)
        self.x = random.uniform(-1, 1, (ROWS, INPUTS)).astype(np.float32)
        self.labels = (np.arange(ROWS) * 7 % max(self.outputs, 2)).tolist()
        self.classes = sorted(set(self.labels))
        model = keras.Sequential([
            keras.Input((INPUTS,)), keras.layers.Dense(HIDDEN, activation="tanh", name="dense"),
            keras.layers.Dense(self.outputs, activation=self.last, name="dense_1")])
        names = ["dense.kernel", "dense.bias", "dense_1.kernel", "dense_1.bias"]
        self.weights = [random.uniform(-0.6, 0.6, w.shape).astype(np.float32)
                        for w in model.weights]
        model.set_weights(self.weights)
        model.compile(optimizer=self.optimizer.make(), loss=self.loss.make())
        y = np.array(self.labels, float).reshape(-1, 1) if self.outputs == 1 else \
            np.eye(self.outputs)[self.labels]
        given = None if self.sample_weight is None else np.array(self.sample_weight)
        weight = given
        if self.class_weight:
            weight = np.array([self.class_weight[c] for c in self.labels])
        trained = [v.value for v in model.trainable_variables]

        def loss(values):
            output = model.stateless_call(values, [], self.x, training=True)[0]
            return model.compute_loss(self.x, y, output, weight)
        self.first = jax.grad(loss)(trained)
        self.output = model.predict(self.x, verbose=0)
        history = model.fit(self.x, y, epochs=STEPS, batch_size=ROWS, shuffle=False, verbose=0,
                            sample_weight=given, class_weight=self.class_weight)
        self.losses = history.history["loss"]
        self.after = model.get_weights()
        self.output_after = model.predict(self.x, verbose=0)
        self.names = names
        return min(np.abs(g).min() for g in self.first) > 1e-4

    def find(self):
        self.seed = 1
        while not self.run(self.seed):
            self.seed += 1


def optimizers():
    sgd = dict(learning_rate=0.5, momentum=0.9)
    yield Part(o.SGD, **sgd, clipvalue=0.01)
    yield Part(o.Adam, clipvalue=0.02)
    yield Part(o.SGD, **sgd, global_clipnorm=0.2)
    yield Part(o.Lamb, global_clipnorm=0.1, weight_decay=0.1)
    yield Part(o.SGD, learning_rate=0.5, weight_decay=0.1)
    yield Part(o.SGD, **sgd, weight_decay=0.1)
    yield Part(o.SGD, **sgd, nesterov=True, weight_decay=0.1)
    yield Part(o.RMSprop, weight_decay=0.5)
    yield Part(o.RMSprop, centered=True, momentum=0.5, weight_decay=0.5)
    yield Part(o.Adam, weight_decay=0.5)
    yield Part(o.SGD, learning_rate=0.5, use_ema=True)
    yield Part(o.Adam, amsgrad=True, use_ema=True, ema_momentum=0.7)
    yield Part(o.SGD, learning_rate=0.5, clipnorm=0.2, use_ema=True, ema_momentum=0.5,
               ema_overwrite_frequency=2)


def muons():
    yield Part(o.Muon)
    yield Part(o.Muon, learning_rate=0.01, momentum=0.8, nesterov=False, ns_steps=3,
               weight_decay=0.1, adam_weight_decay=0.2, adam_beta_1=0.8, adam_lr_ratio=0.5)
    yield Part(o.Muon, rms_rate=1.0, clipnorm=0.1, use_ema=True)


def all_cases():
    for optimizer in optimizers():
        yield Case("optimizer %s" % optimizer, optimizer)
    for optimizer in muons():
        yield Case("optimizer %s" % optimizer, optimizer)
    for loss in (Part(l.CategoricalCrossentropy, label_smoothing=0.1),
                 Part(l.CategoricalFocalCrossentropy),
                 Part(l.CategoricalFocalCrossentropy, alpha=0.5, gamma=1.5, label_smoothing=0.1)):
        for last in ("softmax", "sigmoid"):
            yield Case("loss %s, %s" % (loss, last), loss=loss, last=last)
    for loss in (Part(l.BinaryCrossentropy), Part(l.BinaryCrossentropy, label_smoothing=0.2)):
        for last, outputs in (("sigmoid", 1), ("sigmoid", 3), ("softmax", 3)):
            yield Case("loss %s, %s, %d outputs" % (loss, last, outputs), loss=loss, last=last,
                       outputs=outputs)
    for loss in (Part(l.MeanAbsoluteError), Part(l.Huber), Part(l.Huber, delta=0.25)):
        for outputs in (1, 3):
            yield Case("loss %s, %d outputs" % (loss, outputs), loss=loss, last="linear",
                       outputs=outputs)
    yield Case("class_weight", class_weight={0: 1.0, 1: 3.0, 2: 0.5})
    sample_weight = [1.0, 0.5, 2.0, 0.0, 1.5, 0.25, 3.0, 1.0]
    yield Case("sample_weight", sample_weight=sample_weight)
    yield Case("sample_weight, Huber", sample_weight=sample_weight, loss=Part(l.Huber, delta=0.5),
               last="linear", outputs=1)


# --- writing --------------------------------------------------------------------------------------

def tensor(values, digits=7):
    values = np.asarray(values)
    numbers = ", ".join("%.*g" % (digits, v) for v in values.reshape(-1))
    return "{ shape = { %s }, %s }" % (", ".join(map(str, values.shape)), numbers)


def table(names, values, digits=7):
    return "{\n%s  }" % "".join("    [\"%s\"] = %s,\n" % (name, tensor(v, digits))
                                for name, v in zip(names, values))


def write(out, case):
    fit = {k: v for k, v in (("class_weight", case.class_weight),
                             ("sample_weight", case.sample_weight)) if v is not None}
    out.write("{ name = \"%s\", seed = %d,\n" % (case.name, case.seed))
    out.write("  layers = [[nn.Input { %d }, nn.Dense { %d, activation = \"tanh\" }, "
              "nn.Dense { %d, activation = \"%s\" }]],\n"
              % (INPUTS, HIDDEN, case.outputs, case.last))
    out.write("  optimizer = [[%s]], loss = [[%s]], one_hot = %s,\n"
              % (case.optimizer, case.loss, lua(case.one_hot)))
    if fit:
        out.write("  fit = { %s },\n" % ", ".join("%s = %s" % (k, lua(v)) for k, v in fit.items()))
    out.write("  input = %s,\n" % tensor(case.x, 9))
    out.write("  labels = %s," % lua(case.labels))
    out.write(" classes = %s,\n" % lua(case.classes) if case.outputs > 1 else "\n")
    out.write("  weights = %s,\n" % table(case.names, case.weights, 9))
    out.write("  output = %s,\n" % tensor(case.output))
    out.write("  losses = %s,\n" % lua([float("%.9g" % v) for v in case.losses]))
    out.write("  gradients = %s,\n" % table(case.names, case.first))
    out.write("  after = %s,\n" % table(case.names, case.after))
    out.write("  output_after = %s,\n},\n" % tensor(case.output_after))


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "keras.lua")
    with open(path, "w") as out:
        out.write("-- Made by make_keras.py; do not edit. Values of training by Keras: see there.\n"
                  "-- luacheck: no max line length\nreturn {\n")
        for case in all_cases():
            case.find()
            write(out, case)
            print("%-90s seed %d" % (case.name, case.seed))
        out.write("}\n")
    print("Keras %s, JAX %s: %s, %d bytes"
          % (keras.__version__, jax.__version__, path, os.path.getsize(path)))


if __name__ == "__main__":
    main()
