// SPDX-License-Identifier: BSD-3-Clause
#include "host.h"

#include <errno.h>
#include <pthread.h>

/* All that devices share. The lock is a leaf, and guards what follows it. */
static struct {
	pthread_mutex_t lock;
	LIST_HEAD(, ap_share) shares;
	unsigned int nr;
} host = { .lock = PTHREAD_MUTEX_INITIALIZER };

int ap_host_join(struct ap_share *share)
{
	int ret = -ENOSPC;

	pthread_mutex_lock(&host.lock);
	if (host.nr < AP_MAX_DEVICES) {
		LIST_INSERT_HEAD(&host.shares, share, next);
		host.nr++;
		ret = 0;
	}
	pthread_mutex_unlock(&host.lock);
	return ret;
}

void ap_host_leave(struct ap_share *share)
{
	pthread_mutex_lock(&host.lock);
	LIST_REMOVE(share, next);
	host.nr--;
	pthread_mutex_unlock(&host.lock);
}

unsigned int ap_host_room(void)
{
	unsigned int room;

	pthread_mutex_lock(&host.lock);
	room = AP_MAX_DEVICES - host.nr;
	pthread_mutex_unlock(&host.lock);
	return room;
}

struct ap_matrix ap_host_get(const struct ap_share *share)
{
	struct ap_matrix matrix;

	pthread_mutex_lock(&host.lock);
	matrix = share->matrix;
	pthread_mutex_unlock(&host.lock);
	return matrix;
}

/* vfio_ap_mdev_verify_no_sharing(); control domains can be shared. */
static bool is_shared(const struct ap_share *share,
		      const struct ap_matrix *matrix)
{
	const struct ap_share *other;

	LIST_FOREACH(other, &host.shares, next)
		if (other != share &&
		    ap_mask_overlap(&other->matrix.apm, &matrix->apm) &&
		    ap_mask_overlap(&other->matrix.aqm, &matrix->aqm))
			return true;
	return false;
}

static bool is_above(const struct ap_mask *mask, unsigned int max)
{
	for (unsigned int id = max + 1; id < AP_IDS; id++)
		if (ap_mask_test(mask, id))
			return true;
	return false;
}

static int validate(const struct ap_share *share,
		    const struct ap_matrix *matrix)
{
	if (ap_mask_test(&matrix->apm, AP_HOST_ADAPTER) &&
	    !ap_mask_empty(&matrix->aqm))
		return -EADDRNOTAVAIL;
	if (is_shared(share, matrix))
		return -EADDRINUSE;
	if (is_above(&matrix->apm, AP_MAX_ADAPTER) ||
	    is_above(&matrix->aqm, AP_MAX_DOMAIN) ||
	    is_above(&matrix->adm, AP_MAX_DOMAIN))
		return -ENODEV;
	return 0;
}

int ap_host_set(struct ap_share *share, const struct ap_matrix *matrix)
{
	int ret;

	pthread_mutex_lock(&host.lock);
	ret = validate(share, matrix);
	if (!ret)
		share->matrix = *matrix;
	pthread_mutex_unlock(&host.lock);
	return ret;
}
