// SPDX-License-Identifier: BSD-3-Clause
#include "migrate.h"

#include <errno.h>

#include "mtty.h"
#include "state.h"
#include "transfer.h"

void mtty_migration_init(struct mtty_migration *migration)
{
	migration->state = VFIO_DEVICE_STATE_RUNNING;
}

void mtty_migration_stop(struct mtty_migration *migration)
{
	if (migration->saving)
		mtty_transfer_end(migration->saving);
	if (migration->resuming)
		mtty_transfer_end(migration->resuming);
	migration->saving = NULL;
	migration->resuming = NULL;
}

/* From PRE_COPY on to STOP_COPY it is one transfer, and one stream. */
static int save(struct vfio_device *vdev, uint32_t next,
		struct vfiod_stream **stream)
{
	struct mtty *mtty = vfiod_get_drvdata(vdev);
	struct mtty_migration *migration = &mtty->migration;

	if (!migration->saving) {
		migration->saving = mtty_transfer_save(vdev);
		if (!migration->saving)
			return -ENOMEM;
		*stream = mtty_transfer_stream(migration->saving);
	}
	if (next == VFIO_DEVICE_STATE_STOP_COPY)
		mtty_transfer_fill(migration->saving, mtty);
	return 0;
}

static int resume(struct vfio_device *vdev, struct vfiod_stream **stream)
{
	struct mtty *mtty = vfiod_get_drvdata(vdev);

	mtty->migration.resuming = mtty_transfer_resume(vdev);
	if (!mtty->migration.resuming)
		return -ENOMEM;
	*stream = mtty_transfer_stream(mtty->migration.resuming);
	return 0;
}

/* Without a transfer there is nothing to load: it went with a close. */
static int load(struct mtty *mtty)
{
	if (!mtty->migration.resuming)
		return -EINVAL;
	return mtty_transfer_load(mtty->migration.resuming, mtty);
}

static bool is_precopy(uint32_t state)
{
	return state == VFIO_DEVICE_STATE_PRE_COPY ||
	       state == VFIO_DEVICE_STATE_PRE_COPY_P2P;
}

/*
 * One arc of the state machine. The card does no DMA, and nothing that would
 * have to be stopped or started: there are only transfers to begin and end.
 */
static int step(struct vfio_device *vdev, uint32_t next,
		struct vfiod_stream **stream)
{
	struct mtty *mtty = vfiod_get_drvdata(vdev);
	uint32_t cur = mtty->migration.state;
	int ret = 0;

	if (next == VFIO_DEVICE_STATE_STOP_COPY || is_precopy(next))
		return is_precopy(cur) && is_precopy(next) ?
			       0 :
			       save(vdev, next, stream);
	if (next == VFIO_DEVICE_STATE_RESUMING)
		return resume(vdev, stream);
	if (cur == VFIO_DEVICE_STATE_RESUMING)
		ret = load(mtty);
	if (!ret)
		mtty_migration_stop(&mtty->migration);
	return ret;
}

int mtty_set_state(struct vfio_device *vdev, uint32_t state,
		   struct vfiod_stream **stream)
{
	struct mtty *mtty = vfiod_get_drvdata(vdev);
	uint32_t next;
	int ret = 0;

	pthread_mutex_lock(&mtty->lock);
	while (!ret && mtty->migration.state != state) {
		ret = vfiod_mig_get_next_state(vdev, mtty->migration.state,
					       state, &next);
		if (!ret)
			ret = step(vdev, next, stream);
		if (!ret)
			mtty->migration.state = next;
	}
	pthread_mutex_unlock(&mtty->lock);
	return ret;
}

int mtty_get_state(struct vfio_device *vdev, uint32_t *state)
{
	struct mtty *mtty = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&mtty->lock);
	*state = mtty->migration.state;
	pthread_mutex_unlock(&mtty->lock);
	return 0;
}

int mtty_get_data_size(struct vfio_device *vdev, uint64_t *stop_copy_length)
{
	const struct mtty *mtty = vfiod_get_drvdata(vdev);

	*stop_copy_length = mtty_state_size(mtty->config.nr_ports);
	return 0;
}
