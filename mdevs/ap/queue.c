// SPDX-License-Identifier: BSD-3-Clause
#include "queue.h"

#include <errno.h>
#include <inttypes.h>

#include "text.h"

#define PAGE_SIZE 4096
#define NIB_SET 1

#define for_each_queue(queues, adapter, domain)                              \
	for (unsigned int adapter = 0; adapter <= AP_MAX_ADAPTER; adapter++) \
		for (unsigned int domain = 0; domain <= AP_MAX_DOMAIN; domain++)

void ap_queue_disable(struct ap_queues *queues, struct ap_queue *queue)
{
	if (!queue->nib)
		return;
	vfiod_unpin_pages(queues->vdev, queue->nib, 1);
	*queue = (struct ap_queue){ 0 };
}

/* The new page is pinned first: the old one stays when that fails. */
int ap_queue_enable(struct ap_queues *queues, struct ap_queue *queue,
		    uint64_t nib, unsigned int isc)
{
	struct vfio_page *page;
	int ret;

	if (!nib || isc > AP_MAX_ISC)
		return -EINVAL;
	ret = vfiod_pin_pages(queues->vdev, nib, 1,
			      VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
			      &page);
	if (ret < 0)
		return ret;
	ap_queue_disable(queues, queue);
	*queue = (struct ap_queue){ .nib = nib, .page = page, .isc = isc };
	return 0;
}

int ap_queue_notify(struct ap_queue *queue)
{
	uint8_t byte = NIB_SET;

	if (!queue->nib)
		return -EINVAL;
	return vfiod_page_rw(queue->page, queue->nib % PAGE_SIZE, &byte,
			     sizeof(byte), true);
}

void ap_queues_unmap(struct ap_queues *queues, uint64_t iova, uint64_t length)
{
	for_each_queue(queues, a, d)
	{
		struct ap_queue *queue = &queues->queue[a][d];

		if (queue->nib - iova < length)
			ap_queue_disable(queues, queue);
	}
}

void ap_queues_restrict(struct ap_queues *queues,
			const struct ap_matrix *matrix)
{
	for_each_queue(queues, a, d) if (!ap_matrix_has_queue(matrix, a, d))
		ap_queue_disable(queues, &queues->queue[a][d]);
}

void ap_queues_reset(struct ap_queues *queues)
{
	ap_queues_restrict(queues, &(const struct ap_matrix){ 0 });
}

size_t ap_queues_show(const struct ap_queues *queues, char *buf, size_t size)
{
	struct text text = { .buf = buf, .size = size };

	for_each_queue(queues, a, d)
	{
		const struct ap_queue *queue = &queues->queue[a][d];

		if (queue->nib)
			text_add(&text, "%02x.%04x %#" PRIx64 " %u\n", a, d,
				 queue->nib, queue->isc);
	}
	return text.used;
}
