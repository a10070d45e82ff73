# SPDX-License-Identifier: Apache-2.0
"""model.pt: written, verified before anything in it runs, loaded, and equal to what was exported."""

from __future__ import annotations

import dataclasses
import hashlib
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from observed import observed
from robots import JOINTS, made_up_robot
from small_model import LATENT, in_memory, small_contract, small_jepa

from ami_ros.errors import ContractError, GoalError, ImageError, ModelFileError, ObservationError
from ami_ros.model.distances import DISTANCES
from ami_ros.model.export import export
from ami_ros.model.files import read_verified, sidecar
from ami_ros.model.restore import restored
from ami_ros.model.runtime import ModelRuntime, load_model
from ami_ros.model.weights import order_for_planning, round_to_half, weights_sha256
from ami_ros.types import Goal, Observation

HEIGHT, WIDTH = 40, 48
SPEC = made_up_robot()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "deep" / "model.pt"
    model = small_jepa()
    export(model, small_contract(model), path)
    return path


@pytest.fixture(scope="module")
def runtime(shipped) -> ModelRuntime:
    return load_model(shipped, SPEC)


@pytest.fixture
def copy(shipped, tmp_path) -> Path:
    """A copy to damage, with its sidecar."""
    path = tmp_path / "model.pt"
    path.write_bytes(shipped.read_bytes())
    sidecar(path).write_bytes(sidecar(shipped).read_bytes())
    return path


