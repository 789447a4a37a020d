// SPDX-License-Identifier: BSD-3-Clause
/*
 * "vgpu": what UNMAP_DMA costs when a vGPU has pages of the range in its
 * cache, on two devices of vfiod's vgpu plugin: one has many other pages in
 * it, one none. Print a table.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../mdevs/vgpu/regs.h"
#include "calls.h"
#include "samples.h"

#define PAGE 4096UL
#define CACHED 10000UL /* pages of the full device */
#define CACHED_IOVA (1UL << 32)
#define RANGE_IOVA (2UL << 32)
#define RANGE 100UL /* pages */
#define WIDE_RANGE 65536UL
#define ROUNDS 1000
/*
 * A tree of 10000 is twice as deep as one of 100, not 100 times as long as a
 * list: some of that is seen when much is removed from it.
 */
#define WANTED_FULL 1.5
#define WANTED_WIDE 1.2
#define POS(index) ((uint64_t)(index) << 40)

enum { EMPTY, FULL, NR_DEVICES };

struct device {
	struct vfio vfio;
	uint64_t low; /* graphics address of its aperture */
};

static const struct row {
	unsigned long pages; /* of the range */
	unsigned long cached;
} rows[] = {
	{ RANGE, 0 },	{ RANGE, 1 },	   { RANGE, 10 },
	{ RANGE, 100 }, { WIDE_RANGE, 1 },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static uint8_t *memory;

static int complain(const char *what)
{
	int err = errno;

	fprintf(stderr, "bench: %s: %s\n", what, strerror(err));
	return -err;
}

static int read32(const struct device *d, uint64_t pos, uint32_t *value)
{
	return pread(d->vfio.device, value, sizeof(*value), (off_t)pos) ==
			       sizeof(*value) ?
		       0 :
		       complain("pread");
}

static int open_device(struct device *d, int n)
{
	static const char *const env[] = { "VFIOD_GROUP", "VFIOD_DEVICE",
					   "VFIOD_GROUP_2", "VFIOD_DEVICE_2" };
	const char *group = getenv(env[2 * n]), *name = getenv(env[2 * n + 1]);
	uint32_t low;

	if (!group || !name) {
		fprintf(stderr, "bench: vfiod run gave fewer than 2 devices\n");
		return -ENODEV;
	}
	if (calls_open(&d->vfio, group) || calls_open_device(&d->vfio, name) ||
	    read32(d, PVINFO_LOW_BASE, &low))
		return -ENODEV;
	d->low = low;
	return 0;
}

static int map(const struct device *d, uint64_t iova, unsigned long pages)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = pages * PAGE,
	};

	return ioctl(d->vfio.container, VFIO_IOMMU_MAP_DMA, &arg) ?
		       complain("VFIO_IOMMU_MAP_DMA") :
		       0;
}

static int unmap(const struct device *d, uint64_t iova, unsigned long pages)
{
	struct vfio_iommu_type1_dma_unmap arg = { .argsz = sizeof(arg),
						  .iova = iova,
						  .size = pages * PAGE };

	return ioctl(d->vfio.container, VFIO_IOMMU_UNMAP_DMA, &arg) ?
		       complain("VFIO_IOMMU_UNMAP_DMA") :
		       0;
}

/* Enter @nr pages from @iova on into the GTT from entry @first on. */
static int cache(const struct device *d, unsigned long first, uint64_t iova,
		 unsigned long nr)
{
	uint64_t pos = POS(VFIO_PCI_BAR0_REGION_INDEX) + VGPU_GTT_OFFSET +
		       (d->low / PAGE + first) * 8;

	for (unsigned long i = 0; i < nr; i++) {
		uint64_t pte = (iova + i * PAGE) | 1;

		if (pwrite(d->vfio.device, &pte, sizeof(pte),
			   (off_t)(pos + 8 * i)) != sizeof(pte))
			return complain("GTT");
	}
	return 0;
}

