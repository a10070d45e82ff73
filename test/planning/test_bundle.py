# SPDX-License-Identifier: Apache-2.0
"""World model and search in one file: what Python finds, a C++ program finds, too."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from observed import observed
from robots import JOINTS, made_up_robot
from small_model import ACTION, in_memory, small_contract, small_jepa
from solving import problem
from solving import searched as solved

from ami_ros.errors import ConfigError
from ami_ros.model.files import read_verified, sidecar
from ami_ros.planning.bundle import write_bundle
from ami_ros.planning.noise import LastingNoise
from ami_ros.planning.settings import PlannerSettings, load_planner_settings
from ami_ros.types import Goal

HEIGHT, WIDTH, HORIZON, SAMPLES, ITERATIONS = 40, 48, 3, 16, 2
BLOCK = made_up_robot().actions.block
SETTINGS = {"horizon": HORIZON, "num_samples": SAMPLES, "num_iterations": ITERATIONS, "deadline_s": 60.0}

# What a user would write: load, fill in what the sensors say, plan.
PROGRAM = r"""
#include <torch/script.h>

#include <cstdio>

int main(int, char** argv) {
  torch::InferenceMode guard;
  torch::jit::Module bundle = torch::jit::load(argv[1]);
  const auto picture = [](int64_t start) {
    return torch::arange(start, start + 40 * 48 * 3).remainder(251).to(torch::kUInt8).view({40, 48, 3});
  };
  const c10::List<torch::Tensor> images({picture(0)});
  const torch::Tensor vectors = torch::arange(8).to(torch::kFloat) * 0.1;
  const torch::Tensor noise = torch::sin(torch::arange(2 * 16 * 3 * 6).to(torch::kFloat)).view({2, 16, 3, 6});
  const c10::List<torch::Tensor> goals[2] = {c10::List<torch::Tensor>({picture(7)}),
                                             c10::List<torch::Tensor>({torch::ones({4}) * 0.3})};
  for (const auto& goal : goals) {
    const torch::Tensor actions =
        bundle.get_method("plan")({images, vectors, goal, c10::List<int64_t>({0}), torch::zeros({3, 6}), noise})
            .toTensor()
            .contiguous();
    for (int64_t i = 0; i < actions.numel(); ++i) std::printf("%.9g\n", actions.data_ptr<float>()[i]);
  }
}
"""


def picture(start: int) -> torch.Tensor:
    values = torch.arange(start, start + HEIGHT * WIDTH * 3).remainder(251)
    return values.to(torch.uint8).view(HEIGHT, WIDTH, 3)


VECTORS = torch.arange(2 * JOINTS).float() * 0.1
NOISE = torch.sin(torch.arange(ITERATIONS * SAMPLES * HORIZON * ACTION).float()).view(
    ITERATIONS, SAMPLES, HORIZON, ACTION
)
GOALS = {"image": [picture(7)], "joints": [torch.full((JOINTS,), 0.3)]}
STILL = torch.zeros(HORIZON, ACTION)


def settings(**changes: object) -> PlannerSettings:
    return load_planner_settings({**SETTINGS, **changes})


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "plan.pt"
    model = small_jepa()
    write_bundle(model, small_contract(model), settings(), path)
    return path


def searched(goal: str, **changes: object) -> torch.Tensor:
    """What the planner's own search finds."""
    model = in_memory(small_jepa(), small_contract(small_jepa()))
    wanted = Goal(images={"camera": picture(7).numpy()})
    if goal == "joints":
        wanted = Goal(vectors={"joints": np.full(JOINTS, 0.3)})
    seen = observed(picture(0).numpy(), VECTORS[:JOINTS].numpy(), velocity=VECTORS[JOINTS:].numpy())
    noise = LastingNoise(settings().noise_correlation, HORIZON, BLOCK).of(NOISE)
    state, target = model.sense(seen).state, model.encode_goal(wanted, settings().distance)
    return solved(problem(model, settings(**changes), state, target, STILL, STILL), noise).actions


