# SPDX-License-Identifier: Apache-2.0
"""How the gate moves the joints toward a proposal, and brakes."""
