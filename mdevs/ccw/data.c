// SPDX-License-Identifier: BSD-3-Clause
#include "data.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE_SIZE 4096U
#define PAGE_SHIFT 12
/* A count of 65535 in blocks of 2 KiB, of which the first is cut. */
#define MAX_IDAWS 33U

/* ccw_does_data_transfer(): SKIP means something to input commands only. */
static bool transfers(const struct ccw *ccw)
{
	bool is_read = (ccw->cmd & 0x3) == 0x2 || (ccw->cmd & 0xf) == 0xc;
	bool is_sense = (ccw->cmd & 0xf) == CCW_CMD_SENSE;

	if (!ccw->count || ccw->cmd == CCW_CMD_NOP)
		return false;
	return !(ccw->flags & CCW_FLAG_SKIP) || !(is_read || is_sense);
}

/* @nr words of the list at @iova: 0, or an errno of vfiod_dma_rw(). */
static int read_idaws(const struct program *program, uint64_t iova,
		      uint64_t *idaws, unsigned int nr)
{
	size_t size = program->orb.idaw64 ? sizeof(uint64_t) : sizeof(uint32_t);
	uint8_t bytes[MAX_IDAWS * sizeof(uint64_t)];
	int ret;

	ret = vfiod_dma_rw(program->vdev, iova, bytes, nr * size, false);
	for (unsigned int i = 0; i < nr && !ret; i++)
		idaws[i] = program->orb.idaw64 ? get_be64(bytes + i * size) :
						 get_be32(bytes + i * size);
	return ret;
}

/* ccw_count_idaws(): one is looked at even if there are no data. */
static unsigned int count_idaws(const struct program *program,
				const struct ccw *ccw, uint64_t first)
{
	unsigned int block = program_block(program);
	unsigned int bytes = ccw->count ? ccw->count : 1;

	return ((unsigned int)(first % block) + bytes + block - 1) / block;
}

/* get_guest_idal(): the client's list, or one made up for a direct address. */
static int get_idaws(const struct program *program, const struct ccw *ccw,
		     uint64_t *idaws, unsigned int *nr)
{
	bool indirect = ccw->flags & CCW_FLAG_IDA;
	unsigned int block = program_block(program);
	int ret = 0;

	idaws[0] = ccw->cda;
	if (indirect)
		ret = read_idaws(program, ccw->cda, idaws, 1);
	if (ret)
		return ret;
	*nr = count_idaws(program, ccw, idaws[0]);
	if (indirect && *nr > 1)
		return read_idaws(
			program, ccw->cda + (program->orb.idaw64 ? 8ULL : 4ULL),
			idaws + 1, *nr - 1);
	for (unsigned int i = 1; i < *nr; i++)
		idaws[i] = (idaws[i - 1] / block + 1) * block;
	return 0;
}

/*
 * How many areas from @first on are pinned, and unpinned, by one call:
 * adjoining pages are, if the blocks are pages (page_array_pin()).
 */
static unsigned int run_length(const struct program *program,
			       const struct ccw *ccw, unsigned int first,
			       unsigned int end)
{
	unsigned int nr = 1;

	if (program_block(program) != PAGE_SIZE)
		return 1;
	while (first + nr < end &&
	       ccw->iovas[first + nr] ==
		       ccw->iovas[first] + (uint64_t)nr * PAGE_SIZE)
		nr++;
	return nr;
}

static void unpin(struct program *program, const struct ccw *ccw,
		  unsigned int end)
{
	unsigned int nr;

	for (unsigned int i = 0; i < end; i += nr) {
		nr = run_length(program, ccw, i, end);
		vfiod_unpin_pages(program->vdev, ccw->iovas[i], (int)nr);
	}
}

static int pin(struct program *program, struct ccw *ccw, unsigned int end)
{
	unsigned int nr;
	int ret;

	for (unsigned int i = 0; i < end; i += nr) {
		nr = run_length(program, ccw, i, end);
		ret = vfiod_pin_pages(program->vdev, ccw->iovas[i], (int)nr,
				      VFIO_DMA_MAP_FLAG_READ |
					      VFIO_DMA_MAP_FLAG_WRITE,
				      ccw->pages + i);
		if (ret < 0) {
			unpin(program, ccw, i);
			return ret;
		}
	}
	ccw->nr_areas = end;
	return 0;
}

static void forget(struct ccw *ccw)
{
	free(ccw->iovas);
	free(ccw->pages);
	ccw->iovas = NULL;
	ccw->pages = NULL;
	ccw->nr_areas = 0;
}

int data_pin(struct program *program, struct ccw *ccw)
{
	uint64_t idaws[MAX_IDAWS];
	unsigned int nr;
	int ret;

	ret = get_idaws(program, ccw, idaws, &nr);
	if (ret || !transfers(ccw))
		return ret;
	ccw->iovas = calloc(nr, sizeof(*ccw->iovas));
	ccw->pages = calloc(nr, sizeof(struct vfio_page *));
	if (ccw->iovas && ccw->pages) {
		memcpy(ccw->iovas, idaws, nr * sizeof(*idaws));
		ret = pin(program, ccw, nr);
	} else {
		ret = -ENOMEM;
	}
	if (ret)
		forget(ccw);
	return ret;
}

void data_unpin(struct program *program, struct ccw *ccw)
{
	unpin(program, ccw, ccw->nr_areas);
	forget(ccw);
}

/* page_array_iova_pinned(): by pages, so that a part of one is all of it. */
bool data_is_in(const struct ccw *ccw, uint64_t iova, uint64_t length)
{
	uint64_t first = iova >> PAGE_SHIFT;
	uint64_t last = (iova + length - 1) >> PAGE_SHIFT;

	for (unsigned int i = 0; i < ccw->nr_areas; i++) {
		uint64_t pfn = ccw->iovas[i] >> PAGE_SHIFT;

		if (pfn >= first && pfn <= last)
			return true;
	}
	return false;
}

size_t data_piece(const struct program *program, const struct ccw *ccw,
		  size_t at, struct vfio_page **page, size_t *offset)
{
	unsigned int block = program_block(program);
	size_t into;

	if (!ccw->nr_areas)
		return 0;
	/* From the start of the first one's block. */
	at += ccw->iovas[0] % block;
	if (at / block >= ccw->nr_areas)
		return 0;
	into = at % block;
	if (at >= block && ccw->iovas[at / block] % block)
		return 0;
	*page = ccw->pages[at / block];
	*offset = (ccw->iovas[at / block] - ccw->iovas[at / block] % block +
		   into) %
		  PAGE_SIZE;
	return block - into;
}
