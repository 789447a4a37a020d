// SPDX-License-Identifier: BSD-3-Clause
#include "faulty.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void faulty_open(struct faulty *f, int n)
{
	for (int i = 0; i <= FAULTY_DEVICES; i++)
		f->group[i] = f->device[i] = -1;
	f->container = ck_fd(vfio_open_container());
	f->group[n] = ck_fd(vfio_open_group(n));
	ck_ok(vfio_set_container(f->group[n], f->container));
	ck_ok(vfio_ioctl(f->container, VFIO_SET_IOMMU,
			 (void *)VFIO_TYPE1v2_IOMMU));
	f->device[n] = ck_fd(vfio_get_device(f->group[n], n));
}

void faulty_join(struct faulty *f, int n)
{
	f->group[n] = ck_fd(vfio_open_group(n));
	ck_ok(vfio_set_container(f->group[n], f->container));
	f->device[n] = ck_fd(vfio_get_device(f->group[n], n));
}

void faulty_leave(struct faulty *f, int n)
{
	if (f->device[n] >= 0)
		ck_ok(close(f->device[n]));
	if (f->group[n] >= 0)
		ck_ok(close(f->group[n]));
	f->group[n] = f->device[n] = -1;
}

void faulty_close(struct faulty *f)
{
	for (int n = 1; n <= FAULTY_DEVICES; n++)
		faulty_leave(f, n);
	ck_ok(close(f->container));
}

int faulty_write(struct faulty *f, int n, uint64_t offset, uint64_t value)
{
	ssize_t ret =
		pwrite(f->device[n], &value, sizeof(value), (off_t)offset);

	return ret == sizeof(value) ? 0 : -errno;
}

uint64_t faulty_read(struct faulty *f, int n, uint64_t offset)
{
	uint64_t value;

	ck_assert_int_eq(pread(f->device[n], &value, sizeof(value),
			       (off_t)offset),
			 sizeof(value));
	return value;
}

uint64_t *faulty_map(struct faulty *f, uint64_t iova, size_t npages)
{
	void *pages = mmap(NULL, npages * PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(pages, MAP_FAILED);
	ck_ok(vfio_map(f->container, iova, pages, npages * PAGE));
	return pages;
}

int main(void)
{
	SRunner *runner = srunner_create(faulty_keep_suite());
	int failed;

	srunner_add_suite(runner, faulty_use_suite());
	srunner_add_suite(runner, faulty_return_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
