# SPDX-License-Identifier: Apache-2.0
"""The safety gate: checks and the supervisor that combines them. Never imports torch."""
