# SPDX-License-Identifier: Apache-2.0
"""Runs a loaded module to check that it matches its contract, which is only a claim."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ami_ros.errors import ContractError, ModelFileError
from ami_ros.model.contract import Contract
from ami_ros.model.networks.inputs import Layout
from ami_ros.model.scripted import reason
from ami_ros.model.weights import weights_sha256
from ami_ros.model.world_model import exported


def check_module(module: Any, contract: Contract, where: str, device: torch.device) -> None:
    """Compare the weights' hash, and run the module once or twice in the sizes of its contract.

    The contract itself must be checked before.

    Args:
        module: the loaded module, on `device`, not frozen.
        contract: contract from the same file.
        where: name of the file in messages.
        device: device of the module.

    Raises:
        ModelFileError: methods are missing.
        ContractError: it has other weights, rejects the contract's inputs, returns something else, or sees
            more detail than images of the contract's size have.
    """
    missing = [name for name in exported(contract) if not hasattr(module, name)]
    if missing or not isinstance(getattr(module, "model", None), nn.Module):
        raise ModelFileError(
            f"{where}: got a module without {', '.join(missing) or 'model'}, "
            "expected one that `ami-ros export` wrote"
        )
    if (found := weights_sha256(module.model)) != contract.weights_sha256:
        raise ContractError(
            f"{where}: the contract contradicts the model: "
            f"weights_sha256: model {found}, contract {contract.weights_sha256}"
        )
    layout = Layout(contract.inputs, contract.latent_size, history=contract.history)
    vectors = torch.tensor([[n for vector in contract.vectors for n in vector.mean]], device=device)
    action = torch.zeros(1, contract.block_size, device=device)
    pictures = [_alike_at(camera.size) for camera in contract.cameras]
    fine, coarse = ([pair[i].to(device) for pair in pictures] for i in (0, 1))
    try:
        with torch.inference_mode():
            state, oddness = module.observe(fine, vectors)
            other, _ = module.observe(coarse, vectors)
            predicted = module.predict(state, action)
            goal = [other[0, : layout.view_size]]
            inverse = module.inverse_action(state[0], goal, [0])
            imagined = module.imagine(state) if contract.macro_blocks else None
            read = module.goal_readings(state, goal, [0]) if contract.reads_goals else []
    except Exception as error:  # the code in the file may raise anything
        sensors = ", ".join(s.name for s in contract.sensors)
        sizes = (
            f"{''.join(f'{camera.size} px images, ' for camera in contract.cameras)}"
            f"{vectors.shape[1]} numbers of vectors ({sensors}) and actions of "
            f"{contract.block} x {len(contract.channels)} numbers"
        )
        raise ContractError(
            f"{where}: the contract says {sizes}, which the model rejects: {reason(error)}"
        ) from error
    expected = {
        "state": (state, (1, layout.state_size)),
        "oddness": (oddness, (1,)),
        "predicted state": (predicted, (1, layout.state_size)),
        "inverse action": (inverse, tuple(action.shape[1:])),
    }
    for vector, target in zip(contract.inputs.vectors, read, strict=False):
        expected[f"reading of {vector.name}"] = (target, (vector.positions,))
    if imagined is not None:
        expected["imagined states"] = (imagined, (1, contract.macros, layout.state_size))
    wrong = [f"{n}: model {tuple(v.shape)}, contract {s}" for n, (v, s) in expected.items() if v.shape != s]
    if wrong:
        raise ContractError(f"{where}: the contract contradicts the model: {'; '.join(wrong)}")
    bad = [name for name, (value, _) in expected.items() if not bool(torch.isfinite(value).all())]
    if bad:
        raise ContractError(
            f"{where}: got non-finite numbers from the model in {', '.join(bad)}, expected finite ones"
        )
    for index, camera in enumerate(contract.cameras):
        span = slice(index * layout.view_size, (index + 1) * layout.view_size)
        one, two = state[:, span], other[:, span]
        if not torch.allclose(one, two, rtol=1e-3, atol=1e-3 * float(two.abs().max())):
            raise ContractError(
                f"{where}: the contract contradicts the model: sensor {camera.name}: "
                f"size: got {camera.size}, but the model was made for more detailed images"
            )


def _alike_at(side: int) -> tuple[Tensor, Tensor]:
    """Return two images (1, 2 S, 2 S, 3) uint8, with and without detail that vanishes at S x S pixels."""
    ramp = torch.arange(side * side * 3).view(1, side, side, 3) * 7 % 61 + 97
    coarse = ramp.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    squares = torch.arange(2 * side)
    detail = ((squares[:, None] + squares[None, :]) % 2 * 2 - 1)[None, :, :, None] * 90
    return (coarse + detail).to(torch.uint8), coarse.to(torch.uint8)
