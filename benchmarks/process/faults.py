# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks plant-faults`: sensors that break while a planner moves a plant of pc-gym."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from ami_ros.bench.faults import FaultRun, Told
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.cli import options
from ami_ros.errors import ConfigError
from ami_ros.safety.settings import PACE
from ami_ros.sim.faults.catalogue import Catalogue, Fault, name_of
from ami_ros.sim.faults.kinds import PROCESS
from ami_ros.sim.faults.vectors import OFF_NS, VECTOR_FAULTS, Measured, VectorFault
from ami_ros.types import Command, FloatArray, Observation, Reading, Verdict
from benchmarks.process.gated import GatedPlant

if TYPE_CHECKING:
    from ami_ros.model.runtime import ModelRuntime
    from ami_ros.planning.settings import PlannerSettings
    from benchmarks.process.world import World

SEED = 20_001
SILENT = "planner_killed"
BEFORE, AFTER = 10, 12  # control steps without and with the fault
THERE = 1e-9  # of a channel's unit


def plant_faults(
    plant: Annotated[str, typer.Option(help="cstr, four_tank, distillation or crystallisation.")],
    seeds: Annotated[int, typer.Option(help="Runs per fault.", min=1)] = 3,
    seed: options.Seed = SEED,
    folder: Annotated[
        Path, typer.Option(help="Folder of models, from `python -m benchmarks process`.")
    ] = Path("runs/process"),
    json_file: options.Json = None,
) -> None:
    """Break each sensor of a plant in each way, and the planner, while the gate judges its set points.

    An oracle of the wire counts commands beyond a range or a rate, and motion after a STOP. The gate must
    name each fault rightly, and reach the state that the robot's YAML gives a hold.

    Example: python -m benchmarks plant-faults --plant cstr --seeds 3 --json faults.json
    """
    from ami_ros.bench.faults import summarise_faults
    from ami_ros.cli.progress import progress_bar
    from ami_ros.configuration import Configuration
    from ami_ros.evaluation.figures import write_json
    from ami_ros.model.runtime import load_model
    from ami_ros.report.machine import hardware, versions
    from ami_ros.system.extras import require
    from ami_ros.system.terminal import say
    from ami_ros.system.whole_file import check_writable
    from benchmarks.process.plants import PLANTS, TASK
    from benchmarks.process.world import World

    if plant not in PLANTS:
        raise ConfigError(f"--plant: got {plant!r}, expected one of {list(PLANTS)}")
    check_writable(json_file)
    require("train", "process")
    one, configuration = PLANTS[plant], Configuration.load(str(PLANTS[plant].robot), str(TASK))
    spec = configuration.spec
    model = load_model(folder / plant / "model.pt", spec, task=configuration.task_name)
    faults, world = list(faults_of(spec)), World(one)
    runs: list[FaultRun] = []
    rested = 0
    with progress_bar("faults", len(faults) * seeds) as bar:
        for fault in faults:
            for number in range(seed, seed + seeds):
                run, is_at_rest = broken(world, model, spec, configuration.planner, fault, number)
                runs.append(run)
                rested += is_at_rest
                bar.update(1)
    figures = {"plant": plant, **summarise_faults(runs), "at_rest": rested, "seed": seed}
    for run in runs:
        if problem := run.problem():
            say(f"{run.fault.name}, seed {run.seed}: {problem}")
    say(
        f"{plant}: {len(runs)} runs of {len(faults)} faults, {figures['unsafe_commands']} unsafe commands, "
        f"{figures['moved_after_stop']} after a STOP, {figures['wrongly_named']} wrongly named, "
        f"{rested} at rest in the end"
    )
    write_json(json_file, {**figures, "hardware": hardware(), "versions": versions()})


def faults_of(spec: RobotSpec) -> Iterator[Fault]:
    """Give each fault of each sensor, and a planner that falls silent.

    What shows by control steps that do not come has as long as the gate waits for one.
    """
    catalogue = Catalogue(spec)
    least_s = (PACE + 1.0) * spec.step_ns / 1e9
    for sensor in spec.vectors:
        for kind in VECTOR_FAULTS:
            try:
                fault = catalogue.find(f"{kind}@{sensor.name}")
            except ConfigError:
                continue  # this sensor cannot have it
            yield dataclasses.replace(fault, within_s=fault.within_s + least_s)
    silent = catalogue.find(SILENT)
    yield dataclasses.replace(silent, within_s=max(silent.within_s, least_s))


