# SPDX-License-Identifier: Apache-2.0
"""What each step of a commissioning asks, and what it showed."""
