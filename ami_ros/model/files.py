# SPDX-License-Identifier: Apache-2.0
"""Model files on disk: read once, hashed, the contract taken from the same bytes; runs no code."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ami_ros.errors import ModelFileError
from ami_ros.model.contract import Contract
from ami_ros.settings.fields import is_file

CONTRACT_FILE = "contract.json"
MAX_CONTRACT_BYTES = 1_000_000  # a hundred times the usual; a packed file may unpack to anything


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A verified file as it was when hashed, regardless of later changes on disk.

    Attributes:
        path: path it was read from.
        content: the whole content.
        sha256: hash of `content`.
    """

    path: Path
    content: bytes
    sha256: str

    def contract(self) -> Contract:
        """Read the contract from the archive without loading the model.

        Raises:
            ModelFileError: not a model archive.
            ContractError: the contract is malformed.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
                found = [i for i in archive.infolist() if i.filename.endswith(f"/extra/{CONTRACT_FILE}")]
                if len(found) != 1:
                    raise ValueError(f"{len(found) or 'no'} contract{'s' * (len(found) > 1)} inside")
                if found[0].file_size > MAX_CONTRACT_BYTES:
                    raise ValueError(f"a contract of {found[0].file_size} bytes")
                text = archive.read(found[0])
        except Exception as error:  # zipfile and zlib raise a dozen kinds on damaged archives
            raise ModelFileError(f"{self.path}: not an ami_ros model ({error})") from error
        return Contract.from_json(text, str(self.path))


def sidecar(path: Path) -> Path:
    """Return the path of the file with the expected SHA-256 of a model file."""
    return path.with_name(path.name + ".sha256")


def read_verified(path: Path, sha256: str | None = None) -> ModelFile:
    """Read a model file and check it against `sha256` or its sidecar, before any code in it runs.

    Raises:
        ModelFileError: the file or its sidecar is missing or unreadable, or the hash differs.
    """
    try:
        if not is_file(path):
            advice = "train one with `ami-ros model`, or pass another path"
            raise ModelFileError(f"{path}: no such model file; {advice}")
        if sha256 is None:
            if not is_file(sidecar(path)):
                needed = "a TorchScript file is code, so its hash is required"
                raise ModelFileError(f"{path}: no {sidecar(path).name} next to it; {needed}")
            sha256 = (sidecar(path).read_text(errors="replace").split() or [""])[0]
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from error
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256.lower():
        raise ModelFileError(
            f"{path}: SHA-256 is {actual}, expected {sha256[:64]}: the file is truncated or not the one that "
            "the hash belongs to"
        )
    return ModelFile(path, content, actual)
