// SPDX-License-Identifier: BSD-3-Clause
#include "fake_dma.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define MAX_PINS 1024

struct vfio_page {
	uint8_t bytes[FAKE_PAGE];
};

static struct vfio_page memory[FAKE_DMA_PAGES];
static int prots[FAKE_DMA_PAGES];
static uint64_t pins[MAX_PINS]; /* the IOVA of each; 0: none */
static unsigned int pin_calls;

void fake_dma_reset(void)
{
	memset(memory, 0, sizeof(memory));
	memset(pins, 0, sizeof(pins));
	pin_calls = 0;
	for (size_t i = 0; i < FAKE_DMA_PAGES; i++)
		prots[i] = RW;
}

/* The number of the page at @iova; FAKE_DMA_PAGES: there is none. */
static size_t page_of(uint64_t iova)
{
	uint64_t i = (iova - FAKE_DMA_BASE) / FAKE_PAGE;

	return i < FAKE_DMA_PAGES && prots[i] ? i : FAKE_DMA_PAGES;
}

void *fake_dma_at(uint64_t iova)
{
	ck_assert_uint_ge(iova, FAKE_DMA_BASE);
	ck_assert_uint_lt(iova, FAKE_DMA_BASE + sizeof(memory));
	return (uint8_t *)memory + (iova - FAKE_DMA_BASE);
}

void fake_dma_prot(uint64_t iova, int prot)
{
	prots[(iova - FAKE_DMA_BASE) / FAKE_PAGE] = prot;
}

unsigned int fake_dma_pins_at(uint64_t iova)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < MAX_PINS; i++)
		nr += pins[i] == iova;
	return nr;
}

unsigned int fake_dma_pins(void)
{
	return MAX_PINS - fake_dma_pins_at(0);
}

unsigned int fake_dma_pin_calls(void)
{
	return pin_calls;
}

static bool replace_pin(uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < MAX_PINS; i++) {
		if (pins[i] == from) {
			pins[i] = to;
			return true;
		}
	}
	return false;
}

static int check_pin(uint64_t iova, int prot)
{
	size_t page = page_of(iova);

	if (page == FAKE_DMA_PAGES)
		return -EINVAL;
	return (prots[page] & prot) == prot ? 0 : -EPERM;
}

int vfiod_pin_pages(struct vfio_device *vdev, uint64_t iova, int npage,
		    int prot, struct vfio_page **pages)
{
	(void)vdev;
	ck_assert_int_gt(npage, 0);
	pin_calls++;
	for (int i = 0; i < npage; i++) {
		int ret = check_pin(iova + (uint64_t)i * FAKE_PAGE, prot);

		if (ret)
			return ret;
	}
	for (int i = 0; i < npage; i++) {
		uint64_t at = iova + (uint64_t)i * FAKE_PAGE;

		ck_assert(replace_pin(0, at));
		pages[i] = &memory[page_of(at)];
	}
	return npage;
}

void vfiod_unpin_pages(struct vfio_device *vdev, uint64_t iova, int npage)
{
	(void)vdev;
	for (int i = 0; i < npage; i++)
		ck_assert_msg(replace_pin(iova + (uint64_t)i * FAKE_PAGE, 0),
			      "%#lx is not pinned",
			      (unsigned long)(iova + (uint64_t)i * FAKE_PAGE));
}

static void copy(void *memory_side, void *buf, size_t len, bool write)
{
	memcpy(write ? memory_side : buf, write ? buf : memory_side, len);
}

int vfiod_page_rw(struct vfio_page *page, size_t offset, void *buf, size_t len,
		  bool write)
{
	if (offset > FAKE_PAGE || len > FAKE_PAGE - offset)
		return -EINVAL;
	copy(page->bytes + offset, buf, len, write);
	return 0;
}

int vfiod_dma_rw(struct vfio_device *vdev, uint64_t iova, void *buf, size_t len,
		 bool write)
{
	int prot = write ? RW : VFIO_DMA_MAP_FLAG_READ;

	(void)vdev;
	for (uint64_t at = iova - iova % FAKE_PAGE; at < iova + len;
	     at += FAKE_PAGE) {
		int ret = check_pin(at, prot);

		if (ret)
			return ret;
	}
	copy(fake_dma_at(iova), buf, len, write);
	return 0;
}
