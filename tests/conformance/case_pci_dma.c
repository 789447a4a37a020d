// SPDX-License-Identifier: BSD-3-Clause
/* What the device does with memory that the container maps. */
#include <linux/pci_regs.h>
#include <string.h>
#include <sys/mman.h>
#include "helpers_pci.h"

#define MASTER (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define READ VFIO_DMA_MAP_FLAG_READ
#define WRITE VFIO_DMA_MAP_FLAG_WRITE
#define IOVA 0x100000UL
#define FAR 0x200000UL
/* The device's own engine stops the machine for more. */
#define MOST 4095

static uint8_t *filled(struct ctx *c, const char *name, size_t pages)
{
	uint8_t *at = c_mem(c, name, pages * C_PAGE, C_UNWATCHED);
	size_t i;

	for (i = 0; i < pages * C_PAGE; i++)
		at[i] = (uint8_t)(i * 7 + i / 256);
	return at;
}

/* What is there: where it begins to differ from what was put in. */
static void say_memory(struct ctx *c, const char *name, const uint8_t *at,
		       size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum = sum * 31 + at[i];
	c_say(c, "%s: %02x %02x %02x %02x .. %02x, sum %08x", name, at[0],
	      at[1], at[2], at[3], at[len - 1], sum);
}

static int ready(struct ctx *c)
{
	int fd = e_ready(c);

	e_command(c, fd, MASTER);
	return fd;
}

static void clear_buffer(struct ctx *c, int fd, uint8_t *zeros)
{
	int container = c_fd(c, "container");

	c_map(c, container, zeros, FAR, C_PAGE, READ);
	e_dma(c, fd, FAR, E_BUFFER, MOST, false);
	c_unmap(c, container, FAR, C_PAGE, 0, NULL);
}

/* From one place of memory to another. */
static void copy(struct ctx *c)
{
	static const uint64_t lengths[] = { 1, 2, 3, 7, 8, 100, 4095 };
	uint8_t *a = filled(c, "A", 2),
		*b = c_mem(c, "B", 2 * C_PAGE, C_UNWATCHED);
	int fd = ready(c), container = c_fd(c, "container");
	uint64_t len = lengths[c->param];

	c_map(c, container, a, IOVA, 2 * C_PAGE, READ);
	c_map(c, container, b, FAR, 2 * C_PAGE, WRITE);
	e_dma(c, fd, IOVA + 5, E_BUFFER, len, false);
	e_dma(c, fd, E_BUFFER, FAR + C_PAGE - 1, len, true);
	say_memory(c, "B", b, 2 * C_PAGE);
}

/* Memory of all protections, for both directions. */
static void protection(struct ctx *c)
{
	uint8_t *a = filled(c, "A", 1);
	uint8_t *b = c_mem(c, "B", C_PAGE, C_UNWATCHED);
	int fd = ready(c), container = c_fd(c, "container");

	clear_buffer(c, fd, b);
	c_map(c, container, a, IOVA, C_PAGE, (uint32_t)c->param);
	c_map(c, container, b, FAR, C_PAGE, READ | WRITE);
	e_dma(c, fd, IOVA, E_BUFFER, 256, false);
	e_dma(c, fd, E_BUFFER, FAR, 256, true);
	say_memory(c, "B", b, C_PAGE);
	e_dma(c, fd, E_BUFFER, IOVA + 512, 256, true);
	say_memory(c, "A", a, C_PAGE);
}

E_CASE("pci/dma/unmapped")
{
	uint8_t *b = c_mem(c, "B", C_PAGE, C_UNWATCHED);
	int fd = ready(c), container = c_fd(c, "container");

	clear_buffer(c, fd, b);
	e_dma(c, fd, IOVA, E_BUFFER, 256, false);
	e_dma(c, fd, E_BUFFER, IOVA, 256, true);
	c_map(c, container, b, FAR, C_PAGE, READ | WRITE);
	e_dma(c, fd, E_BUFFER, FAR, 256, true);
	say_memory(c, "B", b, C_PAGE);
}

/* A device that may not access memory does not. */
E_CASE("pci/dma/no-bus-master")
{
	uint8_t *a = filled(c, "A", 1);
	uint8_t *b = c_mem(c, "B", C_PAGE, C_UNWATCHED);
	int fd = ready(c), container = c_fd(c, "container");

	clear_buffer(c, fd, b);
	c_map(c, container, a, IOVA, C_PAGE, READ | WRITE);
	e_command(c, fd, PCI_COMMAND_MEMORY);
	e_dma(c, fd, E_BUFFER, IOVA, 256, true);
	say_memory(c, "A", a, C_PAGE);
	e_dma(c, fd, IOVA, E_BUFFER, 256, false);
	e_command(c, fd, MASTER);
	e_dma(c, fd, E_BUFFER, IOVA, 256, true);
	say_memory(c, "A", a, C_PAGE);
}

