# SPDX-License-Identifier: MIT
SRC_USERMOD_LIB_C += $(USERMOD_DIR)/heap.c
