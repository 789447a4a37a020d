/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Migration of the card: its state, and the streams that carry it. The
 * format is that of Linux's mtty, so that either can read what the other
 * has written.
 */
#ifndef MTTY_MIGRATE_H
#define MTTY_MIGRATE_H

#include <stdint.h>

#include <vfiod/plugin.h>

#define MTTY_MIGRATION_FLAGS                             \
	(VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P | \
	 VFIO_MIGRATION_PRE_COPY)

struct mtty_transfer;

/* Guarded by the card's lock. */
struct mtty_migration {
	uint32_t state;
	/* What the present state transfers; NULL: nothing. */
	struct mtty_transfer *saving;
	struct mtty_transfer *resuming;
};

/* RUNNING, as after power-on. */
void mtty_migration_init(struct mtty_migration *migration);
/* End what is transferred: who has the stream open gets ENODEV. Card locked. */
void mtty_migration_stop(struct mtty_migration *migration);

/* The ops of plugin.h. */
int mtty_set_state(struct vfio_device *vdev, uint32_t state,
		   struct vfiod_stream **stream);
int mtty_get_state(struct vfio_device *vdev, uint32_t *state);
int mtty_get_data_size(struct vfio_device *vdev, uint64_t *stop_copy_length);

#endif
