// SPDX-License-Identifier: BSD-3-Clause
/*
 * "unmap": what VFIO_IOMMU_UNMAP_DMA of a mapping costs when devices have a
 * page of it pinned, against one where none has. The environment has 64
 * devices of the plugin keeper; 1, 8 and 64 are opened in one container.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../plugins/keeper.h"
#include "samples.h"

#define PAGE 4096UL
#define IOVA 0x100000UL
#define DEVICES 64
#define ROUNDS 40
#define CALLS 50 /* of one kind in a row */

/* Which of the open devices have the page. */
enum kind { NONE, ONE, ALL, NR_KINDS };

static const char *const names[NR_KINDS] = {
	[NONE] = "pinned by none",
	[ONE] = "pinned by one",
	[ALL] = "pinned by all",
};

struct bench {
	int container;
	int devices[DEVICES];
	unsigned int nr; /* that are open */
	void *page;
};

static int complain(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	return -1;
}

/* NAME of the first device, NAME_2 and so on of the others. */
static const char *env_of(const char *name, unsigned int i)
{
	char numbered[32];

	snprintf(numbered, sizeof(numbered), i ? "%s_%u" : "%s", name, i + 1);
	return getenv(numbered);
}

static int open_device(struct bench *bench, unsigned int i)
{
	const char *path = env_of("VFIOD_GROUP", i);
	const char *name = env_of("VFIOD_DEVICE", i);
	int group;

	if (!path || !name) {
		fprintf(stderr, "bench: vfiod run gave fewer than %d devices\n",
			DEVICES);
		return -1;
	}
	group = open(path, O_RDWR | O_CLOEXEC);
	if (group < 0)
		return complain(path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &bench->container))
		return complain("VFIO_GROUP_SET_CONTAINER");
	if (!i && ioctl(bench->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return complain("VFIO_SET_IOMMU");
	bench->devices[i] = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
	return bench->devices[i] < 0 ? complain("VFIO_GROUP_GET_DEVICE_FD") : 0;
}

static int open_up_to(struct bench *bench, unsigned int nr)
{
	for (; bench->nr < nr; bench->nr++)
		if (open_device(bench, bench->nr))
			return -1;
	return 0;
}

static int map(const struct bench *bench)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)bench->page,
		.iova = IOVA,
		.size = PAGE,
	};

	return ioctl(bench->container, VFIO_IOMMU_MAP_DMA, &arg);
}

static int unmap(const struct bench *bench)
{
	struct vfio_iommu_type1_dma_unmap arg = { .argsz = sizeof(arg),
						  .iova = IOVA,
						  .size = PAGE };

	return ioctl(bench->container, VFIO_IOMMU_UNMAP_DMA, &arg);
}

/* Every kind has the same requests before its unmap: without effect, or not. */
static int pin(const struct bench *bench, enum kind kind)
{
	unsigned int nr = kind == ALL ? bench->nr : 1;
	uint64_t iova = IOVA, offset = kind == NONE ? KEEPER_UNPIN : KEEPER_PIN;

	for (unsigned int i = 0; i < nr; i++)
		if (pwrite(bench->devices[i], &iova, sizeof(iova),
			   (off_t)offset) != sizeof(iova))
			return -1;
	return 0;
}

static int time_unmap(const struct bench *bench, enum kind kind,
		      struct samples *samples)
{
	uint64_t start;

	if (map(bench) || pin(bench, kind))
		return complain("VFIO_IOMMU_MAP_DMA, pin");
	start = samples_now();
	if (unmap(bench))
		return complain("VFIO_IOMMU_UNMAP_DMA");
	samples_add(samples, samples_now() - start);
	return 0;
}

/* All kinds take turns, so that what disturbs the machine disturbs all. */
static int measure(const struct bench *bench, struct samples *samples)
{
	for (int kind = 0; kind < NR_KINDS; kind++)
		samples[kind].count = 0;
	for (int round = 0; round < ROUNDS; round++)
		for (int kind = 0; kind < NR_KINDS; kind++)
			for (int i = 0; i < CALLS; i++)
				if (time_unmap(bench, kind, &samples[kind]))
					return -1;
	return 0;
}

static const char *verdict(double value, double wanted)
{
	return value <= wanted ? "met" : "MISSED";
}

/*
 * The ratio that is wanted is for one device. Returns what each device costs
 * when all have the page, of the quicker calls: 64 devices are more than the
 * cache keeps while others use the machine.
 */
static double print(const struct bench *bench, struct samples *samples)
{
	double none = samples_percentile(&samples[NONE], 50);

	for (int kind = 0; kind < NR_KINDS; kind++) {
		double p50 = samples_percentile(&samples[kind], 50);
		double ratio = p50 / none;

		if (kind == ALL && bench->nr == 1)
			continue;
		printf("  %7u  %-16s %8.1f %8.1f %8.2f", bench->nr, names[kind],
		       p50 / 1e3, samples_percentile(&samples[kind], 99) / 1e3,
		       ratio);
		if (kind != NONE)
			printf("  %8.0f", (p50 - none) / bench->nr);
		if (kind == ONE && bench->nr == 1)
			printf("   <= 1.3  %s", verdict(ratio, 1.3));
		printf("\n");
	}
	return (samples_percentile(&samples[ALL], 10) -
		samples_percentile(&samples[NONE], 10)) /
	       bench->nr;
}

int main(void)
{
	static const unsigned int numbers[] = { 1, 8, DEVICES };
	struct samples *samples = calloc(NR_KINDS, sizeof(*samples));
	struct bench bench = { .nr = 0 };
	double each[3];

	bench.container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	bench.page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!samples || bench.container < 0 || bench.page == MAP_FAILED) {
		complain("/dev/vfio/vfio");
		return 1;
	}
	printf("  %7s  %-16s %8s %8s %8s  %8s\n", "devices", "page is",
	       "p50 us", "p99 us", "ratio", "ns each");
	for (int i = 0; i < 3; i++) {
		if (open_up_to(&bench, numbers[i]) || measure(&bench, samples))
			return 1;
		each[i] = print(&bench, samples);
	}
	printf("  each of 64 that have the page, to each of 8:%7.2f"
	       "             <= 1.5  %s\n",
	       each[2] / each[1], verdict(each[2], 1.5 * each[1]));
	free(samples);
	return 0;
}
