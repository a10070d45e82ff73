# SPDX-License-Identifier: Apache-2.0
"""What a robot says on its topics right now, held against its YAML."""
