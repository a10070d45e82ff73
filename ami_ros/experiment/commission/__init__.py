# SPDX-License-Identifier: Apache-2.0
"""A commissioning run: its nodes, its steps, and what is kept of them."""
