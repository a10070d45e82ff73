# SPDX-License-Identifier: Apache-2.0
"""What each step of a commissioning requires, and what it showed."""
