// SPDX-License-Identifier: BSD-3-Clause
/*
 * Interrupt coalescing: entries of completion queues for I/O wait until there
 * are as many on their interrupt vector as the client wants to have at once,
 * or until the first of all that wait has waited long enough.
 */
#include "nvme.h"

#define THRESHOLD(f) ((f)->coalescing & 0xff) /* of entries, one less */
#define TIME(f) ((f)->coalescing >> 8 & 0xff)
#define TIME_UNIT 100000ULL /* ns */

/* The admin queue has none, nor has either value at 0. */
static bool is_coalesced(const struct nvme *nvme, const struct nvme_cq *cq)
{
	const struct nvme_features *f = &nvme->features;

	return cq->id && THRESHOLD(f) && TIME(f) &&
	       !(f->uncoalesced >> cq->vector & 1);
}

/* One more wait, if need be for less than the rest of the time. */
static bool wait_for_more(struct nvme *nvme)
{
	uint64_t ns = TIME(&nvme->features) * TIME_UNIT;

	if (!nvme->timer_armed)
		nvme->timer_armed = !vfiod_timer_arm(nvme->timer, ns);
	return nvme->timer_armed;
}

bool nvme_coalesce(struct nvme *nvme, const struct nvme_cq *cq)
{
	unsigned int waiting = 0;

	if (!is_coalesced(nvme, cq) || cq->urgent)
		return false;
	for (unsigned int i = 1; i <= nvme->nr_queues; i++)
		if (nvme->cq[i].used && nvme->cq[i].vector == cq->vector)
			waiting += nvme->cq[i].unsignalled;
	return waiting <= THRESHOLD(&nvme->features) && wait_for_more(nvme);
}

void nvme_coalesce_done(struct nvme *nvme, uint16_t vector)
{
	if (!nvme->features.coalescing)
		return;
	for (unsigned int i = 1; i <= nvme->nr_queues; i++)
		if (nvme->cq[i].vector == vector)
			nvme->cq[i].unsignalled = 0;
}

void nvme_coalesce_expired(void *arg)
{
	struct nvme *nvme = arg;

	nvme_lock(nvme);
	nvme->timer_armed = false;
	for (unsigned int i = 1; i <= nvme->nr_queues; i++)
		nvme_cq_signal(nvme, &nvme->cq[i]);
	nvme_unlock(nvme);
}
