// SPDX-License-Identifier: BSD-3-Clause
/* RLIMIT_MEMLOCK. */
#include <errno.h>

#include "locked_vm.h"

/* Test and charge are one step. */
int vfio_charge(struct vfio_mm *mm, uint64_t npages, bool lock_cap)
{
	uint64_t limit = lock_cap ? UINT64_MAX : mm->ops->memlock(mm);
	uint_least64_t locked = atomic_load(&mm->locked_vm);

	do {
		if (locked > limit || npages > limit - locked)
			return -ENOMEM;
	} while (!atomic_compare_exchange_weak(&mm->locked_vm, &locked,
					       locked + npages));
	return 0;
}

void vfio_uncharge(struct vfio_mm *mm, uint64_t npages)
{
	atomic_fetch_sub(&mm->locked_vm, npages);
}
