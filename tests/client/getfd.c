// SPDX-License-Identifier: BSD-3-Clause
/*
 * getfd [stream]: open every device and say how it went: "ok", or the errno
 * of what failed as a word. For tests of who else watches the client, and to
 * have every device used once. With "stream" also begin to save its state.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static int open_and_read(int n, bool stream)
{
	struct vfio_session s;
	char c;
	int ret = vfio_session_try(&s, n, VFIO_TYPE1v2_IOMMU);

	if (ret)
		return ret;
	if (pread(s.device, &c, 1, REGION(0)) < 0)
		ret = -errno;
	else if (stream)
		ret = get_stream(s.device);
	vfio_session_close(&s);
	return ret;
}

int main(int argc, char **argv)
{
	bool stream = argc > 1 && !strcmp(argv[1], "stream");
	int ret = 0;

	for (int n = 1; vfio_has_device(n) && !ret; n++)
		ret = open_and_read(n, stream);
	puts(ret ? strerrorname_np(-ret) : "ok");
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
