# SPDX-License-Identifier: Apache-2.0
"""A body without camera and without arm: set points of a plant, planned from its sensors alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from small_model import SETTINGS, small_contract, small_jepa

from ami_ros.body.actions import ActionSpec, Channel
from ami_ros.body.groups import Group
from ami_ros.body.outputs import Output
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ANY_RATE, Band, VectorSensor
from ami_ros.body.simulation import NoSimulation
from ami_ros.errors import ConfigError
from ami_ros.model.export import export
from ami_ros.model.known import inputs_of
from ami_ros.model.runtime import ModelRuntime, load_model
from ami_ros.planning.objective import Objective
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import load_planner_settings
from ami_ros.planning.warm_up import warm_up
from ami_ros.types import DIRECT, Goal, Observation, Profile, Reading

TANK = VectorSensor(
    "tank", "tank", "Float64MultiArray", (("level", "m"), ("heat", "degC"), ("acid", "pH")), 1.0, 2.0, None,
    ("model", "gate"),
)  # fmt: skip
FLOW = VectorSensor("flow", "flow", "Float64MultiArray", (("inlet", "l/s"),), 1.0, 2.0, None, ("gate",))
CHANNELS = (Channel("pump", "l/s", 0.0, 4.0), Channel("heater", "W", 0.0, 900.0))
PLANT = RobotSpec(
    name="plant",
    sensors={"flow": FLOW, "tank": TANK},
    groups=(
        Group("valves", ActionSpec("setpoint", 1.0, 2, CHANNELS), Output("float_array", "set_points", 0.0)),
    ),
    simulation=NoSimulation(()),
    source="invented",
)
STEP_NS = PLANT.actions.step_ns


def observation(stamp_ns: int) -> Observation:
    values = {"flow": np.zeros(1), "tank": np.array([0.4, -0.3, 0.2])}
    return Observation({name: Reading(value, stamp_ns, stamp_ns) for name, value in values.items()})


def test_a_plant_is_planned_to_what_its_sensors_shall_measure(tmp_path):
    model = small_jepa(
        inputs=inputs_of(PLANT), action=4, settings=dataclasses.replace(SETTINGS, vector_hidden=7)
    )
    export(model, small_contract(model, PLANT), tmp_path / "model.pt")
    settings = load_planner_settings({"terms.disagreement.weight": 0.1, "num_samples": 16, "horizon": 3})
    planner = RecedingHorizonPlanner(load_model(tmp_path / "model.pt", PLANT), PLANT, settings, lambda: 0)
    warm_up(planner, PLANT)
    planner.set_goal(Goal(vectors={"tank": np.array([1.5, 2.0, -1.0])}))
    plans = [planner.plan(observation(step * STEP_NS)) for step in range(8)]
    for plan in plans:
        assert plan.actions.shape == (3, 2, 2)
        for index, channel in enumerate(CHANNELS):
            values = plan.actions[..., index]
            assert channel.low <= values.min() <= values.max() <= channel.high
        assert plan.distance > 1.0
        assert plan.predicted.shape == (3, 3)
        assert plan.disagreement > 0.0
        assert plan.surprise_terms["appearance"] == plan.surprise_terms["pose"] == 0.0
    assert set(plans[-1].surprise_terms) >= {"motion", "novelty"}


def test_a_plant_that_has_arrived_stays_where_it_is(tmp_path):
    """The middle of a channel's range is no rest for a set point."""
    model = small_jepa(inputs=inputs_of(PLANT), action=4)
    export(model, small_contract(model, PLANT), tmp_path / "model.pt")
    runtime = load_model(tmp_path / "model.pt", PLANT)
    held = load_planner_settings({"solver": "hold"})
    planner = RecedingHorizonPlanner(runtime, PLANT, held, lambda: 0)
    planner.set_goal(Goal(vectors={"tank": np.array([9.0, 9.0, 9.0])}))
    np.testing.assert_allclose(planner.plan(observation(STEP_NS)).actions[0], [PLANT.home] * 2)
    far = load_planner_settings({"num_samples": 16, "horizon": 3})
    planner = RecedingHorizonPlanner(runtime, PLANT, far, lambda: 0)
    planner.set_goal(Goal(vectors={"tank": np.array([9.0, 9.0, 9.0])}))
    moved = planner.plan(observation(STEP_NS)).actions
    here = observation(2 * STEP_NS)
    planner.set_goal(Goal(vectors={"tank": here["tank"].value}))
    plan = planner.plan(here)
    assert plan.arrived
    np.testing.assert_allclose(plan.actions.reshape(-1, 2), [moved[0, 0]] * 6, atol=1e-6)


