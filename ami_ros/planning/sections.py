# SPDX-License-Identifier: Apache-2.0
"""Cost terms and solvers by name: of a file in planning/, or of an entry point of another package."""

from __future__ import annotations

from ami_ros.settings.plugins import Parts

TERMS = Parts("terms", "ami_ros.planning.terms", "ami_ros.cost_terms", ("Settings", "Term"))
SOLVERS = Parts("solvers", "ami_ros.planning.solvers", "ami_ros.solvers", ("Settings", "Solver"))
