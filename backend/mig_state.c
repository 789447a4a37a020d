// SPDX-License-Identifier: BSD-3-Clause
#include "mig_state.h"

#include <errno.h>
#include <stdbool.h>

#include <vfiod/uapi.h>

#define NR_STATES (VFIO_DEVICE_STATE_PRE_COPY_P2P + 1)

/* Short names for the table below. */
enum {
	ERR = VFIO_DEVICE_STATE_ERROR,
	STOP = VFIO_DEVICE_STATE_STOP,
	RUN = VFIO_DEVICE_STATE_RUNNING,
	COPY = VFIO_DEVICE_STATE_STOP_COPY,
	RES = VFIO_DEVICE_STATE_RESUMING,
	P2P = VFIO_DEVICE_STATE_RUNNING_P2P,
	PRE = VFIO_DEVICE_STATE_PRE_COPY,
	PREP = VFIO_DEVICE_STATE_PRE_COPY_P2P,
};

/*
 * The first step on the way from the row's state to the column's: ERR, STOP,
 * RUN, COPY, RES, P2P, PRE, PREP.
 */
static const uint8_t next_state[NR_STATES][NR_STATES] = {
	[ERR] = { ERR, ERR, ERR, ERR, ERR, ERR, ERR, ERR },
	[STOP] = { ERR, STOP, P2P, COPY, RES, P2P, P2P, P2P },
	[RUN] = { ERR, P2P, RUN, P2P, P2P, P2P, PRE, P2P },
	[COPY] = { ERR, STOP, STOP, COPY, STOP, STOP, ERR, ERR },
	[RES] = { ERR, STOP, STOP, STOP, RES, STOP, STOP, STOP },
	[P2P] = { ERR, STOP, RUN, STOP, STOP, P2P, RUN, PREP },
	[PRE] = { ERR, RUN, RUN, PREP, RUN, RUN, PRE, PREP },
	[PREP] = { ERR, P2P, P2P, COPY, P2P, P2P, PRE, PREP },
};

/* What a device must be capable of to have the state. */
static const uint64_t needs[NR_STATES] = {
	[ERR] = UINT64_MAX,
	[STOP] = VFIO_MIGRATION_STOP_COPY,
	[RUN] = VFIO_MIGRATION_STOP_COPY,
	[COPY] = VFIO_MIGRATION_STOP_COPY,
	[RES] = VFIO_MIGRATION_STOP_COPY,
	[P2P] = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P,
	[PRE] = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY,
	[PREP] = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P |
		 VFIO_MIGRATION_PRE_COPY,
};

static bool has_state(uint64_t flags, uint32_t state)
{
	return state < NR_STATES && !(needs[state] & ~flags);
}

int vfio_mig_next_state(uint64_t flags, uint32_t cur, uint32_t target,
			uint32_t *next)
{
	uint32_t state = cur;

	if (!has_state(flags, cur) || !has_state(flags, target))
		return -EINVAL;
	/* Over the states that the device does not have. */
	do
		state = next_state[state][target];
	while (state != ERR && !has_state(flags, state));
	if (state == ERR)
		return -EINVAL;
	*next = state;
	return 0;
}
