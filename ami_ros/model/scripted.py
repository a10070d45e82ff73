# SPDX-License-Identifier: Apache-2.0
"""Load a TorchScript file whose hash was verified: it is code."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import nn

from ami_ros.errors import ModelFileError
from ami_ros.model.files import ModelFile

# TorchScript is deprecated upstream. What torch warns with: the first up to 2.13, the second in 2.15.
CATEGORIES = (DeprecationWarning, FutureWarning)


Method = TypeVar("Method", bound=Callable[..., Any])


def offered(method: Method) -> Method:
    """Mark a method that is compiled although no other one calls it.

    A decorator, for torch compiles a class once per process, with the methods that are marked by then.
    """
    torch.jit.export(method)
    return method


@contextmanager
def torchscript_deprecation_ignored() -> Iterator[None]:
    """Keep TorchScript's own deprecation warnings from users while the block runs."""
    with warnings.catch_warnings():
        for category in CATEGORIES:
            warnings.simplefilter("ignore", category)
        yield


def load_scripted(file: ModelFile, device: torch.device) -> nn.Module:
    """Return the module in evaluation mode, on `device`, from the very bytes that were verified.

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
    return module.float().eval()  # files keep weights in half the digits


def frozen(module: nn.Module, methods: Sequence[str]) -> nn.Module:
    """Return a module that was loaded, for use only: weights become constants, and some layers become one."""
    with torchscript_deprecation_ignored():
        fixed: nn.Module = torch.jit.freeze(module.eval(), preserved_attrs=list(methods))
    return fixed


def is_compiled(module: object) -> bool:
    """Return whether `module` came out of a file, or of the compiler."""
    return isinstance(module, torch.jit.ScriptModule)


def compiled(module: nn.Module, methods: Sequence[str]) -> nn.Module:
    """Return `module`, which may hold loaded ones, as one compiled module with `forward` and `methods`."""
    with torchscript_deprecation_ignored():
        return frozen(torch.jit.script(module.eval()), methods)


def readable(module: nn.Module) -> nn.Module:
    """Return `module` compiled so that its weights stay what they are, to be read back."""
    with torchscript_deprecation_ignored():
        scripted: nn.Module = torch.jit.script(module)
    return scripted


def content_of(module: nn.Module, files: Mapping[str, Any]) -> bytes:
    """Return a TorchScript file of a compiled module, with other files in it by name."""
    content = io.BytesIO()
    with torchscript_deprecation_ignored():
        torch.jit.save(module, content, _extra_files=dict(files))
    return content.getvalue()


def reason(error: Exception) -> str:
    """Return in one line what torch says in a page: last where TorchScript code failed, else first."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1 if "TorchScript interpreter" in lines[0] else 0].strip()
