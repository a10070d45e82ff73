# SPDX-License-Identifier: Apache-2.0
"""The cheapest way is found, and it leads elsewhere once an edge has failed."""

from __future__ import annotations

import itertools

import numpy as np

from ami_ros.memory.graph import FAILED, Graph
from ami_ros.memory.landmarks import Landmarks

RADIUS, SIZE = 0.5, 2


def test_the_cheapest_way_is_found():
    graph = Graph()
    for start, end, cost in [(0, 1, 1.0), (1, 2, 1.0), (0, 2, 3.0), (2, 3, 1.0)]:
        graph.add(start, end, cost)
    assert graph.way({0: 0.0}, {3: 0.0}) == [0, 1, 2, 3]
    graph.add(0, 2, 1.5)
    graph.add(0, 2, 9.0)
    assert graph.way({0: 0.0}, {3: 0.0}) == [0, 2, 3], "what is added again keeps the lower cost"
    assert graph.way({0: 5.0, 1: 0.0}, {3: 0.0, 2: 0.5}) == [1, 2], "both ends have a cost"
    assert graph.way({3: 0.0}, {0: 0.0}) == [], "edges lead one way"
    assert graph.way({7: 0.0}, {7: 0.0}) == [7] and graph.way({}, {3: 0.0}) == []


def test_an_edge_that_failed_is_taken_last():
    graph = Graph()
    for start, end, cost in [(0, 1, 1.0), (1, 3, 1.0), (0, 2, 2.0), (2, 3, 2.0)]:
        graph.add(start, end, cost)
    graph.fail(0, 1)
    assert graph.cost(0, 1) == FAILED and graph.way({0: 0.0}, {3: 0.0}) == [0, 2, 3]
    graph.fail(0, 2)
    graph.fail(0, 2)
    assert graph.way({0: 0.0}, {3: 0.0}) == [0, 1, 3]
    graph.forgive()
    assert graph.way({0: 0.0}, {3: 0.0}) == [0, 1, 3] and graph.cost(0, 1) == 1.0


def test_ways_are_as_short_as_those_of_trying_all():
    random = np.random.default_rng(0)
    for _ in range(20):
        graph, nodes = Graph(), range(6)
        for start, end in itertools.permutations(nodes, 2):
            if random.random() < 0.4:
                graph.add(start, end, float(random.uniform(0.1, 1.0)))
        costs = {(start, end): cost for start, end, cost in graph.edges()}
        assert len(costs) == len(graph)
        ways = [
            (0, *between, 5)
            for count in range(5)
            for between in itertools.permutations(range(1, 5), count)
            if all(edge in costs for edge in itertools.pairwise((0, *between, 5)))
        ]
        best = min((sum(costs[e] for e in itertools.pairwise(way)) for way in ways), default=None)
        found = graph.way({0: 0.0}, {5: 0.0})
        if best is None:
            assert found == []
        else:
            assert abs(sum(costs[e] for e in itertools.pairwise(found)) - best) < 1e-12


def test_no_point_is_far_from_all_landmarks_and_no_two_are_near():
    points = np.random.default_rng(1).uniform(0, 4, (1500, SIZE)).astype(np.float32)
    landmarks = Landmarks(SIZE, RADIUS)
    first, new = landmarks.add(points[:700])
    second, more = landmarks.add(points[700:])
    assert len(landmarks.points) == len(new) + len(more)
    np.testing.assert_array_equal(landmarks.points[: len(new)], points[:700][new])
    which, away = landmarks.nearest(points)
    assert away.max() <= RADIUS
    gaps = np.linalg.norm(landmarks.points[:, None] - landmarks.points, axis=2)
    assert (gaps + np.eye(len(gaps)) * 9).min() > RADIUS
    # The nearest of those there were when a point came; with all of them there it may be another.
    assert (np.concatenate([first, second]) == which).mean() > 0.5
