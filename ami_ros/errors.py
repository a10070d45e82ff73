# SPDX-License-Identifier: Apache-2.0
"""The error tree: everything that ami_ros raises on purpose, and how it quotes values.

Every message names the value received, the value expected and the remedy.
"""

from __future__ import annotations

import reprlib
from typing import Any

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 200
_short.maxlevel = 2
_short.maxlist = _short.maxtuple = _short.maxset = _short.maxdict = 30


def shown(value: Any) -> str:
    """Return `value` as a message shows it: its repr, shortened, safe for any file content."""
    return _short.repr(value)


def printable(text: str) -> str:
    """Return text for display in one line: unprintable characters as in `repr`.

    Terminal escape sequences, line ends and characters that reverse the writing direction are shown, not
    obeyed, so that a name from a file always looks like a name.
    """
    return text if text.isprintable() else "".join(map(_printable, text))


def printable_lines(text: str) -> str:
    """Return text of several lines for display; lines after the first are indented."""
    return "\n  ".join(map(printable, text.split("\n")))


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else repr(letter)[1:-1]


class AmiError(Exception):
    """Root of all errors that ami_ros raises on purpose."""


class ConfigError(AmiError):
    """A YAML file or setting is missing, mistyped, unknown or out of range."""


class EmbodimentError(ConfigError):
    """A robot description is inconsistent: limits inverted, joints missing, sizes off."""


class KinematicsError(AmiError):
    """A pose cannot be reached or the URDF does not fit the robot description."""


class ObservationError(AmiError):
    """An observation cannot be used."""


class ImageError(ObservationError):
    """An image has the wrong size, encoding, layout or no pixels."""


class JointStateError(ObservationError):
    """A joint state has missing, unknown, duplicated or non-finite joints."""


class GoalError(AmiError):
    """A goal is malformed or cannot be used with this model."""


class ProposalError(AmiError):
    """A proposed trajectory is malformed. The safety gate turns it into a verdict."""


class ModelError(AmiError):
    """A model cannot be used."""


class ModelFileError(ModelError):
    """A model file is missing, truncated or fails its SHA-256."""


class ContractError(ModelError):
    """A model does not fit this robot, camera or rate."""


class JudgementError(ModelError):
    """A model whose figures on held-out episodes predict that its plans fail."""


class EpisodeError(AmiError):
    """A recorded episode is missing, truncated or of another format version."""


class MemoryFileError(AmiError):
    """A memory is missing, damaged, of another version, or lacks the requested data."""


class TrainingError(AmiError):
    """Training cannot start or continue."""


class OutputError(AmiError):
    """A result cannot be written: the place is wrong, not ours, or full."""


class InUseError(AmiError):
    """Another process is doing the same in the same place."""


class ProcessError(AmiError):
    """A node or worker process did not start, died or did not answer in time."""


class DeviceError(AmiError):
    """A device is missing, was unplugged, or does not answer as it should."""
