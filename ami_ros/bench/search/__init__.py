# SPDX-License-Identifier: Apache-2.0
"""Speed and quality of plan search, compared with public solvers."""