/* Over the end of what is mapped: what is there arrives. */
E_CASE("pci/dma/over-the-end")
{
	uint8_t *a = filled(c, "A", 1);
	uint8_t *b = c_mem(c, "B", C_PAGE, C_UNWATCHED);
	int fd = ready(c), container = c_fd(c, "container");

	clear_buffer(c, fd, b);
	c_map(c, container, a, IOVA, C_PAGE, READ | WRITE);
	c_map(c, container, b, FAR, C_PAGE, READ | WRITE);
	e_dma(c, fd, IOVA + C_PAGE - 64, E_BUFFER, 128, false);
	e_dma(c, fd, E_BUFFER, FAR, 256, true);
	say_memory(c, "B", b, C_PAGE);
	e_dma(c, fd, E_BUFFER, IOVA + C_PAGE - 32, 64, true);
	say_memory(c, "A", a, C_PAGE);
}

/* After UNMAP, and after another MAP there. */
E_CASE("pci/dma/remapped")
{
	uint8_t *a = filled(c, "A", 1);
	uint8_t *b = c_mem(c, "B", C_PAGE, C_UNWATCHED);
	int fd = ready(c), container = c_fd(c, "container");

	c_map(c, container, a, IOVA, C_PAGE, READ | WRITE);
	e_dma(c, fd, IOVA, E_BUFFER, 256, false);
	c_unmap(c, container, IOVA, C_PAGE, 0, NULL);
	e_dma(c, fd, E_BUFFER, IOVA + 1024, 256, true);
	say_memory(c, "A", a, C_PAGE);
	c_map(c, container, b, IOVA, C_PAGE, READ | WRITE);
	e_dma(c, fd, E_BUFFER, IOVA + 1024, 256, true);
	say_memory(c, "A", a, C_PAGE);
	say_memory(c, "B", b, C_PAGE);
}

/* The pages are pinned: what the process has there later is of no account. */
E_CASE("pci/dma/pages-stay")
{
	uint8_t *a = filled(c, "A", 1);
	uint8_t *b = c_mem(c, "B", C_PAGE, C_UNWATCHED);
	int fd = ready(c), container = c_fd(c, "container");

	clear_buffer(c, fd, b);
	c_map(c, container, a, IOVA, C_PAGE, READ);
	c_map(c, container, b, FAR, C_PAGE, READ | WRITE);
	c_did(c, mprotect(a, C_PAGE, PROT_NONE), "mprotect(A, ---)");
	e_dma(c, fd, IOVA, E_BUFFER, 256, false);
	e_dma(c, fd, E_BUFFER, FAR, 256, true);
	say_memory(c, "B", b, C_PAGE);
}

/* Two mappings side by side, of places far apart. */
E_CASE("pci/dma/two-mappings")
{
	uint8_t *a = filled(c, "A", 1), *b = filled(c, "B", 2);
	uint8_t *to = c_mem(c, "C", C_PAGE, C_UNWATCHED);
	int fd = ready(c), container = c_fd(c, "container");

	c_map(c, container, b, IOVA, C_PAGE, READ);
	c_map(c, container, a, IOVA + C_PAGE, C_PAGE, READ);
	c_map(c, container, to, FAR, C_PAGE, WRITE);
	e_dma(c, fd, IOVA + C_PAGE - 100, E_BUFFER, 200, false);
	e_dma(c, fd, E_BUFFER, FAR, 200, true);
	say_memory(c, "C", to, C_PAGE);
}

/* An interrupt when it is done. */
static void interrupt(struct ctx *c)
{
	uint8_t *a = filled(c, "A", 1);
	int fd = ready(c), event = c_eventfd(c, "event");

	d_set_eventfd(c, fd, D_A(c), event);
	c_map(c, c_fd(c, "container"), a, IOVA, C_PAGE, READ);
	e_set(c, fd, E_DMA_SOURCE, 8, IOVA);
	e_set(c, fd, E_DMA_TARGET, 8, E_BUFFER);
	e_set(c, fd, E_DMA_COUNT, 8, 16);
	e_write(c, fd, E_DMA_COMMAND, 5);
	e_signalled(c, event);
	c_pread(c, fd, NULL, 4, E_IRQ_STATUS);
	c_pread(c, fd, NULL, 4, E_DMA_COMMAND);
}

/* All pages are dirty: the device may write to them. */
E_CASE("pci/dma/dirty")
{
	uint8_t *a = filled(c, "A", 2), *bitmap = c_mem(c, "bitmap", 8, 0);
	int fd = ready(c), container = c_fd(c, "container");

	c_map(c, container, a, IOVA, 2 * C_PAGE, READ | WRITE);
	c_dirty(c, container, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	e_dma(c, fd, E_BUFFER, IOVA, 16, true);
	c_dirty_get(c, container, IOVA, 2 * C_PAGE, C_PAGE, bitmap, 8);
	memset(bitmap, 0, 8);
	c_dirty_get(c, container, IOVA, 2 * C_PAGE, C_PAGE, bitmap, 8);
}

CASES
{
	long i;

	for (i = 0; i < 7; i++)
		conform_add(copy, i, CASE_PCI, "pci/dma/copy-%ld", i);
	conform_add(protection, READ, CASE_PCI, "pci/dma/read-only");
	conform_add(protection, WRITE, CASE_PCI, "pci/dma/write-only");
	conform_add(protection, READ | WRITE, CASE_PCI, "pci/dma/read-write");
	conform_add(interrupt, 0, CASE_PCI, "pci/dma/interrupt/intx");
	conform_add(interrupt, 1, CASE_PCI, "pci/dma/interrupt/msi");
}
