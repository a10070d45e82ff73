# SPDX-License-Identifier: Apache-2.0
"""How fast plans are searched for, and how good they are, next to public solvers."""
