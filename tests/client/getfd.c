// SPDX-License-Identifier: BSD-3-Clause
/*
 * getfd: open every device and say how it went: "ok", or the errno of what
 * failed as a word. For tests of who else watches the client, and to have
 * every device used once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio.h"

static int open_and_read(int n)
{
	struct vfio_session s;
	char c;
	int ret = vfio_session_try(&s, n, VFIO_TYPE1v2_IOMMU);

	if (ret)
		return ret;
	if (pread(s.device, &c, 1, REGION(0)) < 0)
		ret = -errno;
	vfio_session_close(&s);
	return ret;
}

int main(void)
{
	int ret = 0;

	for (int n = 1; vfio_has_device(n) && !ret; n++)
		ret = open_and_read(n);
	puts(ret ? strerrorname_np(-ret) : "ok");
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
