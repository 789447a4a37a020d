// SPDX-License-Identifier: BSD-3-Clause
/* Asynchronous events. */
#include "nvme.h"

void nvme_event(struct nvme *nvme, enum nvme_event_type type, uint8_t info,
		uint8_t log_page)
{
	struct nvme_event *event = &nvme->events.event[type];

	if (event->masked || event->pending)
		return;
	event->pending = true;
	event->info = info;
	event->log_page = log_page;
	atomic_store(&nvme->backlog, true);
}

static void deliver(struct nvme *nvme, unsigned int type)
{
	struct nvme_events *events = &nvme->events;
	struct nvme_event *event = &events->event[type];
	uint32_t result = type | (uint32_t)event->info << 8 |
			  (uint32_t)event->log_page << 16;

	event->pending = false;
	event->masked = true;
	events->nr_requests--;
	nvme_complete(nvme, &nvme->sq[0], events->requests[events->nr_requests],
		      SUCCESS, result);
}

void nvme_events_deliver(struct nvme *nvme)
{
	for (unsigned int type = 0; type < EVENT_TYPES; type++)
		if (nvme->events.event[type].pending &&
		    nvme->events.nr_requests && nvme_is_ready(nvme) &&
		    nvme_cq_room(&nvme->cq[0]))
			deliver(nvme, type);
	nvme_cq_notify(nvme, &nvme->cq[0]);
}

uint16_t nvme_event_request(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	struct nvme_events *events = &nvme->events;

	if (events->nr_requests == NVME_EVENT_REQUESTS)
		return TOO_MANY_EVENT_REQUESTS;
	events->requests[events->nr_requests++] = cmd->cid;
	return NVME_OUTSTANDING;
}

void nvme_event_seen(struct nvme *nvme, uint8_t log_page)
{
	for (unsigned int type = 0; type < EVENT_TYPES; type++) {
		struct nvme_event *event = &nvme->events.event[type];

		if (event->log_page == log_page)
			event->masked = false;
	}
}

bool nvme_event_abort(struct nvme *nvme, uint16_t cid)
{
	struct nvme_events *events = &nvme->events;
	unsigned int i = 0;

	while (i < events->nr_requests && events->requests[i] != cid)
		i++;
	/* The Abort command itself has to be completed, too. */
	if (i == events->nr_requests || nvme_cq_room(&nvme->cq[0]) < 2)
		return false;
	events->requests[i] = events->requests[--events->nr_requests];
	nvme_complete(nvme, &nvme->sq[0], cid, ABORT_REQUESTED, 0);
	return true;
}
