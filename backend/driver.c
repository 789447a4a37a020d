// SPDX-License-Identifier: BSD-3-Clause
/* The list of IOMMU drivers. */
#include <errno.h>
#include <stdlib.h>

#include "driver.h"

int vfio_register_iommu_driver(struct vfio_iommu_drivers *drivers,
			       const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *driver;

	if (!ops->register_device != !ops->unregister_device)
		return -EINVAL;
	SLIST_FOREACH(driver, drivers, vfio_next) {
		if (driver->ops == ops)
			return -EINVAL;
	}
	driver = malloc(sizeof(*driver));
	if (!driver)
		return -ENOMEM;
	driver->ops = ops;
	SLIST_INSERT_HEAD(drivers, driver, vfio_next);
	return 0;
}

void vfio_unregister_iommu_drivers(struct vfio_iommu_drivers *drivers)
{
	struct vfio_iommu_driver *driver;

	while ((driver = SLIST_FIRST(drivers))) {
		SLIST_REMOVE_HEAD(drivers, vfio_next);
		free(driver);
	}
}
