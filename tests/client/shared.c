// SPDX-License-Identifier: BSD-3-Clause
/*
 * shared: map a file with MAP_SHARED and say how it went: "ok", or the errno as
 * a word. For tests of what vfiod does to mappings that are not its business.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES 4096

int main(void)
{
	int fd = memfd_create("shared", MFD_CLOEXEC);
	void *at = MAP_FAILED;

	if (fd >= 0 && !ftruncate(fd, BYTES))
		at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  0);
	puts(at == MAP_FAILED ? strerrorname_np(errno) : "ok");
	return at == MAP_FAILED ? EXIT_FAILURE : EXIT_SUCCESS;
}
