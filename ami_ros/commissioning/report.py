# SPDX-License-Identifier: Apache-2.0
"""From the folder of a commissioning to its report."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ami_ros.commissioning.core.place import place_of
from ami_ros.commissioning.core.record import Commissioning
from ami_ros.commissioning.folder import CommissionFolder, end_picture, goal_picture
from ami_ros.commissioning.page import CommissionPage, render_commission
from ami_ros.evaluation.experiment import Experiment
from ami_ros.report.machine import hardware, versions
from ami_ros.system.whole_file import write_whole


def write_commission_report(
    experiment: Experiment, commissioning: Commissioning, folder: CommissionFolder, command: str, written: str
) -> Path:
    """Write report.html, and return its path.

    Args:
        experiment: what was commissioned.
        commissioning: the record.
        folder: holds the pictures.
        command: continues the commissioning.
        written: readable date and time.

    Raises:
        OutputError: it cannot be written.
    """
    configuration, spec = experiment.configuration, experiment.spec
    page = CommissionPage(
        title=f"{spec.name.capitalize()} {configuration.task_name}: commissioning",
        command=command,
        written=written,
        identity={
            "robot": spec.name,
            "robot file": configuration.robot,
            "task": configuration.task_name,
            "model": str(experiment.model),
            "model SHA-256": experiment.sha256,
            "model code": experiment.contract.code_version,
        },
        setup={
            "robot": "simulated, in lock-step" if commissioning.subject.simulated else "real, in real time",
            "processes": "planner and safety gate, over DDS",
            "planner": experiment.planner.solver,
            "control": f"{spec.actions.rate_hz:g} Hz",
            "cameras": ", ".join(image.name for image in spec.images_for("model")),
            "place by": ", ".join(place_of(spec).sensors),
        },
        settings=dataclasses.asdict(configuration.commission),
        hardware=hardware(),
        versions=versions(),
        units=place_of(spec).units,
    )
    content = render_commission(
        page,
        commissioning,
        lambda index: folder.picture(goal_picture(index)),
        lambda step, number: folder.picture(end_picture(step, number)),
    )
    write_whole(folder.report, content, private=True)  # it contains pictures
    return folder.report
