// SPDX-License-Identifier: BSD-3-Clause
/* The tests of the nvme plugin, a program apart as mtty's is. */
#include <check.h>
#include <stdlib.h>

#include "suites.h"

int main(void)
{
	SRunner *runner = srunner_create(nvme_regs_suite());
	int failed;

	srunner_add_suite(runner, nvme_admin_suite());
	srunner_add_suite(runner, nvme_io_suite());
	srunner_add_suite(runner, nvme_coalesce_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
