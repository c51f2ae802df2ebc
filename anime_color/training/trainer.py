"""One adversarial trainer for every system: a `keras.Model` used through `compile` and `fit`.

system = recipes.get("wgan_gp").build(settings)
trainer = Trainer(system)
trainer.compile()
trainer.fit(faces, epochs=3)
"""

import math
from functools import partial

import keras
import numpy as np
from keras import ops

from anime_color import networks, presets
from anime_color.training import engine, phases
from anime_color.training.best import Best
from anime_color.training.turns import Turn, Turns
from data_prep.errors import BadInput


class Trainer(engine.StepModel):
    """Trains a `system.System`; `averaged` is the exponential moving average of its generator, the one to use (the
    generator itself where the system asks for no average)."""

    def __init__(self, system, seed=0):
        super().__init__()
        self.system = system
        self.networks = system.networks
        self.about = system.about()
        self.averaged = system.networks["generator"]
        if system.ema:
            self.averaged = keras.models.clone_model(self.averaged)
            self.averaged.set_weights(system.networks["generator"].get_weights())
            self.averaged.trainable = False
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.steps = self._counter("steps")
        self.phase_now = self._counter("phase_now", (3,))  # see `turns.Turns`
        self.phase_began = self._counter("phase_began", (), "float32")
        self.over = self._counter("over", (), "float32")  # how much of the phase is over, 0 to 1
        self.best = Best(self) if any(phase.keep_best for phase in system.phases) else None
        self.turns = Turns(self)
        self._moves = {
            update: engine.part_of_step(partial(self._update, phase, update))
            for phase in system.phases
            for update in phase.updates
        }
        self._means = {
            name: keras.metrics.Mean(name)
            for update in system.updates
            for name in [f"{update.name}_loss", *(f"{update.name}_{term.name}" for term in update.terms)]
        }
        self._carried_means = None
        self.interrupted = False  # by a signal, see `processes.stopped_by_signals`
        self.built = True

    def _counter(self, name, shape=(), dtype="int32"):
        return self.add_weight(
            shape=shape,
            dtype=dtype,
            initializer="zeros",
            trainable=False,
            name=name,
            aggregation="only_first_replica",
        )

    @property
    def phase(self):
        """The `Phase` that is trained now."""
        return self.turns.phase

    def call(self, inputs, training=False):
        """Pictures of the averaged generator."""
        return networks.color_path(self.averaged)(inputs, training=training)

    @property
    def metrics(self):
        return list(self._means.values())

    def compile(self, **options):
        """Builds the system's optimizers; `options` go to `keras.Model.compile`."""
        super().compile(optimizer=None, **{"jit_compile": engine.JIT_COMPILE, **options})
        half = keras.config.dtype_policy().compute_dtype == "float16"
        self.optimizers, self.learning_rates = {}, {}
        for name, optimizer in self.system.optimizers.items():
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer) if half else optimizer
            trained = {n for update in self.system.updates if update.name == name for n in update.trains}
            optimizer.build([v for n in sorted(trained) for v in self.networks[n].trainable_variables])
            self.optimizers[name] = optimizer
            self.learning_rates[name] = float(ops.convert_to_numpy(optimizer.learning_rate))
        if engine.BACKEND == "jax":
            self.optimizer = engine.OptimizerGroup(self.optimizers.values())

    # Training -----------------------------------------------------------------------------------------------

    def fit(self, faces, epochs=1, callbacks=None, verbose="auto", spent=None):
        """Trains until `epochs` passes over `faces` (a `faces.Faces`) are done in all; None: until a callback stops it.

        Passes done before count, in this session or in the run whose state was loaded, also a part of one:
        the same call continues. A phase with batches of its own takes as many steps as its share of those passes has.

        spent: function -> which share of the budget is spent, 0 to 1, where that is not `epochs`; phases take turns
            and learning rates fall by it.
        """
        history = keras.callbacks.History()  # of all stretches; that of Keras begins anew with each
        history.epoch = []
        total = math.inf if epochs is None else epochs * len(faces)
        spent = spent or (lambda: self.steps_done / total)
        self.stop_training = ended = False
        while not self.stop_training and self.steps_done < total:
            batches, since, passes = self.turns.enter(faces, spent(), ended)
            left = total - self.steps_done
            epoch, into = divmod(since, len(batches))
            if since and not into and self._carried_means:  # loaded between two passes
                means = {name: total / max(count, 1) for name, (total, count) in self._carried_means.items()}
                ended, self._carried_means = self.turns.ended(means), None
                if ended and self.turns.last:
                    break
                continue
            # a pass begun before is finished alone; without an end, a pass is a stretch of its own
            whole = 1 if into or left == math.inf else max(1, left // len(batches))
            turn = Turn(spent)
            stretch = super().fit(
                batches.after(since),
                initial_epoch=passes + epoch,
                epochs=passes + epoch + whole,
                steps_per_epoch=min(len(batches) - into, left),
                shuffle=False,
                callbacks=[*(callbacks or []), turn],  # last, for a stop that another asked for is final
                verbose=verbose,
            )
            ended = turn.ended
            self.stop_training = self.stop_training and (not turn.taken or (ended and self.turns.last))
            history.epoch += stretch.epoch
            for name, values in stretch.history.items():
                history.history.setdefault(name, []).extend(values)
        if self.phase.keep_best and (ended or self.steps_done >= total or spent() >= 1):
            self.best.restore()
        return history

    @property
    def steps_done(self):
        """Train steps taken, over all sessions."""
        return int(ops.convert_to_numpy(self.steps))

    def end_phase(self):
        """What the next phase finds: the averaged generator, or the best one that was kept, and no means of a pass that
        is over."""
        self._carried_means = None
        if self.phase.keep_best:
            self.best.restore()
        if self.steps_done:
            self.networks["generator"].set_weights(self.averaged.get_weights())

    def begin_phase(self, phase):
        """Before the first step of a phase that follows another."""
        if phase.begin:
            phase.begin(self.networks)
            self.averaged.set_weights(self.networks["generator"].get_weights())

    def step(self, batch):
        """One train step.

        1. Each update of the phase, in order and as often as it repeats, moves its networks, each time on faces
           of its own and with fresh noise; the generator sees those of the last critic step, as in the ancestor.
        2. The averaged generator follows.
        """
        parts = max(update.repeats for update in self.phase.updates)
        values = {}
        for update in self.phase.updates:
            for part in range(parts - update.repeats, parts):
                counts = update.gate and update.gate[1](engine.mean_of_replicas(values[update.gate[0]]))
                values |= self._moves[update](self._part(batch, part, parts), counts)
        if self.system.ema:
            self._follow()
        self.steps.assign(self.steps + 1)
        return {name: self._means[name].result() for name in values}

    def _part(self, batch, part, parts):
        """Rows of part `part` of `parts`; a short batch wraps around, so that no part is empty."""
        if parts == 1:
            return batch
        count = ops.shape(next(iter(batch.values())))[0]
        size = (count + parts - 1) // parts
        rows = (ops.arange(size) + part * size) % count
        return {name: ops.take(values, rows, axis=0) for name, values in batch.items()}

    def _update(self, phase, update, batch, counts=None):
        """One update on a batch; returns the loss and the terms of the batch, by their names in the log. Where `counts`
        is given and false, it moves nothing."""
        optimizer = self.optimizers[update.name]
        variables = [v for name in update.trains for v in self.networks[name].trainable_variables]
        paces = [update.pace(v) if update.pace else 1 for v in variables]
        variables, paces = zip(*[pair for pair in zip(variables, paces, strict=True) if pair[1]], strict=True)

        def loss_fn():
            scene = phases.Scene(
                self.networks, batch, self.system.latent_size, self.seed_generator, update.trains, phase.pictures
            )
            values = {term.name: ops.cast(term.function(scene), "float32") for term in update.terms}
            total = sum(term.weight * values[term.name] for term in update.terms if term.weight)
            return optimizer.scale_loss(total), {"loss": total, **values}

        # an update moves the networks that it trains and nothing else, batch statistics included
        own = {id(v) for n in update.trains for v in self.networks[n].weights}
        others = {
            id(v): v for network in self.networks.values() for v in network.non_trainable_weights if id(v) not in own
        }.values()
        before = [ops.copy(v.value) for v in others]
        paced = [(v, pace, ops.copy(v.value)) for v, pace in zip(variables, paces, strict=True) if pace != 1]
        moved = [v for n in update.trains for v in self.networks[n].weights] + optimizer.variables
        kept = [(v, ops.copy(v.value)) for v in moved] if update.gate else []
        if update.schedule:
            optimizer.learning_rate.assign(self.learning_rates[update.name] * update.schedule(self.over.value))
        (_, values), gradients = engine.value_and_gradients(loss_fn, variables)
        optimizer.apply(gradients, variables)
        for variable, value in zip(others, before, strict=True):
            variable.assign(value)
        for variable, pace, value in paced:
            variable.assign(value + pace * (variable.value - value))
        for variable, value in kept:
            variable.assign(ops.where(counts, variable.value, value))
        values = {f"{update.name}_{name}": value for name, value in values.items()}
        for name, value in values.items():
            self._means[name].update_state(value)
        return values

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
            **{f"network/{name}": network.weights for name, network in self.networks.items()},
            **{f"dropout/{name}": _random_states(network) for name, network in self.networks.items()},
            "averaged": self.averaged.weights,
            **{f"optimizer/{name}": optimizer.variables for name, optimizer in self.optimizers.items()},
            **{f"mean/{name}": mean.variables for name, mean in self._means.items()},
            "best": self.best.variables if self.best else [],
            "trainer": [self.seed_generator.state, self.steps, self.phase_now, self.phase_began, self.over],
        }
        named = {f"{group}/{i:04d}": v for group, variables in groups.items() for i, v in enumerate(variables)}
        first = {}  # a generator and the networks that it is made of share variables
        for name, variable in named.items():
            first.setdefault(id(variable), name)
        return {name: v for name, v in named.items() if first[id(v)] == name}

    def state(self):
        """NumPy arrays by name: networks, averaged generator, optimizers, random states, running means, steps."""
        return {name: ops.convert_to_numpy(v) for name, v in self._state_variables().items()}

    def begin_with(self, weights):
        """Takes over trained weights, lists of arrays by network name, before the first step; networks without any
        stay as they are. BadInput if they do not fit."""
        for name, arrays in weights.items():
            if name not in self.networks:
                continue  # a helper of the other run's losses
            presets.check_fits(name, self.networks[name], arrays)
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


def _random_states(network):
    weights = {id(v) for v in network.weights}
    return [v for v in network.variables if id(v) not in weights]
