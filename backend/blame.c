// SPDX-License-Identifier: BSD-3-Clause
#include "blame.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "device.h"
#include "host.h"

void vfio_blame(struct vfio_device *vdev, const char *fmt, ...)
{
	unsigned int nth = atomic_load(&vdev->blames);
	char what[256];
	va_list args;

	do {
		if (nth == VFIO_BLAME_LINES)
			return;
	} while (!atomic_compare_exchange_weak(&vdev->blames, &nth, nth + 1));
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	vfio_log(4, "%s: %s: %s%s", vdev->plugin->name, vdev->name, what,
		 nth + 1 < VFIO_BLAME_LINES ?
			 "" :
			 "; what else it does wrong is not logged");
}

long vfio_blame_result(struct vfio_device *vdev, const char *op, long ret,
		       long max)
{
	if (ret >= -VFIO_MAX_ERRNO && ret <= max)
		return ret;
	vfio_blame(vdev, "%s returned %ld", op, ret);
	return -EIO;
}
