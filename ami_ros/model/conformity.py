# SPDX-License-Identifier: Apache-2.0
"""Does a loaded module do what its contract says? Tried out, for the contract is only what somebody wrote."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ami_ros.errors import ContractError, ModelFileError
from ami_ros.model.contract import Contract
from ami_ros.model.export import EXPORTED
from ami_ros.model.scripted import reason


def check_module(module: Any, contract: Contract, where: str, device: torch.device) -> None:
    """Run the module once or twice in the sizes of its contract, which must have been checked by itself.

    Not everything shows: mean and spread of the joints, and the weights' hash, are folded into the weights.

    Args:
        module: as loaded, on `device`.
        contract: from the same file.
        where: name of the file in messages.
        device: of the module.

    Raises:
        ModelFileError: methods are missing.
        ContractError: it does not take what the contract says, returns something else, or sees more detail
            than images of `image_size` have.
    """
    missing = [name for name in EXPORTED if not hasattr(module, name)]
    if missing:
        raise ModelFileError(
            f"{where}: got a module without {', '.join(missing)}, expected one that `ami-ros export` wrote"
        )
    joints = torch.tensor([contract.joint_mean], device=device)
    action = torch.zeros(1, contract.action_block * contract.action_size, device=device)
    fine, coarse = (image.to(device) for image in _alike_at(contract.image_size))
    try:
        with torch.inference_mode():
            latent, oddness = module.observe(fine, joints)
            other = module(coarse)
            predicted, moved = module.predict(latent, joints, action)
            inverse = module.inverse_action(latent[0], other[0], joints[0])
    except Exception as error:  # whatever the code in the file raises
        sizes = (
            f"{contract.image_size} px images, {len(contract.joint_names)} joints and actions of "
            f"{contract.action_block} x {contract.action_size} numbers"
        )
        raise ContractError(
            f"{where}: the contract says {sizes}, which the model does not take: {reason(error)}"
        ) from error
    size = contract.latent_size
    expected = {
        "latent": (latent, (1, size)),
        "oddness": (oddness, (1,)),
        "predicted latent": (predicted, (1, size)),
        "predicted joints": (moved, tuple(joints.shape)),
        "inverse action": (inverse, tuple(action.shape[1:])),
    }
    wrong = [f"{n}: model {tuple(v.shape)}, contract {s}" for n, (v, s) in expected.items() if v.shape != s]
    if wrong:
        raise ContractError(f"{where}: the contract contradicts the model: {'; '.join(wrong)}")
    bad = [name for name, (value, _) in expected.items() if not bool(torch.isfinite(value).all())]
    if bad:
        raise ContractError(f"{where}: the model answers with {', '.join(bad)} that are no finite numbers")
    if not torch.allclose(latent, other, rtol=1e-3, atol=1e-3 * float(other.abs().max())):
        raise ContractError(
            f"{where}: the contract contradicts the model: image_size: got {contract.image_size}, "
            "but the model sees more detail than such images have"
        )


def _alike_at(side: int) -> tuple[Tensor, Tensor]:
    """Return two images (1, 2 S, 2 S, 3) uint8, with and without detail that is gone at S x S pixels."""
    ramp = torch.arange(side * side * 3).view(1, side, side, 3) * 7 % 61 + 97
    coarse = ramp.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    squares = torch.arange(2 * side)
    detail = ((squares[:, None] + squares[None, :]) % 2 * 2 - 1)[None, :, :, None] * 90
    return (coarse + detail).to(torch.uint8), coarse.to(torch.uint8)
