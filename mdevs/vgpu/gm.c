// SPDX-License-Identifier: BSD-3-Clause
#include "gm.h"

#include <errno.h>
#include <pthread.h>

#include "types.h"

/* Parts are multiples of these. */
#define LOW_UNIT ((uint64_t)64 << 20)
#define HIGH_UNIT ((uint64_t)128 << 20)
#define NR_LOW (VGPU_APERTURE_SIZE / LOW_UNIT)
#define NR_HIGH ((VGPU_GM_SIZE - VGPU_APERTURE_SIZE) / HIGH_UNIT)
#define NR_FENCES 32
#define NR_IDS 8

/* What GVT leaves to the host, from the start of each; id 0 is the host's. */
#define HOST_LOW (((uint64_t)128 << 20) / LOW_UNIT)
#define HOST_HIGH (((uint64_t)384 << 20) / HIGH_UNIT)
#define HOST_FENCES 4

/* Sets of taken units, by bits. */
static struct {
	/* Guards the sets. A leaf. */
	pthread_mutex_t lock;
	uint32_t low;
	uint32_t high;
	uint32_t ids;
	unsigned int fences;
} gpu = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.low = (1U << HOST_LOW) - 1,
	.high = (1U << HOST_HIGH) - 1,
	.ids = 1,
	.fences = HOST_FENCES,
};

static uint32_t bits(unsigned int first, uint64_t nr)
{
	return (uint32_t)(((uint64_t)1 << nr) - 1) << first;
}

/* The first @nr free units in a row, of @total; -1: there are none. */
static int find(uint32_t taken, unsigned int nr, unsigned int total)
{
	for (unsigned int at = 0; at + nr <= total; at++)
		if (!(taken & bits(at, nr)))
			return (int)at;
	return -1;
}

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int vgpu_gm_available(const struct vgpu_type *type)
{
	unsigned int low, high, fences;

	pthread_mutex_lock(&gpu.lock);
	low = NR_LOW - (unsigned int)__builtin_popcount(gpu.low);
	high = NR_HIGH - (unsigned int)__builtin_popcount(gpu.high);
	fences = NR_FENCES - gpu.fences;
	pthread_mutex_unlock(&gpu.lock);
	return min(low / (unsigned int)(type->low_size / LOW_UNIT),
		   min(high / (unsigned int)(type->high_size / HIGH_UNIT),
		       fences / type->fences));
}

static int take(struct vgpu_gm *gm, const struct vgpu_type *type)
{
	unsigned int nr_low = (unsigned int)(type->low_size / LOW_UNIT);
	unsigned int nr_high = (unsigned int)(type->high_size / HIGH_UNIT);
	int low = find(gpu.low, nr_low, NR_LOW);
	int high = find(gpu.high, nr_high, NR_HIGH);
	int id = find(gpu.ids, 1, NR_IDS);

	if (low < 0 || high < 0 || id < 0 ||
	    gpu.fences + type->fences > NR_FENCES)
		return -ENOSPC;
	gpu.low |= bits((unsigned int)low, nr_low);
	gpu.high |= bits((unsigned int)high, nr_high);
	gpu.ids |= bits((unsigned int)id, 1);
	gpu.fences += type->fences;
	*gm = (struct vgpu_gm){
		.id = id,
		.low_base = (unsigned int)low * LOW_UNIT,
		.low_size = type->low_size,
		.high_base =
			VGPU_APERTURE_SIZE + (unsigned int)high * HIGH_UNIT,
		.high_size = type->high_size,
		.fences = type->fences,
	};
	return 0;
}

int vgpu_gm_take(struct vgpu_gm *gm, const struct vgpu_type *type)
{
	int ret;

	pthread_mutex_lock(&gpu.lock);
	ret = take(gm, type);
	pthread_mutex_unlock(&gpu.lock);
	return ret;
}

void vgpu_gm_give_back(const struct vgpu_gm *gm)
{
	uint64_t high = gm->high_base - VGPU_APERTURE_SIZE;

	pthread_mutex_lock(&gpu.lock);
	gpu.low &= ~bits((unsigned int)(gm->low_base / LOW_UNIT),
			 gm->low_size / LOW_UNIT);
	gpu.high &= ~bits((unsigned int)(high / HIGH_UNIT),
			  gm->high_size / HIGH_UNIT);
	gpu.ids &= ~bits((unsigned int)gm->id, 1);
	gpu.fences -= gm->fences;
	pthread_mutex_unlock(&gpu.lock);
}

static bool within(uint64_t base, uint64_t length, uint64_t address,
		   uint64_t size)
{
	return address >= base && address - base < length &&
	       size <= length - (address - base);
}

bool vgpu_gm_holds(const struct vgpu_gm *gm, uint64_t address, uint64_t size)
{
	return within(gm->low_base, gm->low_size, address, size) ||
	       within(gm->high_base, gm->high_size, address, size);
}
