// SPDX-License-Identifier: BSD-3-Clause
/* Factorials and transfers, on the device's own thread. */
#include <errno.h>
#include <string.h>

#include "edu.h"

static uint32_t factorial_of(uint32_t n)
{
	uint32_t product = 1;

	/* From 34 on the product is 0 in 32 bits. */
	for (; n > 1 && product; n--)
		product *= n;
	return product;
}

static void compute(void *arg)
{
	struct edu *edu = arg;

	pthread_mutex_lock(&edu->lock);
	edu->factorial = factorial_of(edu->factorial);
	edu->status &= ~EDU_STATUS_COMPUTING;
	if (edu->status & EDU_STATUS_IRQ)
		edu_raise(edu, EDU_IRQ_FACTORIAL);
	pthread_mutex_unlock(&edu->lock);
}

/* Where in the buffer an address of the device's side is, or NULL. */
static void *find_buffer(struct edu *edu, uint64_t address, uint64_t count)
{
	uint64_t offset = address - EDU_BUFFER;

	if (address < EDU_BUFFER || offset > EDU_BUFFER_SIZE ||
	    count > EDU_BUFFER_SIZE - offset)
		return NULL;
	return edu->buffer + offset;
}

/*
 * The device's buffer changes only here. The lock is not held during the
 * copy, which may take its time; the registers cannot change meanwhile.
 */
static int copy(struct edu *edu)
{
	bool to_memory = edu->command & EDU_DMA_TO_MEMORY;
	uint64_t ours = to_memory ? edu->source : edu->target;
	uint64_t theirs = to_memory ? edu->target : edu->source;
	void *at = find_buffer(edu, ours, edu->count);

	if (!at)
		return -ERANGE;
	if (!vfiod_pci_bus_master(edu->vdev))
		return -EACCES;
	return vfiod_dma_rw(edu->vdev, theirs, at, edu->count, to_memory);
}

static void transfer(void *arg)
{
	struct edu *edu = arg;
	int ret = copy(edu);

	if (ret)
		vfiod_log(edu->vdev, VFIOD_LOG_WARNING, "no transfer: %s",
			  strerror(-ret));
	pthread_mutex_lock(&edu->lock);
	edu->command &= ~(uint64_t)EDU_DMA_START;
	if (edu->command & EDU_DMA_IRQ)
		edu_raise(edu, EDU_IRQ_DMA);
	pthread_mutex_unlock(&edu->lock);
}

int edu_work_init(struct edu *edu)
{
	edu->compute = vfiod_timer_new(edu->vdev, compute, edu);
	edu->transfer = vfiod_timer_new(edu->vdev, transfer, edu);
	if (edu->compute && edu->transfer)
		return 0;
	edu_work_free(edu);
	return -ENOMEM;
}

void edu_work_free(struct edu *edu)
{
	if (edu->compute)
		vfiod_timer_free(edu->compute);
	if (edu->transfer)
		vfiod_timer_free(edu->transfer);
	edu->compute = NULL;
	edu->transfer = NULL;
}

/* What was not done by now is not done. */
void edu_work_stop(struct edu *edu)
{
	vfiod_timer_disarm(edu->compute);
	vfiod_timer_disarm(edu->transfer);
	pthread_mutex_lock(&edu->lock);
	edu->status &= ~EDU_STATUS_COMPUTING;
	edu->command &= ~(uint64_t)EDU_DMA_START;
	pthread_mutex_unlock(&edu->lock);
}
