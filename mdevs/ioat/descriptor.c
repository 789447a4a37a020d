// SPDX-License-Identifier: BSD-3-Clause
/* One descriptor. */
#include <errno.h>
#include <string.h>

#include "ioat.h"
#include "regs.h"

#define CHUNK 16384

int ioat_dma(struct ioat *ioat, uint64_t iova, void *buf, size_t len,
	     bool write)
{
	if (!vfiod_pci_bus_master(ioat->vdev))
		return -EACCES;
	return vfiod_dma_rw(ioat->vdev, iova, buf, len, write);
}

static uint32_t copy(struct ioat *ioat, const struct descriptor *desc)
{
	uint8_t chunk[CHUNK];
	uint32_t len;

	for (uint32_t at = 0; at < desc->size; at += len) {
		len = desc->size - at < CHUNK ? desc->size - at : CHUNK;
		if (ioat_dma(ioat, desc->source + at, chunk, len, false))
			return ERR_SOURCE;
		if (ioat_dma(ioat, desc->destination + at, chunk, len, true))
			return ERR_DESTINATION;
	}
	return 0;
}

static uint32_t fill(struct ioat *ioat, const struct descriptor *desc)
{
	uint64_t chunk[CHUNK / sizeof(uint64_t)];
	uint32_t len;

	for (size_t i = 0; i < CHUNK / sizeof(uint64_t); i++)
		chunk[i] = desc->source;
	for (uint32_t at = 0; at < desc->size; at += len) {
		len = desc->size - at < CHUNK ? desc->size - at : CHUNK;
		if (ioat_dma(ioat, desc->destination + at, chunk, len, true))
			return ERR_DESTINATION;
	}
	return 0;
}

static uint32_t transfer(struct ioat *ioat, const struct descriptor *desc)
{
	uint32_t op = desc->control >> CONTROL_OP_SHIFT;

	if (desc->control & CONTROL_PAGE_BREAKS || op > OP_FILL)
		return ERR_CONTROL;
	if (op == OP_COPY && desc->control & CONTROL_NULL)
		return 0;
	if (!desc->size || desc->size > 1U << XFERCAP_BITS)
		return ERR_LENGTH;
	return op == OP_COPY ? copy(ioat, desc) : fill(ioat, desc);
}

uint32_t ioat_descriptor_do(struct ioat *ioat, uint32_t *control)
{
	bool first = ioat->next == ioat->chain && !ioat->done;
	struct descriptor desc;
	uint32_t error;

	if (ioat->next % DESCRIPTOR_SIZE)
		return first ? ERR_CHAIN : ERR_NEXT_ALIGN;
	if (ioat_dma(ioat, ioat->next, &desc, sizeof(desc), false))
		return first ? ERR_CHAIN : ERR_NEXT;
	error = transfer(ioat, &desc);
	if (error)
		return error;
	*control = desc.control;
	ioat->completed = ioat->next;
	ioat->next = desc.next;
	ioat->done++;
	return 0;
}
