# SPDX-License-Identifier: Apache-2.0
"""From "plans but moves nothing" to full speed: what each step asks, and what it showed."""
