# SPDX-License-Identifier: Apache-2.0
"""The engine is pyCycle's: its points, matched many at once; and it flies as an engine does."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pycycle", reason="needs the extra 'turbofan'", exc_type=ImportError)

from ami_ros.body.robot_spec import load_robot
from ami_ros.episodes.episode import list_episodes, read_episode
from benchmarks.turbofan.atmosphere import ambient
from benchmarks.turbofan.controllers import PI, Hold, MinMax
from benchmarks.turbofan.cycle import DESIGN, HIGH_RPM, LOW_RPM, TURBINE_INLET_R, sized, solved
from benchmarks.turbofan.gas import enthalpy, expanded, temperature
from benchmarks.turbofan.gated import GatedEngine
from benchmarks.turbofan.limits import FIRST, HIGH, LOW, RATE, STEP_S, STEPS
from benchmarks.turbofan.matching import HP, LB, LBF, RANKINE, Conditions, Engine
from benchmarks.turbofan.model import ROBOT
from benchmarks.turbofan.recording import Logs
from benchmarks.turbofan.rows import flown
from benchmarks.turbofan.world import SENSORS, World, followed

pytestmark = pytest.mark.filterwarnings("ignore")  # of OpenMDAO and pyCycle, about their own future
FOOT = 0.3048


@pytest.fixture(scope="module")
def size():
    return sized()


def one(value: float) -> np.ndarray:
    return np.array([value])


def matched(size, low, high, fuel, altitude_ft, mach, bleed):
    air = ambient(one(altitude_ft * FOOT))
    rest = (one(mach), one(1.0), one(bleed), one(1.0))
    return Engine(size).matched(Conditions(one(low), one(high), one(fuel * LB), *air, *rest))[0]


def test_at_the_design_point_both_say_the_same(size):
    found = matched(size, LOW_RPM, HIGH_RPM, size.fuel, 35_000.0, DESIGN["fc.MN"], DESIGN["hpc.cust:frac_W"])
    assert found.error[0] < 1e-5
    assert found.thrust[0] / LBF == pytest.approx(5500.0, rel=0.01)
    assert found.t4[0] * RANKINE == pytest.approx(TURBINE_INLET_R, rel=0.005)
    spent = found.thrust[0] / LBF  # powers are small next to what the turbines give, some 10,000 hp
    assert abs(found.low_w[0]) / HP < 150.0 and abs(found.high_w[0] / HP - 250.0) < 150.0 and spent > 0


def test_off_design_they_agree_within_two_percent(size):
    fuel = 0.85 * size.fuel
    theirs = solved(size, 35_000.0, 0.8, fuel, 0.0445)
    ours = matched(size, theirs["low_rpm"], theirs["high_rpm"], fuel, 35_000.0, 0.8, 0.0445)
    assert ours.thrust[0] / LBF == pytest.approx(theirs["thrust"], rel=0.02)
    for name in ("t3", "egt", "t4"):
        assert getattr(ours, name)[0] * RANKINE == pytest.approx(theirs[name], rel=0.01)
    for name in ("fan_margin", "lpc_margin", "hpc_margin"):
        assert 100.0 * getattr(ours, name)[0] == pytest.approx(theirs[name], abs=3.5)  # points


def test_gases_are_expanded_and_compressed_back():
    kelvin, burnt = np.array([300.0, 900.0, 1500.0]), np.array([0.0, 0.01, 0.025])
    np.testing.assert_allclose(temperature(enthalpy(kelvin, burnt), burnt), kelvin, rtol=1e-6)
    ratio = np.full(3, 0.2)
    colder = expanded(kelvin, ratio, burnt)
    assert (colder < 0.75 * kelvin).all()
    np.testing.assert_allclose(expanded(colder, 1.0 / ratio, burnt), kelvin, rtol=1e-5)


def test_more_fuel_than_steady_speeds_both_spools_up_and_a_worn_compressor_is_hotter(coarse):
    world = World(coarse)
    world.begin(0)
    rpm, knobs = world.rpm[None], world.inputs[None]
    steady, rich = world.run(rpm, knobs, 0), world.run(rpm, knobs + [0.1, 0.0, 0.0], 0)
    assert abs(steady.low_w[0]) < 0.2 * rich.low_w[0] and steady.high_w[0] < rich.high_w[0]
    world.health -= 0.02
    assert world.run(rpm, knobs, 0).high_w[0] < steady.high_w[0]


def test_profiles_of_a_seed_are_alike_and_controllers_are_not(coarse):
    world = World(coarse)
    found = [flown(world, controller, 4) for controller in (MinMax(3.0, 1.4), MinMax(3.0, 1.4), Hold())]
    np.testing.assert_array_equal(found[0].error, found[1].error)
    assert np.abs(found[0].error).mean() < 0.5 * np.abs(found[2].error).mean()
    assert len(found[0].error) == STEPS and found[0].burnt > 0.0


def test_pi_brings_thrust_to_its_demand(coarse):
    done = flown(World(coarse), PI(1.0, 2.0), 3)
    assert np.abs(done.error[~done.moving]).mean() < 3.0


def test_knobs_stay_within_ranges_and_rates():
    np.testing.assert_allclose(followed(FIRST, HIGH + 1.0), np.minimum(FIRST + RATE * STEP_S, HIGH))
    np.testing.assert_allclose(followed(LOW + 0.001, LOW - 1.0), LOW)


def test_flights_become_episodes(coarse, tmp_path):
    spec, logs = load_robot(str(ROBOT)), Logs(World(coarse), 2 * STEPS)
    logs.write(tmp_path, spec)
    first, second = (read_episode(path) for path in list_episodes(tmp_path))
    assert first.actions.shape == (STEPS, 3)
    np.testing.assert_allclose(second.vectors["egt"][:, 0], logs.seen[1, :, 5], rtol=1e-5)
    assert (logs.done >= LOW).all() and (logs.done <= HIGH).all()
    assert (np.abs(np.diff(logs.done, axis=1)) <= RATE * STEP_S + 1e-9).all()


@pytest.mark.parametrize(("knob", "end"), [(0, HIGH), (0, LOW), (1, HIGH), (2, LOW)])
def test_the_gate_leads_a_knob_where_a_plan_wants_it_as_fast_as_the_engine_allows(coarse, knob, end):
    gated, world = GatedEngine(load_robot(str(ROBOT))), World(coarse)
    seen, before = world.begin(1), FIRST
    gated.begin_at(before)
    gated.take_over(seen, before)
    for _ in range(2):
        wanted = before.copy()  # all knobs together would wait for the slowest
        wanted[knob] = end[knob]
        inputs = gated.inputs(np.tile(wanted, (3, 1, 1)), gated.sense(seen, before))
        allowed = followed(before, wanted)
        assert (np.abs(inputs - allowed) <= 0.02 * RATE * STEP_S).all(), f"{inputs} instead of {allowed}"
        np.testing.assert_allclose(followed(before, inputs), inputs, atol=1e-9)
        before = inputs
    assert gated.unsafe == 0 and gated.ticks["HOLD"] == gated.ticks["STOP"] == 0


def test_turbines_that_are_too_hot_get_no_more_fuel(coarse):
    gated, world = GatedEngine(load_robot(str(ROBOT))), World(coarse)
    seen = world.begin(1)
    gated.begin_at(world.inputs)
    gated.take_over(seen, np.array([0.0, 1.0, 0.04]))
    seen[5] = 1400.0
    inputs = gated.inputs(np.tile([0.1, 1.0, 0.0], (3, 1, 1)), gated.sense(seen, world.inputs))
    assert inputs[0] <= 1e-9 and gated.ticks["HOLD"] > 0 and gated.unsafe == 0


def test_thermocouples_are_read_through_lead_compensation(coarse):
    """In a slam the reading is nearer to the gas than the probe is."""
    world = World(coarse)
    world.begin(0)
    at, missed, probe = SENSORS.index("egt"), [], []
    for _ in range(4):
        seen = world.act(world.inputs + np.array([0.2, 0.0, 0.0]))
        gas = world.run(world.rpm[None], world.inputs[None], world.step).egt[0]
        missed.append(abs(seen[at] - gas))
        probe.append(abs(world._probed[at] - gas))
    assert max(probe) > 50.0  # K
    assert max(missed) < 0.6 * max(probe)
