"""Makes tests/golden/schedules.lua: learning rates by Keras, and those of OneCycle by PyTorch; and
tests/golden/plateaus.lua: those of Keras's ReduceLROnPlateau.

    python3 -m venv VENV; VENV/bin/pip install keras jax torch
    VENV/bin/python tests/golden/make_schedules.py     (a few seconds)

Made with Keras 3.15.1, JAX 0.10.2 and PyTorch 2.15.0, in float64. A case is a schedule in Lua, and
its learning rates at steps counted from 0; or the scores of epochs, options, and the learning rate of
each epoch.
"""
import os
import types
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
import keras
import numpy as np
import torch

keras.config.set_floatx("float64")
keras_schedules = keras.optimizers.schedules


def lua(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "{ %s }" % ", ".join(map(lua, value))
    return '"%s"' % value if isinstance(value, str) else repr(value)


def text(name, options):
    return "nn.%s { %s }" % (name, ", ".join("%s = %s" % (k, lua(v)) for k, v in options.items()))


def of_keras(name, steps, **options):
    schedule = getattr(keras_schedules, name)(**{k: np.float64(v) if isinstance(v, float) else v
                                                 for k, v in options.items()})
    return text(name, options), steps, [float(schedule(s)) for s in steps]


def of_pytorch(max_learning_rate, total_steps, **options):
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_learning_rate, total_steps=total_steps, cycle_momentum=False, **options)
    rates = []
    for step in range(total_steps):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        if step < total_steps - 1:
            schedule.step()
    options = dict(max_learning_rate=max_learning_rate, total_steps=total_steps, **options)
    return text("OneCycle", options), list(range(total_steps)), rates


def cases():
    steps = [0, 1, 2, 7, 10, 11, 19, 20, 21, 35, 100]
    for staircase in (False, True):
        yield of_keras("ExponentialDecay", steps, initial_learning_rate=0.1, decay_steps=7,
                       decay_rate=0.96, staircase=staircase)
    yield of_keras("CosineDecay", steps, initial_learning_rate=0.1, decay_steps=20)
    yield of_keras("CosineDecay", steps, initial_learning_rate=0.1, decay_steps=20, alpha=0.25)
    yield of_keras("CosineDecay", steps, initial_learning_rate=0.01, decay_steps=15, alpha=0.1,
                   warmup_target=0.3, warmup_steps=10)
    yield of_keras("PiecewiseConstantDecay", steps, boundaries=[7, 20], values=[1.0, 0.5, 0.1])
    yield of_keras("PolynomialDecay", steps, initial_learning_rate=0.1, decay_steps=20)
    yield of_keras("PolynomialDecay", steps, initial_learning_rate=0.1, decay_steps=20,
                   end_learning_rate=0.01, power=0.5)
    yield of_keras("PolynomialDecay", steps, initial_learning_rate=0.1, decay_steps=10,
                   end_learning_rate=0.01, power=2.0, cycle=True)
    yield of_pytorch(0.1, 20)
    yield of_pytorch(0.1, 23, pct_start=0.25, anneal_strategy="linear", div_factor=10.0,
                     final_div_factor=100.0)
    yield of_pytorch(0.1, 20, three_phase=True)
    yield of_pytorch(0.1, 11, pct_start=0.0)


def plateau(scores, **options):
    callback = keras.callbacks.ReduceLROnPlateau(monitor="score", **options)
    optimizer = keras.optimizers.SGD(0.5)
    callback.set_model(types.SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    rates = []
    for epoch, score in enumerate(scores):
        rates.append(float(optimizer.learning_rate.numpy()
                           if hasattr(optimizer.learning_rate, "numpy")
                           else optimizer.learning_rate))
        callback.on_epoch_end(epoch, {"score": score})
    return scores, options, rates


def plateaus():
    falling = [9.0, 8.0, 8.5, 7.9995, 7.9, 8.0, 8.0, 8.0, 7.5, 7.6, 7.6, 7.6, 7.6, 7.6, 7.6, 7.6]
    yield plateau(falling, patience=2, mode="min")
    yield plateau(falling, patience=2, factor=0.5, min_delta=0.2, mode="min")
    yield plateau(falling, patience=1, factor=0.5, cooldown=1, mode="min")
    yield plateau(falling, patience=2, factor=0.5, cooldown=3, mode="min")
    yield plateau(falling, patience=0, factor=0.5, cooldown=2, min_lr=0.1, mode="min")
    yield plateau([-v for v in falling], patience=2, factor=0.25, mode="max")


def start(path, folder=os.path.dirname(os.path.abspath(__file__))):
    out = open(os.path.join(folder, path), "w")
    out.write("-- Made by make_schedules.py; do not edit. Learning rates by Keras and PyTorch.\n"
              "-- luacheck: no max line length\nreturn {\n")
    return out


def main():
    with start("plateaus.lua") as out:
        for scores, options, rates in plateaus():
            text = ", ".join("%s = %s" % (k, lua(v)) for k, v in options.items())
            out.write("{ scores = %s,\n  options = { %s },\n  rates = { %s } },\n"
                      % (lua(scores), text,
                         ", ".join("%.14g" % r for r in rates)))
        out.write("}\n")
    with start("schedules.lua") as out:
        for schedule, steps, rates in cases():
            out.write("{ [[%s]],\n  steps = %s,\n  rates = { %s } },\n"
                      % (schedule, lua(steps), ", ".join("%.14g" % r for r in rates)))
        out.write("}\n")
    print("Keras %s, PyTorch %s" % (keras.__version__, torch.__version__))


if __name__ == "__main__":
    main()
