# SPDX-License-Identifier: MIT
"""The host's tools for CLUU: build, images, QEMU, tests and benchmarks. `__main__.py` is the front door's other half."""
