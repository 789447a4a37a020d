// SPDX-License-Identifier: BSD-3-Clause
#include "daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <stdio.h>
#include <string.h>

#include "devices.h"
#include "file.h"
#include "guard.h"
#include "mm.h"

static int init_parts(struct daemon *daemon, char *why, size_t size)
{
	int ret;

	daemon->base = event_base_new();
	daemon->mms = mm_table_create();
	if (!daemon->base || !daemon->mms)
		return -ENOMEM;
	ret = guard_init();
	if (ret)
		return ret;
	ret = eventfds_init(&daemon->eventfds, daemon->base);
	if (ret)
		snprintf(why, size, "cannot signal eventfds (io_setup): %s%s",
			 strerror(-ret),
			 ret == -EAGAIN ? "; raise fs.aio-max-nr" : "");
	return ret;
}

int daemon_init(struct daemon *daemon, const struct options *options, char *why,
		size_t size)
{
	int ret;

	memset(daemon, 0, sizeof(*daemon));
	daemon->options = options;
	tickets_init(&daemon->tickets);
	closing_init(&daemon->closing);
	pthread_mutex_init(&daemon->files_lock, NULL);
	LIST_INIT(&daemon->files);
	SLIST_INIT(&daemon->drivers);
	snprintf(why, size, "out of memory");
	if (evthread_use_pthreads())
		return -ENOMEM;
	ret = init_parts(daemon, why, size);
	if (!ret)
		return 0;
	if (daemon->mms)
		mm_table_destroy(daemon->mms);
	if (daemon->base)
		event_base_free(daemon->base);
	return ret;
}

/* As in the kernel noiommu, of vfio itself, comes before the module type1. */
static int register_drivers(struct daemon *daemon)
{
	int ret = 0;

	if (devices_have(daemon->devices, VFIO_NO_IOMMU))
		ret = vfio_register_iommu_driver(&daemon->drivers,
						 &vfio_noiommu);
	if (ret)
		return ret;
	return vfio_register_iommu_driver(&daemon->drivers, &vfio_iommu_type1);
}

int daemon_make_devices(struct daemon *daemon, struct plugins *plugins,
			char *why, size_t size)
{
	int ret;

	snprintf(why, size, "out of memory");
	ret = devices_create(daemon->options, plugins, why, size,
			     &daemon->devices);
	return ret ? ret : register_drivers(daemon);
}

void daemon_fini(struct daemon *daemon)
{
	file_release_all(daemon);
	vfio_unregister_iommu_drivers(&daemon->drivers);
	eventfds_fini(&daemon->eventfds);
	mm_table_destroy(daemon->mms);
	event_base_free(daemon->base);
	closing_fini(&daemon->closing);
	tickets_fini(&daemon->tickets);
	pthread_mutex_destroy(&daemon->files_lock);
}