def test_set_points_that_move_continue_the_search(tmp_path):
    model = small_jepa(inputs=inputs_of(PLANT), action=4)
    export(model, small_contract(model, PLANT), tmp_path / "model.pt")
    runtime = load_model(tmp_path / "model.pt", PLANT)
    settings = load_planner_settings({"num_samples": 16, "num_iterations": 1, "horizon": 3})
    far, further = (Goal(vectors={"tank": np.full(3, value)}) for value in (9.0, 9.5))

    def second_plan(*goals: Goal, restart: bool = False) -> bytes:
        planner = RecedingHorizonPlanner(runtime, PLANT, settings, lambda: 0)
        planner.set_goal(far)
        planner.plan(observation(STEP_NS))
        for goal in goals:
            planner.set_goal(goal)
        if restart:
            planner.restart()
        return planner.plan(observation(2 * STEP_NS)).actions.tobytes()

    assert second_plan() == second_plan(far) == second_plan(further, far)
    assert second_plan(further) != second_plan(further, restart=True)
    assert second_plan(None, far) == second_plan(far, restart=True)  # no goal between them: another task


def test_a_route_to_a_set_point_is_dropped_when_that_moves(tmp_path):
    model = small_jepa(
        inputs=inputs_of(PLANT), action=4, settings=dataclasses.replace(SETTINGS, macro_blocks=2)
    )
    export(model, small_contract(model, PLANT), tmp_path / "model.pt")
    runtime = load_model(tmp_path / "model.pt", PLANT)
    settings = load_planner_settings(
        {"num_samples": 16, "horizon": 3, "route": "learned", "routes.learned.near": 1.0, "deadline_s": 60.0}
    )
    planner = RecedingHorizonPlanner(runtime, PLANT, settings, lambda: 0)
    far, further = (Goal(vectors={"tank": np.full(3, value)}) for value in (9.0, 9.5))
    planner.set_goal(far)
    assert planner.plan(observation(STEP_NS)).way != DIRECT
    planner.set_goal(far)
    assert planner._guide.way != DIRECT
    planner.set_goal(further)
    assert planner._guide.way == DIRECT


def test_the_inverse_model_leads_toward_some_sensors_and_leaves_others_as_they_are(tmp_path):
    spec = dataclasses.replace(
        PLANT, sensors={"flow": dataclasses.replace(FLOW, used_by=("model",)), "tank": TANK}
    )
    model = small_jepa(inputs=inputs_of(spec), action=4)
    export(model, small_contract(model, spec), tmp_path / "model.pt")
    runtime = load_model(tmp_path / "model.pt", spec)
    planner = RecedingHorizonPlanner(
        runtime, spec, load_planner_settings({"solver": "inverse_model"}), lambda: 0
    )
    here, there = observation(STEP_NS), np.array([1.5, 2.0, -1.0])
    planner.set_goal(Goal(vectors={"tank": there}))
    actions = planner.plan(here).actions
    assert actions.shape == (1, 2, 2)
    whole = Goal(vectors={"flow": here["flow"].value, "tank": there})
    planner.set_goal(whole)
    np.testing.assert_allclose(planner.plan(here).actions, actions, atol=1e-5)
    planner.set_goal(Goal(vectors={"tank": -there}))
    assert np.abs(planner.plan(here).actions - actions).max() > 1e-3


def objective(folder: Path, spec: RobotSpec, changes: dict[str, object]) -> tuple[Objective, ModelRuntime]:
    model = small_jepa(inputs=inputs_of(PLANT), action=4)
    export(model, small_contract(model, PLANT), folder / "model.pt")
    runtime = load_model(folder / "model.pt", PLANT)
    return Objective(runtime, load_planner_settings(changes), spec), runtime


def costs(objective: Objective, runtime: ModelRuntime, states: torch.Tensor, actions: torch.Tensor):
    """Return the terms, by name, of states (S, Z) that each of two blocks leads to, compiled."""
    goal = runtime.encode_goal(Goal(vectors={"tank": np.zeros(3)}), "slow")
    _, terms = objective.costs.of_states(states[:1], goal, actions, torch.zeros(0, 0, 11), [states] * 2)
    return dict(zip(objective.settings.terms, terms.T, strict=True))


