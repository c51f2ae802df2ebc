"""One adversarial trainer for every system: a `keras.Model` used through `compile` and `fit`.

system = recipes.get("wgan_gp").build(settings)
trainer = Trainer(system)
trainer.compile()
trainer.fit(faces, epochs=3)
"""

import math
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
from keras import ops

from anime_color import engine, phases
from data_prep.errors import BadInput


@dataclass(frozen=True)
class System:
    """What a recipe builds, and all that training it needs.

    networks: built functional models by name, "generator" among them; a generator takes a dictionary of tensors
        by the names of the contract and returns scaled lab (batch, H, W, 3).
    phases: in the order in which they are trained.
    optimizers: by the names of the updates in the phases.
    latent_size: length of the noise.
    ema: decay of the averaged generator, 0 for none.
    multiple: the generator's height and width are multiples of this.
    """

    networks: dict[str, keras.Model]
    phases: tuple[phases.Phase, ...]
    optimizers: dict[str, keras.optimizers.Optimizer]
    latent_size: int
    ema: float
    multiple: int

    @property
    def updates(self):
        return [update for phase in self.phases for update in phase.updates]

    @property
    def parts(self):
        """Into how many parts a train step cuts its faces: every critic step has its own."""
        return max(update.repeats for update in self.updates)


