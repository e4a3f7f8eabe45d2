# SPDX-License-Identifier: MIT
def main(arguments): return 1
