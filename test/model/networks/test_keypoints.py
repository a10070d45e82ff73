# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from ami_ros.model.networks.encoder import Keypoints

CHANNELS, POINTS, SIDE = 3, 2, 12


def points_of(*pixels: tuple[int, int]) -> torch.Tensor:
    """Return the points (2 P) of bright pixels (row, column), before normalisation."""
    torch.manual_seed(0)
    keypoints = Keypoints(CHANNELS, POINTS, SIDE)
    keypoints.norm = torch.nn.Identity()  # type: ignore[assignment]
    with torch.no_grad():
        keypoints.maps.weight.zero_()
        keypoints.maps.weight[:, 0, 1, 1] = 20.0
        features = torch.zeros(1, CHANNELS, SIDE, SIDE)
        for row, column in pixels:
            features[0, 0, row, column] = 1.0
        return keypoints(features)[0]


@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 8), (11, 5)])
def test_a_point_lies_where_its_map_is_excited(row, column):
    line = torch.linspace(-1.0, 1.0, SIDE)
    expected = torch.stack([line[column]] * POINTS + [line[row]] * POINTS)
    assert torch.allclose(points_of((row, column)), expected, atol=1e-4)


def test_a_point_between_two_equal_excitements_lies_in_the_middle():
    across = points_of((4, 2), (4, 6))[0]
    assert float(across) == pytest.approx(float(torch.linspace(-1.0, 1.0, SIDE)[4]), abs=1e-4)


def test_points_are_learned():
    torch.manual_seed(0)
    keypoints = Keypoints(CHANNELS, POINTS, SIDE)
    keypoints(torch.randn(5, CHANNELS, SIDE, SIDE)).square().sum().backward()
    assert keypoints.maps.weight.grad is not None
    assert keypoints.sharpness.grad is not None
