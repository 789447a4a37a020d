/* SPDX-License-Identifier: BSD-3-Clause */
/* The states that a device migrates through, and the ways between them. */
#ifndef VFIOD_BACKEND_MIG_STATE_H
#define VFIOD_BACKEND_MIG_STATE_H

#include <stdint.h>

/* vfiod_mig_get_next_state() of a device with these migration_flags. */
int vfio_mig_next_state(uint64_t flags, uint32_t cur, uint32_t target,
			uint32_t *next);

#endif
