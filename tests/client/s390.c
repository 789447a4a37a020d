// SPDX-License-Identifier: BSD-3-Clause
/* s390: clients of the mdevs ccw and ap. Started by s390.sh. */
#include "s390.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_attribute(int n, const char *name, int flags)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", vfio_sysfsdev(n), name);
	return vfio_open(path, flags);
}

const char *s390_show(int n, const char *name)
{
	static char text[4097];
	int fd = ck_fd(open_attribute(n, name, O_RDONLY));
	ssize_t len = read(fd, text, sizeof(text) - 1);

	ck_assert_int_ge(len, 0);
	text[len] = '\0';
	close(fd);
	return text;
}

int s390_store(int n, const char *name, const char *text)
{
	int fd = open_attribute(n, name, O_WRONLY);
	ssize_t len;

	if (fd < 0)
		return fd;
	len = write(fd, text, strlen(text));
	if (len < 0)
		len = -errno;
	else
		ck_assert_uint_eq((size_t)len, strlen(text));
	close(fd);
	return len < 0 ? (int)len : 0;
}

int main(void)
{
	SRunner *runner = srunner_create(ccw_suite());
	int failed;

	srunner_add_suite(runner, ap_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