class Trainer(engine.StepModel):
    """Trains a `System`; `averaged` is the exponential moving average of its generator, the one to use (the
    generator itself where the system asks for no average)."""

    def __init__(self, system, seed=0):
        super().__init__()
        self.system = system
        self.networks = system.networks
        self.averaged = system.networks["generator"]
        if system.ema:
            self.averaged = keras.models.clone_model(self.averaged)
            self.averaged.set_weights(system.networks["generator"].get_weights())
            self.averaged.trainable = False
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.steps = self.add_weight(
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            name="steps",
            aggregation="only_first_replica",
        )
        self.phase = system.phases[0]
        self._moves = {update: engine.part_of_step(partial(self._update, update)) for update in system.updates}
        self._means = {
            name: keras.metrics.Mean(name)
            for update in system.updates
            for name in [f"{update.name}_loss", *(f"{update.name}_{term.name}" for term in update.terms)]
        }
        self._carried_means = None
        self.built = True

    def call(self, inputs, training=False):
        """Pictures of the averaged generator, scaled lab."""
        return self.averaged(inputs, training=training)

    @property
    def metrics(self):
        return list(self._means.values())

    def compile(self, **options):
        """Builds the system's optimizers; `options` go to `keras.Model.compile`."""
        super().compile(optimizer=None, **{"jit_compile": engine.JIT_COMPILE, **options})
        half = keras.config.dtype_policy().compute_dtype == "float16"
        self.optimizers = {}
        for name, optimizer in self.system.optimizers.items():
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer) if half else optimizer
            trained = {n for update in self.system.updates if update.name == name for n in update.trains}
            optimizer.build([v for n in sorted(trained) for v in self.networks[n].trainable_variables])
            self.optimizers[name] = optimizer
        if engine.BACKEND == "jax":
            self.optimizer = engine.OptimizerGroup(self.optimizers.values())

    # Training -----------------------------------------------------------------------------------------------

    def fit(self, faces, epochs=1, callbacks=None, verbose="auto"):
        """Trains until `epochs` passes over `faces` (a `faces.Faces`) are done in all; None: until a callback stops it.

        Passes done before count, in this session or in the run whose state was loaded, also a part of one:
        the same call continues.
        """
        history = keras.callbacks.History()  # of all stretches; that of Keras begins anew with each
        history.epoch = []
        self.stop_training = False
        while not self.stop_training and (epochs is None or self.steps_done < epochs * len(faces)):
            epoch, into = divmod(self.steps_done, len(faces))
            phase_end = self._enter_phase(epoch)
            # a pass begun before is finished alone; a phase is a stretch of its own; without an end, so is a pass
            end = epoch + 1 if into or epochs is None else min(epochs, phase_end)
            stretch = super().fit(
                faces.after(self.steps_done),
                initial_epoch=epoch,
                epochs=end,
                steps_per_epoch=len(faces) - into,
                shuffle=False,
                callbacks=callbacks,
                verbose=verbose,
            )
            history.epoch += stretch.epoch
            for name, values in stretch.history.items():
                history.history.setdefault(name, []).extend(values)
        return history

    @property
    def steps_done(self):
        """Train steps taken, over all sessions."""
        return int(ops.convert_to_numpy(self.steps))

    def _enter_phase(self, epoch):
        """Makes the phase of `epoch` the current one and returns the epoch at which it ends."""
        end = 0
        for phase in self.system.phases:
            end = math.inf if phase.epochs is None else end + phase.epochs
            if epoch < end:
                break
        if phase is not self.phase:
            self.phase = phase
            self.train_function = None  # the compiled step belongs to the phase before
        return end

    def step(self, batch):
        """One train step.

        1. Each update of the phase, in order and as often as it repeats, moves its networks, each time on faces
           of its own and with fresh noise; the generator sees those of the last critic step, as in the ancestor.
        2. The averaged generator follows.
        """
        parts = max(update.repeats for update in self.phase.updates)
        logs = {}
        for update in self.phase.updates:
            for part in range(parts - update.repeats, parts):
                logs |= self._moves[update](self._part(batch, part, parts))
        if self.system.ema:
            self._follow()
        self.steps.assign(self.steps + 1)
        return logs

    def _part(self, batch, part, parts):
        """Rows of part `part` of `parts`; a short batch wraps around, so that no part is empty."""
        if parts == 1:
            return batch
        count = ops.shape(batch["l"])[0]
        size = (count + parts - 1) // parts
        rows = (ops.arange(size) + part * size) % count
        return {name: ops.take(values, rows, axis=0) for name, values in batch.items()}

    def _update(self, update, batch):
        optimizer = self.optimizers[update.name]
        variables = [v for name in update.trains for v in self.networks[name].trainable_variables]

        def loss_fn():
            scene = phases.Scene(self.networks, batch, self.system.latent_size, self.seed_generator, update.trains)
            values = {term.name: ops.cast(term.function(scene), "float32") for term in update.terms}
            total = sum(term.weight * values[term.name] for term in update.terms if term.weight)
            return optimizer.scale_loss(total), {"loss": total, **values}

        # an update moves the networks that it trains and nothing else, batch statistics included
        others = [
            v for n, network in self.networks.items() if n not in update.trains for v in network.non_trainable_weights
        ]
        before = [ops.copy(v.value) for v in others]
        (_, values), gradients = engine.value_and_gradients(loss_fn, variables)
        optimizer.apply(gradients, variables)
        for variable, value in zip(others, before, strict=True):
            variable.assign(value)
        logs = {}
        for name, value in values.items():
            mean = self._means[f"{update.name}_{name}"]
            mean.update_state(value)
            logs[mean.name] = mean.result()
        return logs

    def _follow(self):
        """averaged = decay * averaged + (1 - decay) * generator; batch statistics are copied. The decay rises to
        its value over the first steps, so that the random start is soon forgotten."""
        step = ops.cast(self.steps, "float32")
        decay = ops.minimum(self.system.ema, (1 + step) / (10 + step))
        generator = self.networks["generator"]
        trained = {id(v) for v in generator.trainable_variables}
        for variable, average in zip(generator.weights, self.averaged.weights, strict=True):
            value = ops.stop_gradient(variable.value)
            average.assign(decay * average + (1 - decay) * value if id(variable) in trained else value)

    # State --------------------------------------------------------------------------------------------------

    def reset_metrics(self):
        """Keras calls this at the start of an epoch; one that a loaded state is in the middle of goes on."""
        super().reset_metrics()
        if self._carried_means:
            for name, values in self._carried_means.items():
                for variable, value in zip(self._means[name].variables, values, strict=True):
                    variable.assign(value)
            self._carried_means = None

    def _state_variables(self):
        """Every variable that the next step depends on, by a name that does not change between sessions."""
        groups = {
            **{f"network/{name}": network.variables for name, network in self.networks.items()},
            "averaged": self.averaged.variables,
            **{f"optimizer/{name}": optimizer.variables for name, optimizer in self.optimizers.items()},
            **{f"mean/{name}": mean.variables for name, mean in self._means.items()},
            "trainer": [self.seed_generator.state, self.steps],
        }
        return {f"{group}/{i:04d}": v for group, variables in groups.items() for i, v in enumerate(variables)}

    def state(self):
        """NumPy arrays by name: networks, averaged generator, optimizers, random states, running means, steps."""
        return {name: ops.convert_to_numpy(v) for name, v in self._state_variables().items()}

    def begin_with(self, weights):
        """Takes over trained weights, lists of arrays by network name, before the first step; networks without any
        stay as they are. BadInput if they do not fit."""
        for name, arrays in weights.items():
            if name not in self.networks:
                continue  # a helper of the other run's losses
            if [tuple(v.shape) for v in self.networks[name].variables] != [array.shape for array in arrays]:
                raise BadInput(f"weights of another {name}: its settings must be those that shaped them")
            self.networks[name].set_weights(arrays)
        self.averaged.set_weights(self.networks["generator"].get_weights())

    def load_state(self, state):
        """Takes over what `state()` gave, in a trainer of the same system. BadInput if it does not fit."""
        variables = self._state_variables()
        if set(variables) != set(state):
            odd = sorted(set(variables) ^ set(state))[0]
            raise BadInput(f"state of another system: {odd} is on one side only; train it with the settings it has")
        for name, variable in variables.items():
            if tuple(variable.shape) != state[name].shape:
                raise BadInput(f"state of another system: {name} has shape {state[name].shape}, not {variable.shape}")
        for name, variable in variables.items():
            variable.assign(np.asarray(state[name]))
        self._carried_means = {
            name: [state[f"mean/{name}/{i:04d}"] for i in range(len(mean.variables))]
            for name, mean in self._means.items()
        }
