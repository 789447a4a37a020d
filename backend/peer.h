/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peer to peer: a DMA mapping whose memory is that of another device, which
 * the client has mapped. It can be used until that device is reset or
 * released. Any thread.
 */
#ifndef VFIOD_BACKEND_PEER_H
#define VFIOD_BACKEND_PEER_H

#include <stdbool.h>
#include <stdint.h>

struct vfio_peer;

/*
 * What the current client has at @vaddr: *@peer is NULL for ordinary memory.
 * 0, -ENOMEM. Without a lock that is held while a device is told something.
 */
int vfio_peer_create(uint64_t vaddr, struct vfio_peer **peer);
/* The mapping is gone. NULL is allowed, here and below. */
void vfio_peer_destroy(struct vfio_peer *peer);

/* Pages that are pinned in it need to know as long as they live. */
struct vfio_peer *vfio_peer_get(struct vfio_peer *peer);
void vfio_peer_put(struct vfio_peer *peer);

/* For the next two, which most of the time find that there is no peer. */
bool vfio_peer_lock(struct vfio_peer *peer);
void vfio_peer_unlock(struct vfio_peer *peer);

/*
 * Around each access: false when the device is not to be touched any more, and
 * then there is no end. Reset and release wait for what has begun.
 */
static inline bool vfio_peer_begin(struct vfio_peer *peer)
{
	return !peer || vfio_peer_lock(peer);
}

static inline void vfio_peer_end(struct vfio_peer *peer)
{
	if (peer)
		vfio_peer_unlock(peer);
}

#endif
