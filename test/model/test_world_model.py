# SPDX-License-Identifier: Apache-2.0
"""The world model's answers: one camera and joints, several cameras and vectors, and no camera at all."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest
import torch
from small_model import ACTION, IMAGE_SIZE, LATENT, SETTINGS, in_memory, small_jepa

from ami_ros.errors import ContractError, GoalError, ObservationError
from ami_ros.model.conformity import check_module
from ami_ros.model.contract import Contract
from ami_ros.model.export import export
from ami_ros.model.files import read_verified
from ami_ros.model.known import KnownChannel, KnownImage, KnownVector
from ami_ros.model.networks.inputs import Inputs, VectorInput
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.restore import restored
from ami_ros.model.runtime import ModelRuntime
from ami_ros.model.scripted import load_scripted
from ami_ros.model.weights import weights_sha256
from ami_ros.model.world_model import WorldModel, exported
from ami_ros.planning.terms import reading
from ami_ros.types import Goal, Observation, Reading

JOINTS, FORCE, HORIZON, SAMPLES = 4, 6, 3, 5
ARM, WRENCH = VectorInput("joints", 2 * JOINTS, JOINTS), VectorInput("force", FORCE, FORCE)
BODIES = {
    "one camera": Inputs(("camera",), (ARM,)),
    "two cameras and a force": Inputs(("front", "wrist"), (ARM, WRENCH)),
    "no camera": Inputs((), (ARM, WRENCH)),
    "only a camera": Inputs(("camera",), ()),
}
EVERY = pytest.mark.parametrize("body", BODIES)


def contract_of(model: Jepa, inputs: Inputs) -> Contract:
    images = [KnownImage(name, "image", IMAGE_SIZE, 1.2) for name in inputs.cameras]
    vectors, start = [], 0
    for vector in inputs.vectors:
        names = [f"{vector.name}_{i}" for i in range(vector.positions)]
        moments = [v[start : start + vector.size].tolist() for v in (model.vector_mean, model.vector_std)]
        vectors.append(KnownVector(vector.name, "vector", names, ["unit"] * vector.size, *moments))
        start += vector.size
    architecture = {
        k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(model.settings).items()
    }
    channels = [KnownChannel(axis, "m/s", -0.4, 0.4) for axis in "xyz"]
    return Contract(
        4, "reach", "made_up", [*images, *vectors], "cartesian_velocity", 10.0, 2, channels, LATENT,
        [[-0.4] * 3, [0.4] * 3], architecture, "0" * 64, weights_sha256(model), 3, "test", {},
    )  # fmt: skip


def runtime(body: str, **settings) -> ModelRuntime:
    inputs = BODIES[body]
    model = small_jepa(inputs=inputs, settings=dataclasses.replace(SETTINGS, **settings))
    return in_memory(model, contract_of(model, inputs))


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (40, 48, 3), dtype=np.uint8)


def observation(body: str, seed: int = 0) -> Observation:
    inputs, generator = BODIES[body], np.random.default_rng(seed)
    values = {name: picture(seed + 10 * index) for index, name in enumerate(inputs.cameras)}
    values |= {vector.name: generator.normal(size=vector.size) for vector in inputs.vectors}
    # In another order than the model's: readings go by name.
    return Observation({name: Reading(value, 5, 5) for name, value in sorted(values.items())})


@EVERY
def test_a_state_is_the_latents_and_then_the_vectors(body):
    it, inputs = runtime(body), BODIES[body]
    seen = observation(body)
    state = it.sense(seen).state
    parts = [it.encode(seen[name].value, name) for name in inputs.cameras]
    vectors = np.concatenate([seen[v.name].value for v in inputs.vectors] or [np.zeros(0)])
    parts.append(it.world.model.normalise(torch.from_numpy(vectors).float()))
    torch.testing.assert_close(state, torch.cat(parts))
    assert it.sense(seen).oddness.shape == ()


@EVERY
@torch.inference_mode()
def test_scripted_it_answers_as_it_does_unscripted(body):
    it = runtime(body)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        other = torch.jit.freeze(torch.jit.script(it.world), preserved_attrs=list(exported(it.contract)))
    state, size = it.sense(observation(body)).state, it.world.model.view_size
    actions = torch.rand(SAMPLES, HORIZON, ACTION, generator=torch.Generator().manual_seed(1)) * 2 - 1
    goal, found = [torch.ones(size)], []
    for module in (it.world, other):
        states = module.states(state[None], actions.clone())
        torch.testing.assert_close(torch.stack(states, 1), module.rollout(state, actions))
        answers = (
            module.distances(states, goal, [0], "slow"),
            module.disagreement(state[None], states, actions),
            module.surprise(state, actions[0, :2].flatten(), states[1][0], torch.tensor(0.5)),
            module.inverse_action(state, goal, [0]),
            torch.stack(module.steered_states(state[None], actions.clone(), goal, [0], 2), 1),
        )
        assert all(torch.isfinite(answer).all() for answer in answers)
        found.append(answers)
    torch.testing.assert_close(*found, atol=1e-5, rtol=1e-5)
    assert answers[0].shape == answers[1].shape == (SAMPLES, HORIZON)
    assert answers[2].shape == (4,)
    assert answers[3].shape == (ACTION,)


@torch.inference_mode()
def test_predictions_depend_on_every_sensor():
    it = runtime("two cameras and a force")
    state = it.sense(observation("two cameras and a force")).state
    action = torch.zeros(1, ACTION)
    change = it.world.predict(state[None], action) - state
    for start, stop in ((0, LATENT), (LATENT, 2 * LATENT), (2 * LATENT, -FORCE), (len(state) - FORCE, None)):
        other = state.clone()
        other[start:stop] += 0.5
        assert (it.world.predict(other[None], action) - other - change).abs().max() > 1e-5


@torch.inference_mode()
def test_a_force_never_changes_what_an_image_means():
    it, seen = runtime("two cameras and a force"), observation("two cameras and a force")
    pushed = Observation({**seen.readings, "force": Reading(seen["force"].value + 9.0, 5, 5)})
    one, other = it.sense(seen).state, it.sense(pushed).state
    assert torch.equal(one[: 2 * LATENT], other[: 2 * LATENT])
    assert not torch.equal(one, other)


def test_cameras_have_encoders_of_their_own_or_share_one():
    own, shared = (runtime("two cameras and a force", shared_encoder=s) for s in (False, True))
    image = picture(3)
    assert not torch.equal(own.encode(image, "front"), own.encode(image, "wrist"))
    assert torch.equal(shared.encode(image, "front"), shared.encode(image, "wrist"))
    counts = [sum(p.numel() for p in it.world.model.encoders.parameters()) for it in (own, shared)]
    assert counts[0] == 2 * counts[1]


def test_vectors_may_have_a_network_of_their_own(tmp_path):
    inputs = BODIES["two cameras and a force"]
    settings = dataclasses.replace(SETTINGS, vector_hidden=13, shared_encoder=True)
    model = small_jepa(inputs=inputs, settings=settings)
    assert model.predictor.enter.in_features == 2 * LATENT + 13 + ACTION
    export(model, contract_of(model, inputs), tmp_path / "model.pt")
    again, _ = restored(read_verified(tmp_path / "model.pt"))
    state, action = torch.randn(2, model.state_size), torch.rand(2, ACTION)
    with torch.inference_mode():
        torch.testing.assert_close(again.predict(state, action), model.predict(state, action))


def test_a_goal_image_of_one_camera_or_of_both():
    it = runtime("two cameras and a force")
    state = it.sense(observation("two cameras and a force")).state
    front, wrist = {"front": picture(1)}, {"wrist": picture(2)}
    near, far = (it.distance(state, it.encode_goal(Goal(images=images), "slow")) for images in (front, wrist))
    both = it.distance(state, it.encode_goal(Goal(images={**wrist, **front}), "slow"))
    assert near != far
    assert both == pytest.approx(((near**2 + far**2) / 2) ** 0.5)
    goal = it.encode_goal(Goal(images=wrist), "slow")
    assert goal.parts == [1]
    steered = it.inverse_action(state, goal)
    assert steered.shape == (ACTION,)
    assert not torch.equal(steered, it.inverse_action(state, it.encode_goal(Goal(images=front), "slow")))


def test_what_a_goal_does_not_show_shall_stay():
    it = runtime("two cameras and a force")
    model, state = it.world.model, torch.randn(1, it.world.model.state_size)
    wanted = model.wanted(state, [torch.ones(LATENT)], [1])
    assert torch.equal(wanted[0, :LATENT], state[0, :LATENT])
    assert torch.equal(wanted[0, LATENT:], torch.ones(LATENT))


@pytest.mark.parametrize("body", ["two cameras and a force", "no camera"])
def test_vector_goals_are_measured_sensor_by_sensor(body):
    it, seen = runtime(body), observation(body)
    with torch.no_grad():
        it.world.model.vector_step_distance.copy_(torch.tensor([0.3, 0.7]))
    state = it.sense(seen).state
    turned, pushed = np.full(JOINTS, 0.2), np.full(FORCE, -0.4)
    gaps = (seen["joints"].value[:JOINTS] - turned, seen["force"].value - pushed)
    by_joints, by_force = (np.linalg.norm(gap) / step for gap, step in zip(gaps, (0.3, 0.7), strict=True))
    for vectors, expected in (
        ({"joints": turned}, by_joints),
        ({"force": pushed}, by_force),
        ({"force": pushed, "joints": turned}, ((by_joints**2 + by_force**2) / 2) ** 0.5),
    ):
        goal = it.encode_goal(Goal(vectors=vectors), "slow")
        assert it.distance(state, goal) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(GoalError, match="goal force: got 5 values, expected one for each of"):
        it.encode_goal(Goal(vectors={"force": np.zeros(FORCE - 1)}), "slow")


def test_without_camera_an_image_goal_is_refused_and_nothing_looks_odd():
    it = runtime("no camera")
    with pytest.raises(GoalError, match=r"got images of \['camera'\], expected some of \[\]"):
        it.encode_goal(Goal(images={"camera": picture(0)}), "slow")
    here, there = it.sense(observation("no camera")), it.sense(observation("no camera", 1))
    terms = it.surprise(here, np.zeros(2 * ACTION), there)
    assert terms["appearance"] == terms["pose"] == 0.0
    assert terms["motion"] > 0.0 < terms["novelty"]


@torch.inference_mode()
def test_a_steered_candidate_follows_the_inverse_model_and_disturbs_no_other():
    model = small_jepa()
    generator = torch.Generator().manual_seed(11)
    state, goal = (
        torch.randn(1, model.state_size, generator=generator),
        torch.randn(LATENT, generator=generator),
    )
    actions = torch.rand(7, HORIZON, ACTION, generator=generator) * 2 - 1
    steered = actions.clone()
    plain = torch.stack(model.states(state, actions), 1)
    states = torch.stack(model.steered_states(state, steered, [goal], [0], 3), 1)
    now = state
    for step in range(HORIZON):
        action = model.inverse(now, goal.unsqueeze(0))
        torch.testing.assert_close(steered[3, step], action[0])
        now = model.predict(now, action)
        torch.testing.assert_close(states[3, step], now[0])
    others = [0, 1, 2, 4, 5, 6]
    assert torch.equal(steered[others], actions[others])
    torch.testing.assert_close(states[others], plain[others])


@torch.inference_mode()
def test_a_rollout_is_predict_again_and_again():
    model = small_jepa()
    state = torch.randn(1, model.state_size, generator=torch.Generator().manual_seed(4))
    actions = torch.rand(7, HORIZON, ACTION, generator=torch.Generator().manual_seed(5)) * 2 - 1
    rolled = model.rollout(state, actions)
    assert rolled.shape == (7, HORIZON, model.state_size)
    torch.testing.assert_close(model.rollout(state.expand(7, -1), actions), rolled)
    now = state
    for step in range(HORIZON):
        now = model.predict(now, actions[3:4, step])
        torch.testing.assert_close(rolled[3, step], now[0])


TWO = "two cameras and a force"


def with_optional(*optional: str, odd: str = "") -> ModelRuntime:
    """A model that can do without some cameras; to it, every image of the camera `odd` looks odd."""
    inputs = BODIES[TWO]
    model = small_jepa(inputs=inputs)
    with torch.no_grad():
        model.surprise_gauge.scale.fill_(50.0)
        if odd:
            model.appearances[inputs.cameras.index(odd)].judge[-1].bias.fill_(1e3)
    world = WorldModel(model).eval()
    return ModelRuntime(world, contract_of(model, inputs), "", torch.device("cpu"), optional=optional)


def without(camera: str) -> Observation:
    seen = observation(TWO)
    return Observation({name: reading for name, reading in seen.readings.items() if name != camera})


@torch.inference_mode()
@pytest.mark.parametrize("camera", ["front", "wrist"])
def test_a_camera_that_is_missing_is_filled_in(camera):
    it, index = with_optional("front", "wrist"), ["front", "wrist"].index(camera)
    full, less = it.sense(observation(TWO)), it.sense(without(camera))
    assert full.left_out == () and less.left_out == (camera,)
    torch.testing.assert_close(less.state, it.world.complete(full.state[None], [index])[0])
    assert not torch.equal(less.state, full.state)


@torch.inference_mode()
@pytest.mark.parametrize("camera", ["front", "wrist"])
def test_a_camera_that_looks_like_nothing_known_is_left_out_and_does_not_surprise(camera):
    it = with_optional("front", "wrist", odd=camera)
    sensed = it.sense(observation(TWO))
    assert sensed.left_out == (camera,) and float(sensed.oddness) < 50.0
    torch.testing.assert_close(sensed.state, it.sense(without(camera)).state)


def test_a_required_camera_is_never_left_out():
    odd = with_optional("wrist", odd="front").sense(observation(TWO))
    assert odd.left_out == () and float(odd.oddness) > 50.0
    with pytest.raises(ObservationError, match="front"):
        with_optional("wrist").sense(without("front"))


def test_with_every_camera_odd_all_are_used_and_it_shows():
    it = with_optional("front", "wrist", odd="front")
    seen = it.sense(without("wrist"))
    assert seen.left_out == ("wrist",) and float(seen.oddness) > 50.0


def test_without_any_camera_nothing_is_sensed():
    it = with_optional("front", "wrist")
    blind = Observation({n: r for n, r in observation(TWO).readings.items() if n not in ("front", "wrist")})
    with pytest.raises(ObservationError, match=r"got no image, expected one of \['front', 'wrist'\]"):
        it.sense(blind)


def test_a_file_of_several_cameras_can_do_without_one(tmp_path):
    inputs = BODIES[TWO]
    model = small_jepa(inputs=inputs)
    export(model, contract_of(model, inputs), tmp_path / "model.pt")
    again, _ = restored(read_verified(tmp_path / "model.pt"))
    states = torch.randn(2, model.state_size)
    with torch.inference_mode():
        torch.testing.assert_close(again.complete(states, [1]), model.complete(states, [1]))


def test_a_file_that_reads_goals_says_so_and_plans_with_it(tmp_path):
    inputs = BODIES["two cameras and a force"]
    model = small_jepa(inputs=inputs, settings=dataclasses.replace(SETTINGS, reading_hidden=9))
    contract = contract_of(model, inputs)
    assert contract.reads_goals
    export(model, contract, tmp_path / "model.pt")
    file = read_verified(tmp_path / "model.pt")
    module = load_scripted(file, torch.device("cpu"))
    check_module(module, contract, "model.pt", torch.device("cpu"))
    state = torch.zeros(1, 2 * LATENT + 2 * JOINTS + FORCE)
    with torch.inference_mode():
        joints, force = module.goal_readings(state, [torch.ones(LATENT)], [1])
    assert joints.shape == (JOINTS,) and force.shape == (FORCE,)
    weighed = reading.Settings(weight=1.0, discount=0.8)
    assert reading.Term(module, weighed).world is module
    export(small_jepa(inputs=inputs), contract_of(small_jepa(inputs=inputs), inputs), tmp_path / "other.pt")
    other = load_scripted(read_verified(tmp_path / "other.pt"), torch.device("cpu"))
    with pytest.raises(ContractError, match="reads no goals"):
        reading.Term(other, weighed)
    more = {**contract.architecture, "reading_hidden": 0}
    assert not dataclasses.replace(contract, architecture=more).reads_goals
