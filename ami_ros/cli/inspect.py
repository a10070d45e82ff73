# SPDX-License-Identifier: Apache-2.0
"""`ami-ros inspect`: what a model promises and what it showed on held-out episodes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ami_ros.cli import options
from ami_ros.errors import printable

if TYPE_CHECKING:
    from rich.table import Table

    from ami_ros.model.contract import Contract
    from ami_ros.model.judging.judgement import Judgement


def inspect(
    model: Annotated[Path, typer.Argument(help="A model.pt.")],
    json_file: options.Json = None,
) -> None:
    """Verify the hash and say in words what to expect of a model; then contract, provenance and quality.

    Whether it may plan is what the planner asks, too. Runs no code from the model.

    Example: ami-ros inspect models/panda_reach/model.pt
    """
    import dataclasses

    from ami_ros.model.files import read_verified
    from ami_ros.model.judging.judgement import judge
    from ami_ros.model.judging.settings import load_judgement_settings
    from ami_ros.model.measured import measured
    from ami_ros.system.whole_file import check_writable, write_whole

    check_writable(json_file)
    file = read_verified(model)
    promised, sha256 = file.contract(), file.sha256
    quality = measured(promised, str(model))
    contract = {name: value for name, value in dataclasses.asdict(promised).items() if name != "quality"}
    provenance = {k: contract[k] for k in ("data_sha256", "weights_sha256", "seed", "code_version")}
    judgement = judge(promised, load_judgement_settings())
    figures = {"contract": contract, "sha256": sha256, "provenance": provenance, "quality": quality}
    figures["judgement"] = dataclasses.asdict(judgement)
    try:
        if json_file is not None:
            write_whole(json_file, json.dumps(figures, indent=1) + "\n")
    finally:
        _print(model, file.sha256, promised, judgement, contract, quality)


def _print(
    model: Path,
    sha256: str,
    promised: Contract,
    judgement: Judgement,
    contract: dict[str, Any],
    quality: Mapping[str, Any],
) -> None:
    from rich.table import Table
    from rich.text import Text

    from ami_ros.system.terminal import Console

    console = Console()
    console.print(Text(printable(str(model)), "bold"), f" sha256 {sha256} (verified)")
    for line in filter(None, (*judgement.lines, judgement.next_step)):
        console.print(line)
    facts = Table("contract", "", show_header=True)
    for name, value in contract.items():
        if name not in ("sensors", "channels"):
            facts.add_row(name, str(value))
    for camera in promised.cameras:
        facts.add_row(f"sensor {camera.name}", f"image, {camera.size} px square, aspect {camera.aspect:.4g}")
    for vector in promised.vectors:
        moments = ", ".join(
            f"{mean:.3g}±{std:.3g} {unit}"
            for mean, std, unit in zip(vector.mean, vector.std, vector.units, strict=True)
        )
        facts.add_row(f"sensor {vector.name}", f"{', '.join(vector.values)}: {moments}")
    for channel in promised.channels:
        facts.add_row(f"channel {channel.name}", f"{channel.low:g} to {channel.high:g} {channel.unit}")
    console.print(facts)
    errors = Table(
        "blocks ahead",
        "open loop",
        "copy last state",
        "actions shuffled",
        title="prediction error / variance",
    )
    rows = zip(
        quality["open_loop_error"], quality["copy_last_error"], quality["shuffled_action_error"], strict=True
    )
    for step, row in enumerate(rows, 1):
        errors.add_row(str(step), *(f"{value:.4f}" for value in row))
    console.print(errors)
    for name, value in quality["probes"].items():
        console.print(f"probe {name}: R2 {value:.4f}")
    spread = ", ".join(f"{k} {v:.2f}" for k, v in quality["latent_std"].items())
    console.print(
        f"effective rank {quality['effective_rank']:.1f} of {contract['latent_size']}; latent std {spread}"
    )
    for name, value in quality["distance_spearman"].items():
        console.print(f"distance {name}: rank correlation {value:.3f} with the true one")
    console.print(
        f"disagreement: rank correlation with the one-step error {quality['disagreement_spearman']:.3f} "
        f"in the planner's metric, {quality['disagreement_spearman_l2']:.3f} in L2"
    )
    kinds = ", ".join(f"{k} {v:.3f}" for k, v in quality["surprise_auc_by_kind"].items())
    overall = _known("impossible from possible, AUC {:.3f}; ", quality["surprise_auc"])
    console.print(f"surprise: {overall}by kind: {kinds or 'no clips of events in the data set'}")
    for name, value in quality["beyond_range"].items():
        console.print(
            f"beyond the training range, {name}: AUC {value['auc']:.3f}, "
            f"{value['surprised']:.0%} of the pictures surprise"
        )
    if quality.get("alike"):
        console.print(
            "in a varied look, scenes differ {spread:.2f} times as much as in the plain look, with an error "
            "of {error:.3f} of the variance".format(**quality["alike"])
        )
    if hindsight := quality.get("hindsight"):
        console.print(_hindsight(hindsight))
    console.print(
        f"measured on {quality['held_out_episodes']} held-out episodes "
        f"and {quality['event_clips']} event clips"
    )


def _hindsight(figures: Mapping[str, list[float]]) -> Table:
    from rich.table import Table

    from ami_ros.model.measured import IN_HINDSIGHT

    title = "hindsight: plans toward the picture seen later; errors in usual ways of the worst channel"
    heads = ("s later", "cosine", "by chance", "to another picture", "error", "standing still", "moments")
    table = Table(*heads, title=title)
    for row in zip(*(figures[name] for name in IN_HINDSIGHT), strict=True):
        table.add_row(f"{row[0]:g}", *(f"{value:.2f}" for value in row[1:6]), f"{row[6]:g}")
    return table


def _known(text: str, value: float | None) -> str:
    return "" if value is None else text.format(value)
