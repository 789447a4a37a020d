// SPDX-License-Identifier: BSD-3-Clause
/* Memory of devices as memory for others. */
#include "peer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <vfiod/plugin.h>

#include "device.h"
#include "host.h"

struct vfio_peer {
	atomic_uint refs;
	struct vfio_memory *memory; /* the device's; NULL: it has none */
	/* NULL: the device was closed already. */
	struct vfiod_device_notifier *notifier;
	/* Guards gone. Held for reading by those who use the memory: inside
	 * the lock of the iommu, and nothing but the host's inside it. */
	pthread_rwlock_t lock;
	bool gone;
};

/*
 * A reset device is there again, but what it had in its memory is not what
 * the client has promised to others: it has to map it again.
 */
static void cut_off(void *arg, enum vfiod_device_event event)
{
	struct vfio_peer *peer = arg;

	(void)event;
	pthread_rwlock_wrlock(&peer->lock);
	peer->gone = true;
	pthread_rwlock_unlock(&peer->lock);
}

int vfio_peer_create(uint64_t vaddr, struct vfio_peer **out)
{
	struct vfio_client *client = vfio_current();
	struct vfio_device *vdev = client->ops->device_at(client, vaddr);
	struct vfio_peer *peer;
	int ret;

	*out = NULL;
	if (!vdev)
		return 0;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return -ENOMEM;
	atomic_init(&peer->refs, 1);
	peer->memory = vdev->memory;
	pthread_rwlock_init(&peer->lock, NULL);
	ret = vfiod_device_notifier_register(vdev, cut_off, peer,
					     &peer->notifier);
	if (ret == -ENOMEM) {
		vfio_peer_put(peer);
		return ret;
	}
	/* A mapping that has outlived the device's fd. */
	peer->gone = ret;
	*out = peer;
	return 0;
}

void vfio_peer_destroy(struct vfio_peer *peer)
{
	if (!peer)
		return;
	if (peer->notifier)
		vfiod_device_notifier_unregister(peer->notifier);
	vfio_peer_put(peer);
}

struct vfio_peer *vfio_peer_get(struct vfio_peer *peer)
{
	if (peer)
		atomic_fetch_add(&peer->refs, 1);
	return peer;
}

void vfio_peer_put(struct vfio_peer *peer)
{
	if (!peer || atomic_fetch_sub(&peer->refs, 1) != 1)
		return;
	pthread_rwlock_destroy(&peer->lock);
	free(peer);
}

bool vfio_peer_lock(struct vfio_peer *peer)
{
	pthread_rwlock_rdlock(&peer->lock);
	if (!peer->gone) {
		if (peer->memory)
			vfio_memory_hold(peer->memory);
		return true;
	}
	pthread_rwlock_unlock(&peer->lock);
	return false;
}

void vfio_peer_unlock(struct vfio_peer *peer)
{
	if (peer->memory)
		vfio_memory_unhold(peer->memory);
	pthread_rwlock_unlock(&peer->lock);
}
