"""The only module that knows the backend: gradients inside a train step, and the seam to `fit`.

A train step is written once, imperatively, in `keras.ops` (trainer.py). TensorFlow and PyTorch run it as it
stands. JAX wants a pure function, so there the step runs inside a `keras.StatelessScope` over every variable
that it may read or assign.
"""

import contextlib
import contextvars
import logging
import platform
import sys
from pathlib import Path

import joblib
import keras
import numpy as np
from keras import ops

BACKEND = keras.backend.backend()

# Compiling pays on JAX always; on TensorFlow XLA costs 20 s at the start and gains nothing on a CPU; PyTorch's
# compiler refuses the double backward of a gradient penalty.
JIT_COMPILE = BACKEND == "jax"

if BACKEND == "tensorflow":
    import tensorflow as tf

    # Two passes of its graph optimizer are off: "remapping" cannot fuse leaky ReLUs whose gradient is differentiated
    # again, and says so on the screen; "arithmetic" reorders sums differently in each process, so that a resumed
    # run would differ from an uninterrupted one in the last bit.
    tf.config.optimizer.set_experimental_options({"remapping": False, "arithmetic_optimization": False})

    # Every network that colors or scores has a graph of its own, which TensorFlow takes for one graph made anew
    logging.getLogger("tensorflow").addFilter(lambda record: "retracing" not in record.getMessage())

    def part_of_step(function):
        """`function` of tensors as a graph of its own: a step that repeats it traces it once and holds less at a time.
        Replicas of a distributed step cannot have one."""
        return function if tf.distribute.has_strategy() else tf.function(function, reduce_retracing=True)

    def value_and_gradients(loss_fn, variables):
        """((loss, auxiliary), gradients) of `loss_fn() -> (loss, auxiliary)` for trainable `variables`."""
        values = [v.value for v in variables]
        # watching only what is trained keeps the other networks' activations off the tape
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            loss, auxiliary = loss_fn()
            # the optimizer sums gradients over replicas
            share = loss / tf.distribute.get_strategy().num_replicas_in_sync
        return (loss, auxiliary), tape.gradient(share, values)

    def mean_of_replicas(value):
        """The mean of a value over the replicas of a distributed step, so that all of them decide alike."""
        if tf.distribute.has_strategy():
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, value)
        return value

    def input_gradients(function, x):
        """Gradient of `sum(function(x))` for the tensor `x`, itself differentiable."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            total = ops.sum(function(x))
        return tape.gradient(total, x)

elif BACKEND == "torch":
    import torch

    def value_and_gradients(loss_fn, variables):
        """((loss, auxiliary), gradients) of `loss_fn() -> (loss, auxiliary)` for trainable `variables`."""
        loss, auxiliary = loss_fn()
        gradients = torch.autograd.grad(loss, [v.value for v in variables])
        return (loss.detach(), {name: value.detach() for name, value in auxiliary.items()}), gradients

    def input_gradients(function, x):
        """Gradient of `sum(function(x))` for the tensor `x`, itself differentiable."""
        x = x.detach().requires_grad_(True)
        return torch.autograd.grad(ops.sum(function(x)), x, create_graph=True)[0]

elif BACKEND == "jax":
    import jax

    _step_variables = contextvars.ContextVar("variables that the running train step may read or assign", default=None)

    def _apart(function, replaced=()):
        """(`function()`, moved): run in a scope of its own, where `replaced` variables have other values.

        moved: what it assigned meanwhile, batch statistics and seed states, by position among the variables of the
        step. A transformation of JAX has to return it; assigned inside, it would leak out of the trace.
        """
        everything = _step_variables.get()
        mapping = {id(v): (v, v.value) for v in everything} | {id(v): (v, value) for v, value in replaced}
        with keras.StatelessScope(state_mapping=list(mapping.values())) as scope:
            result = function()
        now = [scope.get_current_value(v) for v in everything]
        kept = {id(v) for v, _ in replaced}
        moved = {
            i: value
            for i, (v, value) in enumerate(zip(everything, now, strict=True))
            if id(v) not in kept and value is not mapping[id(v)][1]
        }
        return result, moved

    def _assign(moved):
        for i, value in moved.items():
            _step_variables.get()[i].assign(value)

    def value_and_gradients(loss_fn, variables):
        """((loss, auxiliary), gradients) of `loss_fn() -> (loss, auxiliary)` for trainable `variables`."""

        def pure(values):
            (loss, auxiliary), moved = _apart(loss_fn, list(zip(variables, values, strict=True)))
            return loss, (auxiliary, moved)

        values = [v.value for v in variables]
        (loss, (auxiliary, moved)), gradients = jax.value_and_grad(pure, has_aux=True)(values)
        _assign(moved)
        return (loss, auxiliary), gradients

    def input_gradients(function, x):
        """Gradient of `sum(function(x))` for the tensor `x`, itself differentiable."""
        if _step_variables.get() is None:
            return jax.grad(lambda x: ops.sum(function(x)))(x)
        gradients, moved = jax.grad(lambda x: _apart(lambda: ops.sum(function(x))), has_aux=True)(x)
        _assign(moved)
        return gradients

else:
    raise ImportError(f"KERAS_BACKEND={BACKEND}: Anime Color trains on tensorflow, jax or torch")

if BACKEND != "tensorflow":

    def part_of_step(function):
        """`function` itself: only TensorFlow gains by a graph for each part."""
        return function

    def mean_of_replicas(value):
        """The value itself: the arrays of JAX are whole on every device, and PyTorch uses one."""
        return value


class StepModel(keras.Model):
    """A `keras.Model` whose subclass writes its train step once, as `step(batch) -> logs`."""

    if BACKEND == "jax":

        def train_step(self, state, data):
            groups = [
                self.trainable_variables,
                self.non_trainable_variables,
                self.optimizer.variables,
                self.metrics_variables,
            ]
            everything = [v for group in groups for v in group]
            values = [value for group in state for value in group]
            token = _step_variables.set(everything)
            try:
                with keras.StatelessScope(state_mapping=list(zip(everything, values, strict=True))) as scope:
                    logs = self.step(data)
            finally:
                _step_variables.reset(token)
            current = (scope.get_current_value(v) for v in everything)
            after = iter([old if new is None else new for new, old in zip(current, values, strict=True)])
            return logs, tuple([next(after) for _ in group] for group in groups)

    else:

        def train_step(self, data):
            return self.step(data)


class OptimizerGroup:
    """Several optimizers as the one object in which the JAX trainer of Keras looks for its variables."""

    built = True

    def __init__(self, optimizers):
        self.variables = [v for optimizer in optimizers for v in optimizer.variables]


def parallel(names=None):
    """A context in which variables are made so that every device named shares each batch.

    names: of devices; None takes all GPUs. With fewer than two it changes nothing. Each network is mirrored, the
    batch is divided: TensorFlow by `tf.distribute.MirroredStrategy`, JAX by `keras.distribution.DataParallel`.
    PyTorch uses one device.
    """
    if BACKEND == "tensorflow":
        names = names or [d.name for d in tf.config.list_logical_devices("GPU")]
        if len(names) > 1:
            return tf.distribute.MirroredStrategy(names).scope()
    elif BACKEND == "jax":
        names = names or [name for name in keras.distribution.list_devices() if "cpu" not in name]
        if len(names) > 1:
            return keras.distribution.DataParallel(devices=names, auto_shard_dataset=False).scope()
    return contextlib.nullcontext()


def devices():
    """One line that says what the backend computes on."""
    if BACKEND == "tensorflow":
        found = [d.name for d in tf.config.list_physical_devices("GPU")]
    elif BACKEND == "torch":
        found = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    else:
        found = [str(d) for d in jax.devices() if d.platform != "cpu"]
    where = ", ".join(found) if found else "the CPU (no GPU found)"
    return f"Keras {keras.__version__} on {BACKEND}, computing on {where}"


def machine():
    """CPU, cores, versions and backend in one line."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    cpu = models[0] if models else platform.processor() or platform.machine()
    backend = sys.modules[BACKEND]
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, {backend.__name__} {backend.__version__}"
    return f"{cpu}, {joblib.cpu_count()} core{'s' * (joblib.cpu_count() > 1)}; {versions}, {devices()}"
