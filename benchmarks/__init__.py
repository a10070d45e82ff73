# SPDX-License-Identifier: Apache-2.0
"""What researchers run to choose a design or to stand next to published figures; not installed on robots.

From the repository: `python -m benchmarks --help`. What users measure on their machine is `ami-ros bench`.
"""
