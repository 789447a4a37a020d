// SPDX-License-Identifier: BSD-3-Clause
/* The work: commands, a burst of each queue in turn. */
#include <sched.h>

#include "nvme.h"

#define BURST_MAX 32

void nvme_lock(struct nvme *nvme)
{
	atomic_fetch_add(&nvme->wanted, 1);
	pthread_mutex_lock(&nvme->lock);
	atomic_fetch_sub(&nvme->wanted, 1);
}

void nvme_unlock(struct nvme *nvme)
{
	pthread_mutex_unlock(&nvme->lock);
}

/* A mutex goes to who comes first, and a busy thread comes first always. */
static void lock_after_others(struct nvme *nvme)
{
	while (atomic_load(&nvme->wanted))
		sched_yield();
	pthread_mutex_lock(&nvme->lock);
}

static void execute(struct nvme *nvme, struct nvme_sq *sq,
		    const struct nvme_cmd *cmd)
{
	uint32_t result = 0;
	uint16_t status;

	sq->head = (sq->head + 1) % sq->size;
	if (cmd->flags & (CMD_FUSE | CMD_PSDT))
		status = INVALID_FIELD;
	else if (sq->id)
		status = nvme_io(nvme, cmd);
	else
		status = nvme_admin(nvme, cmd, &result);
	if (status == NVME_OUTSTANDING)
		return;
	if (status)
		nvme_log_error(nvme, sq, cmd, status);
	nvme_complete(nvme, sq, cmd->cid, status, result);
}

/* The client's arbitration burst, a power of two; 7: no limit. */
static uint32_t burst_of(const struct nvme *nvme)
{
	uint32_t burst = nvme->features.arbitration & 7;

	return burst < 5 ? 1U << burst : BURST_MAX;
}

static bool can_run(const struct nvme_sq *sq)
{
	return sq->used && sq->head != sq->tail && nvme_cq_room(sq->cq);
}

static void run_queue(struct nvme *nvme, struct nvme_sq *sq)
{
	struct nvme_cmd cmds[BURST_MAX];
	uint32_t room = nvme_cq_room(sq->cq), burst = burst_of(nvme);
	unsigned int nr;

	nr = nvme_sq_fetch(nvme, sq, cmds, room < burst ? room : burst);
	for (unsigned int i = 0; i < nr; i++) {
		execute(nvme, sq, &cmds[i]);
		if (!nvme_is_ready(nvme) || !nvme_cq_room(sq->cq) ||
		    atomic_load(&nvme->wanted))
			break;
	}
	nvme_cq_notify(nvme, sq->cq);
}

/* Each queue's turn; whether there is more to do. */
static bool run_queues(struct nvme *nvme)
{
	bool more = false;

	for (unsigned int i = 0; i <= nvme->nr_queues; i++) {
		struct nvme_sq *sq = &nvme->sq[i];

		if (nvme_is_ready(nvme) && can_run(sq))
			run_queue(nvme, sq);
		more |= can_run(sq);
	}
	return more && nvme_is_ready(nvme);
}

static void work(struct nvme *nvme)
{
	bool more = false;

	if (nvme_regs_touched(nvme))
		nvme_regs_settle(nvme);
	nvme_doorbells_settle(nvme);
	if (nvme_is_ready(nvme) && vfiod_pci_bus_master(nvme->vdev)) {
		more = run_queues(nvme);
		nvme_events_deliver(nvme);
	}
	atomic_store(&nvme->backlog, more);
}

bool nvme_poll(struct nvme *nvme)
{
	if (!atomic_load(&nvme->backlog) && !nvme_regs_touched(nvme) &&
	    !nvme_doorbells_touched(nvme))
		return false;
	lock_after_others(nvme);
	work(nvme);
	nvme_unlock(nvme);
	return true;
}
