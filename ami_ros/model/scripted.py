# SPDX-License-Identifier: Apache-2.0
"""Loads TorchScript files after their hash was verified: they are code."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import nn

from ami_ros.errors import ModelFileError
from ami_ros.model.files import ModelFile

# TorchScript is deprecated upstream. Warnings of torch: the first up to 2.13, the second in 2.15.
CATEGORIES = (DeprecationWarning, FutureWarning)
SOURCE_PATHS = ".debug_pkl"


Method = TypeVar("Method", bound=Callable[..., Any])


def offered(method: Method) -> Method:
    """Mark a method for compilation although no other method calls it.

    A decorator, because torch compiles a class once per process, with the methods marked by then.
    """
    torch.jit.export(method)
    return method


@contextmanager
def torchscript_deprecation_ignored() -> Iterator[None]:
    """Hide TorchScript's own deprecation warnings while the block runs."""
    with warnings.catch_warnings():
        for category in CATEGORIES:
            warnings.simplefilter("ignore", category)
        yield


def load_scripted(file: ModelFile, device: torch.device) -> nn.Module:
    """Return the module in evaluation mode, on `device`, from the verified bytes.

    Raises:
        ModelFileError: torch cannot load it.
    """
    try:
        with torchscript_deprecation_ignored():
            module: nn.Module = torch.jit.load(io.BytesIO(file.content), map_location=device)
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(
            f"{file.path}: torch cannot load it: {reason(error)}; expected a TorchScript file"
        ) from error
    return module.float().eval()  # files store weights in half precision


def frozen(module: nn.Module, methods: Sequence[str]) -> nn.Module:
    """Freeze a loaded module for inference only: weights become constants, and some layers are fused."""
    with torchscript_deprecation_ignored():
        fixed: nn.Module = torch.jit.freeze(module.eval(), preserved_attrs=list(methods))
    return fixed


def is_compiled(module: object) -> bool:
    """Return whether `module` came from a file or from the compiler."""
    return isinstance(module, torch.jit.ScriptModule)


def compiled(module: nn.Module, methods: Sequence[str]) -> nn.Module:
    """Return `module`, which may hold loaded ones, as one compiled module with `forward` and `methods`."""
    with torchscript_deprecation_ignored():
        return frozen(torch.jit.script(module.eval()), methods)


def readable(module: nn.Module) -> nn.Module:
    """Return `module` compiled with its weights kept, so that they can be read back."""
    with torchscript_deprecation_ignored():
        scripted: nn.Module = torch.jit.script(module)
    return scripted


def content_of(module: nn.Module, files: Mapping[str, Any]) -> bytes:
    """Return a TorchScript file of a compiled module, with other files in it by name.

    It lacks the paths of the source files that torch records for each line of code.
    """
    content, kept = io.BytesIO(), io.BytesIO()
    with torchscript_deprecation_ignored():
        torch.jit.save(module, content, _extra_files=dict(files))
    with zipfile.ZipFile(content) as whole, zipfile.ZipFile(kept, "w") as archive:
        for entry in whole.infolist():
            if not entry.filename.endswith(SOURCE_PATHS):
                archive.writestr(entry, whole.read(entry))
    return kept.getvalue()


def reason(error: Exception) -> str:
    """Return one line of torch's long error text: the last if TorchScript code failed, else the first."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1 if "TorchScript interpreter" in lines[0] else 0].strip()
