/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accounting of pinned pages to the process that mapped them: the kernel's
 * __account_locked_vm(). Containers share an mm, and each has a lock of its
 * own: no lock is needed.
 */
#ifndef VFIOD_BACKEND_LOCKED_VM_H
#define VFIOD_BACKEND_LOCKED_VM_H

#include "host.h"

/* All of @npages, or none and -ENOMEM: RLIMIT_MEMLOCK, unless @lock_cap. */
int vfio_charge(struct vfio_mm *mm, uint64_t npages, bool lock_cap);
void vfio_uncharge(struct vfio_mm *mm, uint64_t npages);

#endif
