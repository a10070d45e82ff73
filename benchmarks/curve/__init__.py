# SPDX-License-Identifier: Apache-2.0
"""Success in closed loop against plan time, for our solvers and public ones."""