def test_states_outside_a_band_cost_by_how_far(tmp_path):
    """Values and bands in their units, whatever the model makes of them."""
    heat = Band("heat", -4.0, 6.0, turn_s=1.0, rate=ANY_RATE)
    banded = {**PLANT.sensors, "tank": dataclasses.replace(TANK, envelope=(heat,))}
    spec = dataclasses.replace(PLANT, sensors=banded)
    settings = {"terms.band.weight": 3.0, "terms.band.margin": 0.1}
    one, runtime = objective(tmp_path, spec, settings)
    values = np.array([[9.0, 1.0, 9.0], [9.0, 5.0, -9.0], [0.0, 9.0, 0.0], [0.0, -7.0, 0.0], [0.0, 5.5, 0.0]])
    states = runtime.world.normalised(0, torch.from_numpy(values).float())
    found = costs(one, runtime, states, torch.zeros(5, 2, 4))["band"]
    # Inside from -3 to 5: a width of 8.
    torch.testing.assert_close(found, 3.0 * torch.tensor([0.0, 0.0, 0.5, 0.5, 0.0625]) ** 2)
    unbanded, runtime = objective(tmp_path, PLANT, settings)
    assert not costs(unbanded, runtime, states, torch.zeros(5, 2, 4))["band"].any()


def test_a_goal_that_changes_counts_each_block_by_what_is_wanted_at_its_end(tmp_path):
    one, runtime = objective(tmp_path, PLANT, {})
    states = runtime.world.normalised(0, torch.tensor([[0.0, 0.0, 0.0], [4.0, 2.0, -6.0]]))
    goal = runtime.encode_goal(Goal(vectors={"tank": np.zeros(3)}), "slow")
    then = runtime.world.normalised(0, torch.tensor([[0.0, 0.0, 0.0], [4.0, 2.0, -6.0]]))
    away = runtime.distances(states, goal)[1]
    for later, expected in ((None, [0.0, away**2]), (then, [away**2 / 2, away**2 / 2])):
        cost = costs_of_goal(one, states, goal._replace(later=later))
        torch.testing.assert_close(cost, torch.tensor(expected), rtol=1e-4, atol=1e-6)


def costs_of_goal(one: Objective, states: torch.Tensor, goal) -> torch.Tensor:
    given = (states[:1], goal, torch.zeros(2, 2, 4), torch.zeros(0, 0, 11), [states] * 2)
    return one.costs.of_states(*given)[1][:, list(one.settings.terms).index("goal")]


def test_a_profile_is_followed_from_its_stamp_and_what_lies_ahead_counts(tmp_path):
    model = small_jepa(inputs=inputs_of(PLANT), action=4)
    export(model, small_contract(model, PLANT), tmp_path / "model.pt")
    runtime = load_model(tmp_path / "model.pt", PLANT)
    settings = load_planner_settings({"num_samples": 16, "num_iterations": 1, "horizon": 3})
    here, far = np.array([0.4, -0.3, 0.2]), np.full(3, 9.0)  # blocks of 2 s

    def plan(goal: Goal, at_s: int = 1):
        planner = RecedingHorizonPlanner(runtime, PLANT, settings, lambda: 0)
        planner.set_goal(goal)
        return planner.plan(observation(at_s * STEP_NS))

    def profile(start_s: int, *points: tuple[float, np.ndarray]) -> Goal:
        times = np.array([round(at_s * 1e9) for at_s, _ in points])
        way = Profile(start_s * STEP_NS, times, {"tank": np.stack([values for _, values in points])})
        return Goal(vectors={"tank": points[-1][1]}, profile=way)

    still = plan(Goal(vectors={"tank": here}))
    assert still.arrived and plan(profile(1, (0.0, here))).arrived
    assert plan(profile(1, (0.0, here), (60.0, here), (61.0, far))).arrived, "far behind the horizon"
    soon = plan(profile(1, (0.0, here), (3.0, here), (3.1, far)))
    assert not soon.arrived and soon.distance == pytest.approx(still.distance, abs=1e-5)
    over = plan(profile(1, (0.0, here), (3.0, here), (3.1, far)), at_s=30)
    assert over.actions.tobytes() == plan(Goal(vectors={"tank": far}), at_s=30).actions.tobytes()
    unset = plan(profile(0, (0.0, here), (60.0, here), (61.0, far)), at_s=500)
    assert unset.arrived, "without a stamp it begins when it is planned from"