def picture(seed: int = 1, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_export_leaves_model_and_sidecar_and_nothing_else(shipped):
    assert sorted(p.name for p in shipped.parent.iterdir()) == ["model.pt", "model.pt.sha256"]
    digest = hashlib.sha256(shipped.read_bytes()).hexdigest()
    assert sidecar(shipped).read_text() == f"{digest}  model.pt\n"  # what `sha256sum --check` reads
    assert read_verified(shipped).sha256 == digest


def test_no_path_of_the_machine_that_wrote_it_is_in_the_file(shipped):
    with zipfile.ZipFile(shipped) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert str(Path(export.__code__.co_filename).parent).encode() not in content
    assert b"site-packages" not in content


def test_the_contract_is_read_without_torch(shipped, monkeypatch):
    monkeypatch.setattr(torch.jit, "load", lambda *a, **k: pytest.fail("code from the file was loaded"))
    assert read_verified(shipped).contract() == small_contract(small_jepa())


def test_what_was_loaded_is_what_was_exported(runtime):
    model = small_jepa()
    order_for_planning(model)  # sums in the same order as the exported model
    eager = in_memory(model, small_contract(model))
    assert runtime.contract == eager.contract
    goal = Goal(images={"camera": picture(2)})
    observation = observed(picture(), np.linspace(-0.4, 0.5, JOINTS), velocity=np.linspace(0.1, -0.2, JOINTS))
    for _ in range(3):
        latent = runtime.encode(picture(), "camera")
        assert latent.shape == (LATENT,)
        torch.testing.assert_close(latent, eager.encode(picture(), "camera"), atol=1e-5, rtol=1e-5)
    for kind in DISTANCES:
        distances = [
            it.distance(it.sense(observation).state, it.encode_goal(goal, kind)) for it in (runtime, eager)
        ]
        assert distances[0] == pytest.approx(distances[1], rel=1e-4)
    state = eager.sense(observation).state
    actions = [it.inverse_action(state, eager.encode_goal(goal, "slow")) for it in (runtime, eager)]
    assert torch.equal(*actions)


def test_models_of_two_sizes_are_exported_by_one_process(tmp_path):
    for action in (3, 6):
        model = small_jepa(action=action)
        spec = made_up_robot(action_block=action // 3)
        export(model, small_contract(model, spec), tmp_path / "model.pt")
        runtime = load_model(tmp_path / "model.pt", spec)
        goal = runtime.encode_goal(Goal(images={"camera": picture(2)}), "slow")
        state = runtime.sense(observed(picture(), np.zeros(JOINTS))).state
        assert runtime.inverse_action(state, goal).shape == (action,)


def test_export_moves_weights_in_memory_and_changes_none(tmp_path):
    model = small_jepa()
    before = weights_sha256(model)
    export(model, small_contract(model), tmp_path / "model.pt")
    assert weights_sha256(model) == before
    assert model.predictor.enter.weight.t().is_contiguous()


def test_weights_hash_names_the_weights():
    assert weights_sha256(small_jepa(0)) == weights_sha256(small_jepa(0))
    assert weights_sha256(small_jepa(0)) != weights_sha256(small_jepa(1))


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(
        ModelFileError, match="no such model file; train one with `ami-ros model`, or pass another path"
    ):
        load_model(tmp_path / "model.pt", SPEC)
    with pytest.raises(ModelFileError, match="no such model file"):
        load_model(tmp_path, SPEC)


def test_a_missing_sidecar_is_refused_unless_a_hash_is_given(copy):
    sidecar(copy).unlink()
    with pytest.raises(ModelFileError, match=r"no model.pt.sha256 next to it; .* its hash is required"):
        load_model(copy, SPEC)
    assert load_model(copy, SPEC, sha256=hashlib.sha256(copy.read_bytes()).hexdigest()).contract.seed == 3


@pytest.mark.parametrize("content", [b"", b"0" * 64, b"\xff\xfe\xfd", b"\n\n"])
def test_a_wrong_sidecar_names_both_hashes(copy, content):
    sidecar(copy).write_bytes(content)
    actual = hashlib.sha256(copy.read_bytes()).hexdigest()
    with pytest.raises(ModelFileError, match=f"SHA-256 is {actual}, expected "):
        load_model(copy, SPEC)


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_refused_before_it_runs(copy, keep, monkeypatch):
    monkeypatch.setattr(torch.jit, "load", lambda *a, **k: pytest.fail("code from the file was loaded"))
    data = copy.read_bytes()
    copy.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(ModelFileError, match="the file is truncated or not the one"):
        load_model(copy, SPEC)


def test_one_flipped_bit_is_refused(copy):
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)
    with pytest.raises(ModelFileError, match="SHA-256"):
        load_model(copy, SPEC)


def trust(path: Path) -> str:
    """As if somebody had signed the damaged file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_trusted_garbage_is_still_no_model(copy):
    copy.write_bytes(b"not a zip archive")
    with pytest.raises(ModelFileError, match="not an ami_ros model"):
        load_model(copy, SPEC, trust(copy))
    with zipfile.ZipFile(copy, "w") as archive:
        archive.writestr("model/data.pkl", b"x")
    with pytest.raises(ModelFileError, match="no contract inside"):
        load_model(copy, SPEC, trust(copy))
    with zipfile.ZipFile(copy, "w") as archive:
        archive.writestr("model/extra/contract.json", small_contract(small_jepa()).to_json())
    with pytest.raises(ModelFileError, match="torch cannot load it"):
        load_model(copy, SPEC, trust(copy))
    with zipfile.ZipFile(copy, "w") as archive:
        archive.writestr("model/extra/contract.json", "{}")
    with pytest.raises(ContractError, match="contract format None"):
        load_model(copy, SPEC, trust(copy))


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"name": "ur5"}, "robot"), ({"control_hz": 5.0}, "rate_hz"), ({"action_block": 1}, "block")],
)
def test_a_wrong_robot_is_refused_before_the_code_runs(shipped, changes, message, monkeypatch):
    monkeypatch.setattr(torch.jit, "load", lambda *a, **k: pytest.fail("code from the file was loaded"))
    with pytest.raises(ContractError, match=f"model does not fit robot .*{message}: model"):
        load_model(shipped, made_up_robot(**changes))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((HEIGHT, WIDTH), np.uint8), "expected a uint8 RGB array"),
        (np.zeros((HEIGHT, WIDTH, 4), np.uint8), "expected a uint8 RGB array"),
        (np.zeros((HEIGHT, WIDTH, 3), np.float32), "expected a uint8 RGB array"),
        (np.zeros((0, WIDTH, 3), np.uint8), "empty"),
        (np.zeros((30, 36, 3), np.uint8), "got 36x30, expected at least 32x32 with aspect ratio 1.2"),
        (np.zeros((WIDTH, HEIGHT, 3), np.uint8), "got 40x48"),
        (np.zeros((64, 64, 3), np.uint8), "got 64x64"),
    ],
    ids=["grey", "rgba", "float", "empty", "small", "turned", "square"],
)
def test_images_that_do_not_fit(runtime, image, message):
    with pytest.raises(ImageError, match=f"camera image: .*{message}"):
        runtime.encode(image, "camera")
    if image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and image.size:
        with pytest.raises(GoalError, match=f"goal image of camera: .*{message}"):
            runtime.encode_goal(Goal(images={"camera": image}), "slow")


def test_a_goal_image_of_another_size_means_the_same(runtime):
    small = picture()
    large = np.repeat(np.repeat(small, 4, axis=0), 4, axis=1)
    torch.testing.assert_close(
        runtime.encode_goal(Goal(images={"camera": large}), "slow").targets,
        runtime.encode_goal(Goal(images={"camera": small}), "slow").targets,
        atol=2e-3,
        rtol=0,
    )


def test_images_may_be_views(runtime):
    flipped = picture()[::-1, ::-1]
    assert torch.equal(
        runtime.encode(flipped, "camera"), runtime.encode(np.ascontiguousarray(flipped), "camera")
    )
    frozen = picture()
    frozen.setflags(write=False)  # what np.frombuffer gives
    assert torch.equal(runtime.encode(frozen, "camera"), runtime.encode(picture(), "camera"))


@pytest.mark.parametrize("count", [JOINTS - 1, JOINTS + 1, 2 * JOINTS])
def test_a_joint_goal_of_the_wrong_length(runtime, count):
    with pytest.raises(GoalError, match=rf"got {count} values, expected one for each of \['joint_a'"):
        runtime.encode_goal(Goal(vectors={"joints": np.zeros(count)}), "slow")


def test_loading_twice_gives_the_same(shipped, runtime):
    again = load_model(shipped, SPEC)
    assert again.sha256 == runtime.sha256
    assert torch.equal(again.encode(picture(), "camera"), runtime.encode(picture(), "camera"))


def test_a_hash_may_be_written_in_capitals(copy):
    loud = hashlib.sha256(copy.read_bytes()).hexdigest().upper()
    sidecar(copy).write_text(f"{loud}  model.pt\n")
    assert load_model(copy, SPEC).sha256 == load_model(copy, SPEC, loud).sha256 == loud.lower()


def test_what_was_hashed_is_what_is_loaded_whoever_swaps_the_file_meanwhile(copy, monkeypatch):
    load = torch.jit.load

    def swapped(source, *arguments, **options):
        copy.write_bytes(b"another file")
        return load(source, *arguments, **options)

    monkeypatch.setattr(torch.jit, "load", swapped)
    assert load_model(copy, SPEC).encode(picture(), "camera").shape == (LATENT,)
    assert copy.read_bytes() == b"another file"


def exported(folder: Path, **changes) -> Path:
    """A model with another contract than its weights have."""
    model = small_jepa()
    contract = small_contract(model)
    if "size" in changes:
        camera, *others = contract.sensors
        changes["sensors"] = [dataclasses.replace(camera, size=changes.pop("size")), *others]
    export(model, dataclasses.replace(contract, **changes), folder / "model.pt")
    return folder / "model.pt"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 0}, "sensor camera: got size 0 and aspect 1.2, expected more than 0"),
        ({"size": 16}, "sensor camera: size: got 16, but the model was made for more detailed images"),
        ({"size": 41}, "sensor camera: size: model 41, robot's camera 48x40"),
        ({"size": 10**12}, "sensor camera: size: model 1000000000000, robot's camera 48x40"),
        ({"latent_size": 3}, r"the contract says .*which the model rejects"),
        ({"weights_sha256": "0" * 64}, "weights_sha256: model [0-9a-f]{64}, contract 0000"),
        ({"latent_size": 0}, "latent_size: got 0, expected more than 0"),
        ({"robot": "ur5"}, "robot: model ur5, robot made_up"),
        ({"task": "push"}, "model was made for task 'push', expected 'reach'"),
    ],
)
def test_a_contract_that_contradicts_its_weights_or_the_wish_is_refused(tmp_path, changes, message):
    with pytest.raises(ContractError, match=message):
        load_model(exported(tmp_path, **changes), SPEC, task="reach")


@pytest.mark.parametrize(
    ("joints", "action", "message"),
    [
        (JOINTS + 1, 6, "the contract says 32 px images, 8 numbers .*, which the model rejects"),
        (JOINTS, 9, "actions of 2 x 3 numbers, which the model rejects"),
    ],
)
def test_weights_of_another_robot_under_a_contract_of_ours(tmp_path, joints, action, message):
    model = small_jepa(joints=joints, action=action)
    contract = small_contract(small_jepa(), weights_sha256=weights_sha256(model))
    export(model, contract, tmp_path / "model.pt")
    with pytest.raises(ContractError, match=message) as caught:
        load_model(tmp_path / "model.pt", SPEC)
    assert "\n" not in str(caught.value)


def test_weights_that_are_no_numbers(tmp_path):
    model = small_jepa()
    with torch.no_grad():
        model.predictor.leave[1].bias.fill_(float("nan"))
    export(model, small_contract(model), tmp_path / "model.pt")
    with pytest.raises(ContractError, match="got non-finite numbers from the model in predicted state"):
        load_model(tmp_path / "model.pt", SPEC)


class Blind(torch.nn.Module):
    """TorchScript, but not a world model."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images


def test_a_module_that_is_no_world_model(tmp_path):
    path = tmp_path / "model.pt"
    files = {"contract.json": small_contract(small_jepa()).to_json()}
    torch.jit.save(torch.jit.script(Blind()), str(path), _extra_files=files)
    with pytest.raises(ModelFileError, match="a module without observe, encode, .*expected one that"):
        load_model(path, SPEC, trust(path))


def test_an_archive_with_two_contracts_or_one_that_unpacks_to_anything(copy):
    contract = small_contract(small_jepa()).to_json()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/extra/contract.json", contract)
        archive.writestr("b/extra/contract.json", contract)
    with pytest.raises(ModelFileError, match="not an ami_ros model .2 contracts inside"):
        load_model(copy, SPEC, trust(copy))
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/extra/contract.json", b" " * 2_000_000)
    with pytest.raises(ModelFileError, match="a contract of 2000000 bytes"):
        load_model(copy, SPEC, trust(copy))


def test_a_path_that_cannot_be_read(copy):
    with pytest.raises(ModelFileError, match="cannot be read: File name too long"):
        load_model(copy.with_name("a" * 5000), SPEC)


def test_the_weights_are_read_back_from_the_file_itself(shipped):
    model, contract = restored(read_verified(shipped))
    assert contract == small_contract(small_jepa())
    for name, value in small_jepa().state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_a_file_that_was_read_back_is_written_again_as_it_was(shipped, tmp_path):
    model, contract = restored(read_verified(shipped))
    export(model, contract, tmp_path / "model.pt")
    one, other = load_model(shipped, SPEC), load_model(tmp_path / "model.pt", SPEC)
    assert one.contract == other.contract
    seen = observed(picture(), np.linspace(-0.4, 0.5, JOINTS))
    assert torch.equal(one.sense(seen).state, other.sense(seen).state)


def test_weights_that_are_not_of_their_architecture_are_not_read_back(tmp_path):
    model = small_jepa()
    contract = small_contract(model)
    wide = {**contract.architecture, "predictor_hidden": 24}
    export(model, dataclasses.replace(contract, architecture=wide), tmp_path / "model.pt")
    with pytest.raises(ModelFileError, match="its weights do not fit its architecture"):
        restored(read_verified(tmp_path / "model.pt"))


def test_a_missing_sensor_and_a_vector_of_the_wrong_size(runtime):
    seen = observed(picture(), np.zeros(JOINTS))
    for name in ("camera", "joints"):
        rest = Observation({other: seen[other] for other in seen.readings if other != name})
        with pytest.raises(ObservationError, match=f"got .*, expected '{name}' as well"):
            runtime.sense(rest)
    with pytest.raises(
        ObservationError, match=r"observation joints: got shape \(10,\), expected a vector of 8"
    ):
        runtime.sense(observed(picture(), np.zeros(JOINTS + 1)))


def test_goals_that_the_model_cannot_see_name_both_sides(runtime):
    for goal, message in (
        (Goal(images={"wrist": picture()}), r"got images of \['wrist'\], expected some of \['camera'\]"),
        (Goal(vectors={"force": np.zeros(6)}), r"got vectors of \['force'\], expected some of \['joints'\]"),
        (
            Goal(vectors={"camera": np.zeros(6)}),
            r"got vectors of \['camera'\], expected some of \['joints'\]",
        ),
    ):
        with pytest.raises(GoalError, match=message):
            runtime.encode_goal(goal, "slow")


def test_rounded_weights_are_kept_in_half_the_bytes_and_come_back_to_the_bit(tmp_path):
    model = small_jepa()
    export(model, small_contract(model), tmp_path / "whole.pt")
    round_to_half(model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    export(model, small_contract(model), tmp_path / "half.pt")
    assert weights_sha256(model) == small_contract(model).weights_sha256
    assert {weights.dtype for weights in model.parameters()} == {torch.float32}
    again, _ = restored(read_verified(tmp_path / "half.pt"))
    for name, value in again.state_dict().items():
        assert value.dtype == before[name].dtype and torch.equal(value, before[name]), name
    sizes = [sum(p.nbytes for p in raw(tmp_path / n).parameters()) for n in ("whole.pt", "half.pt")]
    assert sizes[0] == 2 * sizes[1]
    seen = observed(picture(), np.linspace(-0.4, 0.5, JOINTS))
    states = [load_model(tmp_path / n, SPEC).sense(seen).state for n in ("whole.pt", "half.pt")]
    torch.testing.assert_close(*states, atol=2e-2, rtol=2e-2)
    assert not torch.equal(*states)


def raw(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(str(path))


def test_weights_too_large_for_half_keep_their_digits(tmp_path):
    model = small_jepa()
    with torch.no_grad():
        model.predictor.enter.weight.fill_(1e6)
    round_to_half(model)
    export(model, small_contract(model), tmp_path / "model.pt")
    again, _ = restored(read_verified(tmp_path / "model.pt"))
    assert (again.predictor.enter.weight == 1e6).all()
