# SPDX-License-Identifier: Apache-2.0
"""One of several processes that train one model, started by torchrun: each encodes some of the images.

The losses need the whole batch, with its variance and covariances. So the latents of all processes are
gathered before any loss, and batch statistics cover all images. Several processes then take exactly the same
steps as one; averaged losses of the shares would differ.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed.nn as collective
from torch import Tensor, distributed, nn

from ami_ros.errors import TrainingError
from ami_ros.types import ImageArray


@dataclass(frozen=True)
class Share:
    """The rank of this process among all.

    Attributes:
        rank: from 0; the first process writes files and messages.
        count: number of processes.
    """

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and messages."""
        return self.rank == 0

    def encoded(self, encode: Callable[[Tensor], Tensor], images: ImageArray) -> Tensor:
        """Return latents (N, D) of images (N, H, W, 3) uint8; each process encodes some of them.

        Raises:
            TrainingError: the images cannot be shared evenly.
        """
        if self.count == 1:
            return encode(torch.from_numpy(images)).float()
        size, left = divmod(len(images), self.count)
        if left:
            raise TrainingError(
                f"got {len(images)} images per step for {self.count} processes, expected a multiple of that: "
                "change batch_windows or alike_looks in config/training.yaml, or the number of processes"
            )
        mine = images[self.rank * size : (self.rank + 1) * size]
        latents = encode(torch.from_numpy(mine)).float()
        return torch.cat(list(collective.all_gather(latents.contiguous())))

    def average(self, parameters: Iterable[Tensor]) -> None:
        """Average the gradients over all processes, which yields that of their common loss."""
        if self.count == 1:
            return
        gradients = [weights.grad for weights in parameters if weights.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        start = 0
        for gradient in gradients:
            end = start + gradient.numel()
            gradient.copy_(flat[start:end].view_as(gradient) / self.count)
            start = end

    def any(self, here: bool) -> bool:
        """Return whether `here` is true in any process."""
        if self.count == 1:
            return here
        flag = torch.tensor(float(here))
        distributed.all_reduce(flag)
        return bool(flag > 0.0)

    @contextmanager
    def whole_batches(self, model: nn.Module) -> Iterator[None]:
        """Make the batch normalisation of `model` cover the images of all processes while the block runs."""
        if self.count == 1:
            yield
            return
        layers = [layer for layer in model.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
        kinds = [type(layer) for layer in layers]
        for layer in layers:
            layer.__class__ = _BatchNormOfAll
        try:
            yield
        finally:
            for layer, kind in zip(layers, kinds, strict=True):
                layer.__class__ = kind


ALONE = Share()


@contextmanager
def joined() -> Iterator[Share]:
    """Join the processes of torchrun while the block runs; a single process without torchrun.

    Raises:
        TrainingError: the other processes cannot be reached.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE
        return
    try:
        distributed.init_process_group("gloo")
    except (RuntimeError, ValueError) as error:
        raise TrainingError(f"cannot join the other {count - 1} processes: {error}") from error
    try:
        yield Share(distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()


class _BatchNormOfAll(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation over the images of all processes; torch's own is for GPUs only.

    Source: Ioffe and Szegedy, "Batch normalization" (2015), algorithm 1; the sums are over all processes.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        pass

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` (N, C, ...) normalised, scaled and shifted."""
        if not self.training:
            return super().forward(input)
        over = [axis for axis in range(input.dim()) if axis != 1]
        count = input.numel() / input.shape[1] * distributed.get_world_size()
        exact = input.float()  # statistics of bfloat16 are float32, as in torch's own layer
        mean = collective.all_reduce(exact.sum(dim=over)) / count
        shape = [1, -1, *[1] * (input.dim() - 2)]
        centred = exact - mean.view(shape)
        variance = collective.all_reduce(centred.square().sum(dim=over)) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1.0))
        scaled = self.weight * torch.rsqrt(variance + self.eps)
        normal: Tensor = (centred * scaled.view(shape) + self.bias.view(shape)).to(input.dtype)
        return normal

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Update the running statistics, as torch's own layer does."""
        running: Any = self
        running.num_batches_tracked.add_(1)
        running.running_mean.lerp_(mean, self.momentum)
        running.running_var.lerp_(variance, self.momentum)
