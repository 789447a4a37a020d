// SPDX-License-Identifier: BSD-3-Clause
/*
 * getfd [stream | map]: open every device and say how it went: "ok", or the
 * errno of what failed as a word. For tests of who else watches the client, and
 * to have every device used once. With "stream" also begin to save its state,
 * with "map" map the first page of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio.h"

static int get_stream(int device)
{
	struct {
		struct vfio_device_feature header;
		struct vfio_device_feature_mig_state data;
	} arg = {
		.header = { .argsz = sizeof(arg),
			    .flags = VFIO_DEVICE_FEATURE_SET |
				     VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE },
		.data = { .device_state = VFIO_DEVICE_STATE_STOP_COPY },
	};
	int ret = vfio_ioctl(device, VFIO_DEVICE_FEATURE, &arg);

	return !ret && read(arg.data.data_fd, &arg, 1) < 0 ? -errno : ret;
}

static int map_page(int device)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, device,
			(off_t)REGION(0));

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, PAGE);
	return 0;
}

static int nothing_more(int device)
{
	(void)device;
	return 0;
}

static int open_and_read(int n, int (*then)(int device))
{
	struct vfio_session s;
	char c;
	int ret = vfio_session_try(&s, n, VFIO_TYPE1v2_IOMMU);

	if (ret)
		return ret;
	if (pread(s.device, &c, 1, REGION(0)) < 0)
		ret = -errno;
	else
		ret = then(s.device);
	vfio_session_close(&s);
	return ret;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int (*then)(int device) = nothing_more;
	int ret = 0;

	if (!strcmp(what, "stream"))
		then = get_stream;
	if (!strcmp(what, "map"))
		then = map_page;
	for (int n = 1; vfio_has_device(n) && !ret; n++)
		ret = open_and_read(n, then);
	puts(ret ? strerrorname_np(-ret) : "ok");
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