def broken(
    world: World,
    model: ModelRuntime,
    spec: RobotSpec,
    settings: PlannerSettings,
    fault: Fault,
    seed: int,
) -> tuple[FaultRun, bool]:
    """Run a part of an episode with a fault in it; return it, and whether commands then came to rest."""
    from benchmarks.process.controllers import Ours

    gated = FaultyPlant(spec)
    ours = Ours(world.plant, model, spec, settings, gated)
    seen = world.begin(seed)
    ours.begin(world)
    for step in range(BEFORE + AFTER):
        if step == BEFORE:
            gated.break_down(fault, seed)
        if world.ends:
            break
        if fault.part == PROCESS and step >= BEFORE:
            seen, _ = world.act(gated.unplanned(seen, world.inputs))
        else:
            seen, _ = world.act(ours.act(world, seen))
    run = FaultRun(
        fault=fault,
        listed_as=fault.name,
        seed=seed,
        since_ns=gated.since_ns,
        told=tuple(gated.told),
        unsafe={},
        unsafe_commands=gated.unsafe - gated.moved_after_stop,
        moved_after_stop=gated.moved_after_stop,
    )
    return run, gated.at_rest


class FaultyPlant(GatedPlant):
    """A plant behind the gate, one sensor of which breaks.

    Args:
        spec: the robot.

    Attributes:
        since_ns: when it broke; None before.
        told: what the gate reported since.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self.since_ns: int | None = None
        self.told: list[Told] = []
        self._sensor = ""
        self._last: Reading | None = None  # usable one of the broken sensor
        self._spoil: VectorFault | None = None
        self._arrived: list[Measured] = []
        self._recent: list[FloatArray] = []
        super().__init__(spec)

    def break_down(self, fault: Fault, seed: int) -> None:
        """Begin a fault."""
        self.since_ns = self._sensed.time_ns
        if fault.sensor:
            self._sensor = fault.sensor
            self._spoil = VECTOR_FAULTS[fault.kind](np.random.default_rng(seed), OFF_NS)

    @property
    def moved_after_stop(self) -> int:
        """Commands that moved after a STOP so far."""
        return self._oracle.moved_after_stop

    @property
    def at_rest(self) -> bool:
        """Whether the last control step kept to what a hold leads to: the rest, or any constant values."""
        rest, recent = self._spec.standstill, np.array(self._recent)
        return len(recent) > 0 and bool(np.abs(recent - (recent[-1] if rest is None else rest)).max() < THERE)

    def sense(self, seen: FloatArray, inputs: FloatArray) -> Observation:
        """Return what a planner then has: of a broken sensor the last usable reading, however old."""
        observation = super().sense(seen, inputs)
        if self._spoil is None:
            return observation
        sound = observation.readings[self._sensor]
        self._arrived = self._spoil((sound.value, sound.stamp_ns))
        usable = [
            one for one in self._arrived if one[0].shape == sound.value.shape and np.isfinite(one[0]).all()
        ]
        if usable:
            self._last = Reading(*usable[-1], self._sensed.time_ns)
        return Observation({**observation.readings, self._sensor: self._last or sound})

    def unplanned(self, seen: FloatArray, inputs: FloatArray) -> FloatArray:
        """Let a control step pass in which nobody proposes anything; return its inputs (M,)."""
        self.step(None, self.sense(seen, inputs))
        return self._sensed.commanded

    def _see(self, observation: Observation) -> None:
        super()._see(
            Observation({name: it for name, it in observation.readings.items() if name != self._sensor})
        )
        now = self._sensed.time_ns
        for values, stamp_ns in self._arrived:
            if values.shape != (1,) or not np.isfinite(values).all():
                self._gate.see_refused(self._sensor, f"got {values.tolist()}, expected a finite number", now)
            else:
                self._gate.see_vector(self._sensor, zlib.crc32(values.tobytes()), stamp_ns, now, values)

    def _ticked(self, command: Command | None, verdict: Verdict) -> None:
        super()._ticked(command, verdict)
        if command is not None:
            self._recent = [*self._recent[1 - self._spec.step_ns // self._tick_ns :], command.position]
        if self.since_ns is not None and verdict.reasons:
            reasons = frozenset(name_of(reason) for reason in verdict.reasons)
            if not self.told or (self.told[-1].level, self.told[-1].reasons) != (verdict.level, reasons):
                self.told.append(Told(self._sensed.time_ns, verdict.level, reasons))
