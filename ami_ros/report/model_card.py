# SPDX-License-Identifier: Apache-2.0
"""MODEL_CARD.md: what a model is, how it was made, and how good it is; every figure measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ami_ros.model.contract import Contract


def model_card(
    contract: Contract, sha256: str, figures: Mapping[str, Any], stages_s: Mapping[str, float], folder: str
) -> str:
    """Return the card as Markdown.

    Args:
        contract: of the exported model.
        sha256: of model.pt.
        figures: what `ami-ros evaluate --via direct --json` writes.
        stages_s: wall time of each stage of `make model`, s.
        folder: where the model lies, for the commands.
    """
    low, high = figures["success_5cm_ci"]
    low2, high2 = figures["success_2cm_ci"]
    seed, episodes = figures["seed"], figures["episodes"]
    lines = [
        f"# {contract.robot} {contract.task}",
        "",
        f"World model and planner for robot `{contract.robot}`, task `{contract.task}`, trained from pixels and",
        "actions only: no reward, no labels, no pretrained weights. Licence Apache-2.0, as the code. Trained in",
        "simulation on one fixed camera, light and table; it does not transfer to a real arm without new data.",
        "",
        "| | |",
        "|---|---|",
        f"| file | `model.pt`, SHA-256 `{sha256}` |",
        f"| weights | SHA-256 `{contract.weights_sha256}` |",
        f"| training data | SHA-256 `{contract.data_sha256}`, made by `ami-ros collect` |",
        f"| seed, code | {contract.seed}, ami_ros {contract.code_version} |",
        f"| image, latent | {contract.image_size} px square, {contract.latent_size} |",
        f"| action | {contract.control_mode}, {contract.action_size} numbers, up to {contract.max_tip_speed} m/s, "
        f"{contract.control_hz:g} Hz |",
        "",
        "## Closed loop",
        "",
        f"`ami-ros evaluate --task {contract.task} --model {folder}/model.pt --via direct --episodes {episodes} --seed {seed}`",
        "",
        f"{episodes} episodes, seeds from {seed} on, none of them used for tuning. Success is judged by the truth at",
        "the end of the episode; the planner decides from its latent alone that it has arrived. Wilson 95 % intervals.",
        "",
        "| | within 5 cm | within 2 cm |",
        "|---|---|---|",
        f"| {figures['planner']} | **{figures['success_5cm']:.2f}** ({low:.2f} to {high:.2f}) "
        f"| **{figures['success_2cm']:.2f}** ({low2:.2f} to {high2:.2f}) |",
    ]
    lines += [
        f"| {name} | {value:.2f} | {closely[name]:.2f} |" for name, value in figures["baselines"].items()
    ]
    lines += [
        "",
        "## Prediction on held-out episodes",
        "",
        "Mean squared error as a share of the latent's variance.",
        "",
    ]
    lines += ["| steps ahead | open loop | copy last state | actions shuffled |", "|---|---|---|---|"]
    gates = contract.gates
    rows = zip(
        gates["open_loop_error"], gates["copy_last_error"], gates["shuffled_action_error"], strict=True
    )
    lines += [f"| {i} | {a:.3f} | {b:.3f} | {c:.3f} |" for i, (a, b, c) in enumerate(rows, 1)]
    probes = ", ".join(f"{name} {value:.3f}" for name, value in gates["probes"].items())
    hardware = figures["hardware"]
    lines += [
        "",
        f"Linear probes (R2): {probes}. Effective rank {gates['effective_rank']:.1f} of {contract.latent_size}; latent",
        f"std {gates['latent_std']['min']:.2f} to {gates['latent_std']['max']:.2f}. "
        f"{gates['held_out_episodes']} episodes. Printed by `ami-ros inspect {folder}/model.pt`.",
        "",
        "## Reproduce",
        "",
        f"`make model` ({hardware['cpu']}, {hardware['cores']} cores): "
        + ", ".join(f"{name} {seconds / 60:.1f} min" for name, seconds in stages_s.items())
        + ".",
        "",
    ]
    return "\n".join(lines)
