// SPDX-License-Identifier: BSD-3-Clause
/* Physical region pages: where a command's data is. */
#include <errno.h>

#include "nvme.h"

#define ENTRY_BYTES sizeof(uint64_t)
#define ENTRIES_AT_ONCE 128

/* A list, as far as it has been followed. */
struct list {
	uint64_t iova; /* of the next entry */
	uint32_t left; /* bytes that entries are still needed for */
};

int nvme_dma(struct nvme *nvme, uint64_t iova, void *buf, size_t len,
	     bool write)
{
	if (!vfiod_pci_bus_master(nvme->vdev))
		return -EACCES;
	return vfiod_dma_rw(nvme->vdev, iova, buf, len, write);
}

/* Pages that are next to each other are copied at once. */
static void add_segment(struct nvme_prp *prp, uint64_t iova, uint32_t len)
{
	struct nvme_segment *next = &prp->segments[prp->nr];

	if (prp->nr && next[-1].iova + next[-1].len == iova) {
		next[-1].len += len;
		return;
	}
	*next = (struct nvme_segment){ iova, len };
	prp->nr++;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The next entries that point to data; the page's last may not be one. */
static uint16_t take_entries(struct nvme *nvme, struct list *list, uint32_t nr)
{
	uint32_t page = nvme_page_size(nvme);
	uint64_t entries[ENTRIES_AT_ONCE];

	if (nvme_dma(nvme, list->iova, entries, nr * ENTRY_BYTES, false))
		return DATA_TRANSFER_ERROR;
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t len = min_u32(list->left, page);

		if (entries[i] & (page - 1))
			return PRP_OFFSET_INVALID;
		add_segment(&nvme->prp, entries[i], len);
		list->left -= len;
	}
	list->iova += nr * ENTRY_BYTES;
	return SUCCESS;
}

/* The last entry of a page leads to the page that the list goes on in. */
static uint16_t follow(struct nvme *nvme, struct list *list)
{
	uint64_t next;

	if (nvme_dma(nvme, list->iova, &next, sizeof(next), false))
		return DATA_TRANSFER_ERROR;
	if (next & (nvme_page_size(nvme) - 1))
		return PRP_OFFSET_INVALID;
	list->iova = next;
	return SUCCESS;
}

static uint16_t map_list(struct nvme *nvme, struct list *list)
{
	uint32_t page = nvme_page_size(nvme);
	uint16_t status = SUCCESS;

	if (list->iova % ENTRY_BYTES)
		return PRP_OFFSET_INVALID;
	while (list->left && !status) {
		uint32_t needed = (list->left + page - 1) / page;
		uint32_t here =
			(page - (list->iova & (page - 1))) / ENTRY_BYTES;

		if (needed > here)
			here--;
		if (here)
			status = take_entries(nvme, list,
					      min_u32(min_u32(needed, here),
						      ENTRIES_AT_ONCE));
		else
			status = follow(nvme, list);
	}
	return status;
}

uint16_t nvme_prp_map(struct nvme *nvme, const struct nvme_cmd *cmd,
		      uint32_t len)
{
	uint32_t page = nvme_page_size(nvme);
	uint32_t first = min_u32(len, page - (cmd->prp1 & (page - 1)));
	struct list list = { .iova = cmd->prp2, .left = len - first };

	if (cmd->prp1 & 3)
		return PRP_OFFSET_INVALID;
	nvme->prp.nr = 0;
	add_segment(&nvme->prp, cmd->prp1, first);
	if (!list.left)
		return SUCCESS;
	if (list.left > page)
		return map_list(nvme, &list);
	if (cmd->prp2 & (page - 1))
		return PRP_OFFSET_INVALID;
	add_segment(&nvme->prp, cmd->prp2, list.left);
	return SUCCESS;
}

uint16_t nvme_prp_copy(struct nvme *nvme, void *buf, bool to_client)
{
	uint8_t *at = buf;

	for (unsigned int i = 0; i < nvme->prp.nr; i++) {
		const struct nvme_segment *s = &nvme->prp.segments[i];

		if (nvme_dma(nvme, s->iova, at, s->len, to_client))
			return DATA_TRANSFER_ERROR;
		at += s->len;
	}
	return SUCCESS;
}

uint16_t nvme_prp_give(struct nvme *nvme, const struct nvme_cmd *cmd,
		       const void *data, uint32_t len)
{
	uint16_t status = nvme_prp_map(nvme, cmd, len);

	/* One function for both ways; giving does not change the data. */
	return status ? status :
			nvme_prp_copy(nvme, (void *)(uintptr_t)data, true);
}
