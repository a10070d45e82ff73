# SPDX-License-Identifier: Apache-2.0
"""What `import ami_ros` offers: one file per thing that a notebook does."""
