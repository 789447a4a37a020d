/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A plugin for the unit tests, linked in: its devices pin what they are told
 * to, and write down each dma_unmap. A recorder is a type of that plugin,
 * and the record that all its devices share.
 */
#ifndef TESTS_UNIT_RECORDER_H
#define TESTS_UNIT_RECORDER_H

#include <pthread.h>

#include <vfiod/plugin.h>

#include "../../backend/device.h"

#define RECORDER_CALLS 256
#define RECORDER_PINS 64

struct recorder {
	struct vfiod_type type; /* give it to vfio_device_create() */
	pthread_mutex_t lock; /* guards the rest */
	size_t n; /* calls ever; the first RECORDER_CALLS are kept */
	struct recorder_call {
		struct vfio_device *vdev;
		uint64_t iova;
		uint64_t length;
	} calls[RECORDER_CALLS];
};

/* A device's drvdata. Set the first three before the other threads start. */
struct recorder_device {
	unsigned int ignore; /* so many dma_unmaps do nothing first */
	/* If set, dma_unmap calls it before it unpins. */
	void (*hook)(struct vfio_device *vdev, uint64_t iova, uint64_t length,
		     void *arg);
	void *arg;
	pthread_mutex_t lock; /* guards the rest */
	size_t nr_pins;
	struct recorder_pin {
		uint64_t iova;
		struct vfio_page *page;
	} pins[RECORDER_PINS];
};

extern const struct vfiod_plugin recorder_plugin;

void recorder_init(struct recorder *recorder);
/* Throw away the record so far. */
void recorder_clear(struct recorder *recorder);

static inline struct recorder_device *recorder_of(struct vfio_device *vdev)
{
	return vdev->drvdata;
}

/*
 * vfiod_pin_pages() of one page, remembered until dma_unmap or close_device
 * unpins it; recorder_unpin forgets it again, once.
 */
int recorder_pin(struct vfio_device *vdev, uint64_t iova, int prot);
void recorder_unpin(struct vfio_device *vdev, uint64_t iova);
/* The page pinned last at @iova, NULL if none is. */
struct vfio_page *recorder_page(struct vfio_device *vdev, uint64_t iova);

#endif
