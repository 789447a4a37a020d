/* SPDX-License-Identifier: BSD-3-Clause */
/* Files in sysfs of the plugin that is linked into the test. */
#ifndef TESTS_UNIT_ATTRIBUTE_H
#define TESTS_UNIT_ATTRIBUTE_H

#include <vfiod/plugin.h>

/* Write @text to the attribute @name: 0 when all was taken, or the errno. */
int attribute_store(struct vfio_device *vdev, const char *name,
		    const char *text);
/* What the attribute @name shows; valid until the next call. */
const char *attribute_show(struct vfio_device *vdev, const char *name);

#endif
