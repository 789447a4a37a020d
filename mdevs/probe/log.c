// SPDX-License-Identifier: (GPL-2.0 OR BSD-3-Clause)
/* The log of dma_unmap calls. */
#include "probe.h"

__u32 probe_log_call(struct probe *p, __u64 iova, __u64 length)
{
	struct probe_log *log = p->log;
	__u32 place;

	probe_os_lock_log(p);
	place = log->nr;
	if (place < PROBE_MAX_LOG) {
		log->entries[place] = (struct probe_log_entry){
			.number = p->regs.number,
			.iova = iova,
			.length = length,
			.held = probe_held(p, iova, length),
		};
		log->nr++;
	}
	probe_os_unlock_log(p);
	return place;
}

void probe_log_result(struct probe *p, __u32 place, int result)
{
	probe_os_lock_log(p);
	/* It may have been cleared, or full. */
	if (place < p->log->nr)
		p->log->entries[place].result = result;
	probe_os_unlock_log(p);
}

void probe_log_read(struct probe *p, size_t offset, void *buf, size_t count)
{
	probe_os_lock_log(p);
	memcpy(buf, (const char *)p->log->entries + offset, count);
	probe_os_unlock_log(p);
}

void probe_log_clear(struct probe *p)
{
	probe_os_lock_log(p);
	p->log->nr = 0;
	memset(p->log->entries, 0, sizeof(p->log->entries));
	probe_os_unlock_log(p);
}

__u32 probe_log_count(struct probe *p)
{
	__u32 nr;

	probe_os_lock_log(p);
	nr = p->log->nr;
	probe_os_unlock_log(p);
	return nr;
}

void probe_log_order(struct probe *p)
{
	probe_os_lock_log(p);
	p->log->orders++;
	probe_os_unlock_log(p);
}

__u32 probe_log_orders(struct probe *p)
{
	__u32 orders;

	probe_os_lock_log(p);
	orders = p->log->orders;
	probe_os_unlock_log(p);
	return orders;
}
