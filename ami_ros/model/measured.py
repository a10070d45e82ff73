# SPDX-License-Identifier: Apache-2.0
"""The measured quality in a contract, checked before it is printed: planning never uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ami_ros.errors import ContractError, shown
from ami_ros.model.contract import Contract

# Output of training/quality.py. Quoted names are required; `str` stands for any name; None: if known.
QUALITY: dict[Any, Any] = {
    "open_loop_error": [float],
    "copy_last_error": [float],
    "shuffled_action_error": [float],
    "probes": {str: float},
    "effective_rank": float,
    "latent_std": {"min": float, "mean": float, "max": float},
    "distance_spearman": {str: float},
    "disagreement_spearman": float,
    "disagreement_spearman_l2": float,
    "surprise_auc": (float, None),
    "surprise_auc_by_kind": {str: float},
    "beyond_range": {str: {"auc": float, "surprised": float}},
    "event_clips": int,
    "held_out_episodes": int,
}
AHEAD = ("open_loop_error", "copy_last_error", "shuffled_action_error")  # one number per block each
KINDS: dict[Any, str] = {float: "a number", int: "an int", list: "a list", dict: "a mapping"}
ALIKE = {"spread": float, "error": float}  # only if the data have double exposures
# Only in files of later versions, or where training was asked for it.
IN_HINDSIGHT = ("ahead_s", "cosine", "chance", "elsewhere", "planned_error", "still_error", "moments")
HINDSIGHT = {name: [float] for name in IN_HINDSIGHT}
HISTORY = {"blocks": [float], "error": float}  # only without cameras
LATER: dict[str, Any] = {"history": HISTORY, "alike": ALIKE, "hindsight": HINDSIGHT, "shown": {str: [float]}}


def measured(contract: Contract, where: str) -> dict[str, Any]:
    """Return the contract's quality.

    Args:
        contract: contract of a model.
        where: name of its file in messages.

    Raises:
        ContractError: figures are missing or invalid: the model was not measured, or by other code.
    """
    quality = contract.quality
    misfits = list(_misfits(quality, QUALITY, "quality"))
    for name, shape in LATER.items():
        if quality.get(name):
            misfits += _misfits(quality[name], shape, f"quality.{name}")
    if not misfits and len({len(quality[name]) for name in AHEAD}) > 1:
        misfits = [
            f"quality: got {', '.join(AHEAD)} of different lengths, expected one number per block each"
        ]
    if misfits:
        raise ContractError(f"{where}: contract: {'; '.join(misfits)}; export the model again")
    return quality


def _misfits(value: Any, shape: Any, name: str) -> Iterator[str]:
    if isinstance(shape, tuple):
        shape = None if value is None else shape[0]
    if isinstance(shape, list) and isinstance(value, list):
        for i, item in enumerate(value):
            yield from _misfits(item, shape[0], f"{name}[{i}]")
    elif isinstance(shape, dict) and isinstance(value, dict):
        named = [key for key in shape if key is not str]
        if missing := [key for key in named if key not in value]:
            yield f"{name}: got {shown(sorted(value))}, expected also {missing}"
        for key in named or value:
            if key in value:
                yield from _misfits(value[key], shape.get(key, shape.get(str)), f"{name}.{key}")
    elif not _is(value, shape):
        yield f"{name}: got {shown(value)}, expected {KINDS.get(type(shape)) or KINDS[shape]}"


def _is(value: Any, kind: Any) -> bool:
    return value is None if kind is None else type(value) in ((int, float) if kind is float else (kind,))