/* Are they pinned? The aperture shows them, and else zeros. */
static int check_cached(const struct device *d, unsigned long first,
			unsigned long nr)
{
	uint64_t pos = POS(VFIO_PCI_BAR2_REGION_INDEX) + d->low + first * PAGE;
	uint32_t value;

	for (unsigned long i = 0; i < nr; i++) {
		if (read32(d, pos + i * PAGE, &value))
			return -EIO;
		if (value != i + 1) {
			fprintf(stderr,
				"bench: page %lu cannot be pinned; is "
				"RLIMIT_MEMLOCK below 40 MiB?\n",
				i);
			return -ENOMEM;
		}
	}
	return 0;
}

/* Behind the cached pages' entries. */
static int measure_one(const struct device *d, const struct row *row,
		       struct samples *samples)
{
	uint64_t start;
	int ret;

	if (map(d, RANGE_IOVA, row->pages) ||
	    cache(d, CACHED, RANGE_IOVA, row->cached))
		return -EIO;
	start = samples_now();
	ret = unmap(d, RANGE_IOVA, row->pages);
	samples_add(samples, samples_now() - start);
	return ret;
}

static int measure(const struct device *devices,
		   struct samples samples[NR_ROWS][NR_DEVICES])
{
	for (int round = 0; round < ROUNDS; round++)
		for (size_t row = 0; row < NR_ROWS; row++)
			for (int d = 0; d < NR_DEVICES; d++)
				if (measure_one(&devices[d], &rows[row],
						&samples[row][d]))
					return -EIO;
	return 0;
}

static const char *verdict(double ratio, double wanted)
{
	return ratio <= wanted ? "met" : "MISSED";
}

static void print_row(const struct row *row, double empty, double full)
{
	double ratio = full / empty;

	printf("  %3lu cached of %5lu pages   %8.1f %8.1f %8.2f   <= %-7.2f  "
	       "%s\n",
	       row->cached, row->pages, empty / 1e3, full / 1e3, ratio,
	       WANTED_FULL, verdict(ratio, WANTED_FULL));
}

static void print_table(struct samples samples[NR_ROWS][NR_DEVICES])
{
	double p50[NR_ROWS], ratio;

	printf("  %-26s %8s %8s %8s   %-10s\n", "UNMAP_DMA of a range", "0: us",
	       "10000: us", "ratio", "wanted");
	for (size_t row = 0; row < NR_ROWS; row++) {
		p50[row] = samples_percentile(&samples[row][FULL], 50);
		print_row(&rows[row],
			  samples_percentile(&samples[row][EMPTY], 50),
			  p50[row]);
	}
	ratio = p50[4] / p50[1];
	printf("  %-44s %8.2f   <= %-7.2f  %s\n",
	       "1 cached: of 65536 pages to of 100", ratio, WANTED_WIDE,
	       verdict(ratio, WANTED_WIDE));
	printf("  each page more: %.2f us from 1 to 10, %.2f us to 100\n",
	       (p50[2] - p50[1]) / 9e3, (p50[3] - p50[2]) / 90e3);
}

int main(void)
{
	struct samples(*samples)[NR_DEVICES] =
		calloc(NR_ROWS, sizeof(*samples));
	struct device devices[NR_DEVICES];

	memory = mmap(NULL, WIDE_RANGE * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!samples || memory == MAP_FAILED) {
		perror("bench");
		return 1;
	}
	for (uint32_t i = 0; i < CACHED; i++)
		*(uint32_t *)(memory + i * PAGE) = i + 1;
	if (open_device(&devices[EMPTY], EMPTY) ||
	    open_device(&devices[FULL], FULL) ||
	    map(&devices[FULL], CACHED_IOVA, CACHED) ||
	    cache(&devices[FULL], 0, CACHED_IOVA, CACHED) ||
	    check_cached(&devices[FULL], 0, CACHED) ||
	    measure(devices, samples))
		return 1;
	print_table(samples);
	free(samples);
	return 0;
}
