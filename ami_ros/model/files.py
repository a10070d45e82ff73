# SPDX-License-Identifier: Apache-2.0
"""Model files on disk: hash, sidecar, and the contract read without running any code."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from ami_ros.errors import ModelFileError
from ami_ros.model.contract import Contract

CONTRACT_FILE = "contract.json"


def sidecar(path: Path) -> Path:
    """Return where the expected SHA-256 of a model file is kept."""
    return path.with_name(path.name + ".sha256")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def verify(path: Path, sha256: str | None = None) -> str:
    """Check a model file against `sha256` or its sidecar, before anything in it is run.

    Raises:
        ModelFileError: the file or its sidecar is missing, or the hash differs.
    """
    if not path.is_file():
        raise ModelFileError(f"{path}: no such model file; train one with `make model` or pass --model PATH")
    if sha256 is None:
        if not sidecar(path).is_file():
            needed = "a TorchScript file is code, so its hash is required"
            raise ModelFileError(f"{path}: no {sidecar(path).name} beside it; {needed}")
        sha256 = (sidecar(path).read_text(errors="replace").split() or [""])[0]
    actual = sha256_of(path)
    if actual != sha256:
        raise ModelFileError(
            f"{path}: SHA-256 is {actual}, expected {sha256}: truncated or not the file it claims to be"
        )
    return actual


def read_contract(path: Path) -> Contract:
    """Read the contract from the archive without loading the model.

    Raises:
        ModelFileError: not a model archive.
        ContractError: the contract is malformed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(n for n in archive.namelist() if n.endswith(f"/extra/{CONTRACT_FILE}"))
            text = archive.read(name)
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        raise ModelFileError(
            f"{path}: not an ami_ros model ({str(error) or 'no contract inside'})"
        ) from error
    return Contract.from_json(text, str(path))
