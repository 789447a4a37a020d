// SPDX-License-Identifier: BSD-3-Clause
/*
 * client: the one body of client tests, the same over every transport. It
 * expects the devices of vfio.h in its environment, as vfiod run or
 * /run/vfiod/env give them. CK_RUN_SUITE and CK_RUN_CASE choose.
 */
#include <stdlib.h>
#include <string.h>

#include "client.h"

static const struct {
	Suite *(*make)(void);
} suites[] = {
	{ container_suite }, { group_suite },	{ getfd_suite },
	{ close_suite },     { type1_suite },	{ dirty_suite },
	{ info_suite },	     { rw_suite },	{ irq_suite },
	{ intx_suite },	     { threads_suite }, { process_suite },
	{ seccomp_suite },   { exec_suite },	{ concurrent_suite },
	{ noiommu_suite },   { iommu_suite },	{ migration_suite },
	{ mmap_suite },	     { poll_suite },
};

int main(int argc, char **argv)
{
	SRunner *runner = srunner_create(NULL);
	int failed;

	if (argc > 1 && !strcmp(argv[1], "exec-image"))
		return exec_image(argv + 2);
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		srunner_add_suite(runner, suites[i].make());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