@pytest.mark.parametrize("goal", GOALS)
def test_it_finds_what_the_search_finds(bundle, goal):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        loaded = torch.jit.load(bundle)
    expected = searched(goal)
    assert expected.abs().max() > 0.1
    with torch.inference_mode():
        for _ in range(3):  # the first calls are profiled and optimised
            actions = loaded.plan([picture(0)], VECTORS, GOALS[goal], [0], STILL, NOISE)
            torch.testing.assert_close(actions, expected, atol=1e-5, rtol=0.0)


def test_a_push_against_a_wall_costs_what_it_costs_in_the_search(tmp_path):
    """The bundle's stall took the first number of a state for all of it."""
    stalls, model = {"terms.stall.weight": 20.0, "terms.stall.reach": 10.0}, small_jepa()
    write_bundle(model, small_contract(model), settings(**stalls), tmp_path / "plan.pt")
    loaded = torch.jit.load(tmp_path / "plan.pt")
    expected = searched("image", **stalls)
    assert (expected - searched("image")).abs().max() > 0.01, "else it would not matter"
    with torch.inference_mode():
        actions = loaded.plan([picture(0)], VECTORS, GOALS["image"], [0], STILL, NOISE)
    torch.testing.assert_close(actions, expected, atol=1e-5, rtol=0.0)


def test_its_hash_and_its_contract_are_with_it(bundle):
    digest = hashlib.sha256(bundle.read_bytes()).hexdigest()
    assert sidecar(bundle).read_text() == f"{digest}  plan.pt\n"
    assert read_verified(bundle).contract() == small_contract(small_jepa())


def test_a_baseline_is_no_search(tmp_path):
    model = small_jepa()
    with pytest.raises(
        ConfigError, match="solver: got hold, expected a solver that refits a Gaussian, such as cem or mppi"
    ):
        write_bundle(model, small_contract(model), settings(solver="hold"), tmp_path / "plan.pt")


def test_a_term_that_reads_sensors_by_name_is_refused(tmp_path):
    model = small_jepa()
    priced = settings(**{"terms.economy.weight": 1.0, "terms.economy.prices": "joint_1:=1"})
    with pytest.raises(ConfigError, match="terms.economy: expected weight 0: it reads sensors by name"):
        write_bundle(model, small_contract(model), priced, tmp_path / "plan.pt")
    assert not (tmp_path / "plan.pt").exists()


@pytest.mark.slow
def test_a_program_in_cpp_finds_the_same_actions(bundle, tmp_path):
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed")
    source, program, torch_folder = tmp_path / "plan.cpp", tmp_path / "plan", Path(torch.__file__).parent
    if not (torch_folder / "include" / "torch" / "script.h").is_file():
        pytest.skip("this torch was installed without its C++ headers")
    source.write_text(PROGRAM)
    headers = [torch_folder / "include", torch_folder / "include/torch/csrc/api/include"]
    libraries = torch_folder / "lib"
    subprocess.run(
        [
            compiler,
            "-std=c++17",
            f"-D_GLIBCXX_USE_CXX11_ABI={int(torch.compiled_with_cxx11_abi())}",
            *(f"-I{folder}" for folder in headers),
            source,
            "-o",
            program,
            f"-L{libraries}",
            f"-Wl,-rpath,{libraries}",
            *("-ltorch", "-ltorch_cpu", "-lc10"),
        ],
        check=True,
        timeout=300,
    )
    run = subprocess.run([program, bundle], check=True, capture_output=True, text=True, timeout=120)
    found = torch.tensor([float(line) for line in run.stdout.split()]).view(len(GOALS), HORIZON, ACTION)
    for actions, goal in zip(found, GOALS, strict=True):
        torch.testing.assert_close(actions, searched(goal), atol=1e-5, rtol=0.0)
