# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from ami_ros.planning.routes.cloud import Cloud

WIDE, AXES = 64, 5  # numbers of a point, and along how many of them points lie


@pytest.fixture
def points() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    spread = torch.randn(2000, AXES, generator=generator) * torch.tensor([20.0, 8.0, 3.0, 2.0, 1.0])
    noise = 1e-3 * torch.randn(2000, WIDE, generator=generator)
    return spread @ torch.randn(AXES, WIDE, generator=generator) / WIDE**0.5 + noise + 100.0


def test_distances_are_those_to_the_nearest_one_that_was_added(points):
    there, asked = points[:1500], points[1500:]
    cloud = Cloud(there[:1])
    for some in there[1:].split(130):
        cloud.add(some)
    true = torch.cdist(asked, there).amin(dim=1)
    torch.testing.assert_close(
        cloud.distances(asked), true, atol=0.01 * float(there.std(dim=0).norm()), rtol=0.0
    )


def test_what_lies_apart_from_all_axes_is_far_once_there_are_more_of_its_kind(points):
    apart = torch.zeros(WIDE)
    apart[0] = 50.0
    cloud = Cloud(points[:10])
    assert float(cloud.distances((points[3] + apart)[None])) > 40.0, "of ten points all axes are looked at"
    cloud.add(points[10:1000])
    cloud.add(points[:1000] + apart)
    assert float(cloud.distances((points[3] + 0.5 * apart)[None])) > 20.0


def test_nothing_is_nearer_than_the_point_itself(points):
    assert float(Cloud(points).distances(points[:50]).max()) < 0.1
