# SPDX-License-Identifier: MIT
# What needs libraries is left out.
MICROPY_PY_BTREE = 0
MICROPY_PY_FFI = 0
MICROPY_PY_SSL = 0
MICROPY_SSL_MBEDTLS = 0
MICROPY_PY_THREAD = 0
FROZEN_MANIFEST = ../../extmod/asyncio/manifest.py
# gc_try_add_heap adds to a pointer to void.
CFLAGS_EXTRA += -Wno-error=pointer-arith