def test_what_has_a_price_costs_it(tmp_path):
    settings = {"terms.economy.weight": 2.0, "terms.economy.prices": "tank.acid:=-0.5 heater:=0.01"}
    one, runtime = objective(tmp_path, PLANT, settings)
    values = torch.tensor([[0.0, 0.0, 1.0], [5.0, 5.0, 1.0], [0.0, 0.0, 3.0], [0.0, 0.0, 1.0]])
    actions = torch.zeros(4, 2, 4)
    actions[3, :, 1::2] = 1.0  # the heater's 900 W instead of 450
    found = costs(one, runtime, runtime.world.normalised(0, values), actions)["economy"]
    torch.testing.assert_close(
        found - found[0], torch.tensor([0.0, 0.0, -2.0 * 0.5 * 2.0, 2.0 * 0.01 * 450.0])
    )


def test_uncompiled_costs_of_a_models_file_are_the_compiled_ones(tmp_path):
    """They show which plans were turned down, and why."""
    one, runtime = objective(
        tmp_path, PLANT, {"terms.economy.weight": 1.0, "terms.economy.prices": "heater:=2"}
    )
    states, actions = torch.randn(3, 3), torch.rand(3, 2, 4)
    goal = runtime.encode_goal(Goal(vectors={"tank": np.zeros(3)}), "slow")
    given = (states[:1], goal, actions, torch.zeros(0, 0, 11), [states] * 2)
    with torch.inference_mode():
        for eager, compiled in zip(one.unhurried.of_states(*given), one.costs.of_states(*given), strict=True):
            torch.testing.assert_close(eager, compiled)


@pytest.mark.parametrize(
    ("prices", "why"),
    [
        ("tank.salt:=1", "expected sensor.value or a channel: .*tank.level.*heater"),
        ("flow.inlet:=1", "tank.level"),  # the model knows no flow
        ("heater:=dear", "expected name:=price"),
        ("heater", "expected name:=price"),
    ],
)
def test_a_price_of_nothing_is_refused(tmp_path, prices, why):
    one, _ = objective(tmp_path, PLANT, {"terms.economy.weight": 1.0, "terms.economy.prices": prices})
    with pytest.raises(ConfigError, match=why):
        one.unhurried  # noqa: B018


def test_a_plan_knows_earlier_readings_until_a_restart(tmp_path):
    settings = dataclasses.replace(SETTINGS, history=(4.0,))
    model = small_jepa(inputs=inputs_of(PLANT), action=4, settings=settings)
    export(model, small_contract(model, PLANT), tmp_path / "model.pt")
    runtime = load_model(tmp_path / "model.pt", PLANT)
    few = load_planner_settings({"num_samples": 16, "horizon": 2})
    planner = RecedingHorizonPlanner(runtime, PLANT, few, lambda: 0)
    planner.set_goal(Goal(vectors={"tank": np.full(3, 9.0)}))

    def traces(level: float, step: float) -> float:
        stamp_ns = round(step * STEP_NS)
        values = {"flow": np.zeros(1), "tank": np.array([level, 0.0, 0.0])}
        plan = planner.plan(Observation({n: Reading(v, stamp_ns, stamp_ns) for n, v in values.items()}))
        assert plan.state is not None and plan.predicted.shape == (2, 6)
        return float(plan.state[3])

    begun, settled = traces(0.0, 1), traces(1.0, 100)
    planner.restart()
    assert traces(0.0, 1) == begun
    block = traces(1.0, 3)  # a block of two control steps later
    assert block == pytest.approx(begun + (1.0 - np.exp(-0.25)) * (settled - begun), rel=1e-4)
    assert block < traces(1.0, 3.5) < settled  # in the middle of a step, too
    planner.set_goal(Goal(vectors={"tank": np.full(3, 8.0)}))
    assert traces(1.0, 4) > block  # a set point that moves forgets nothing
    assert traces(1.0, 2) == pytest.approx(settled, rel=1e-4)  # time ran back: as if it had long been so
