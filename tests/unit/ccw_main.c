// SPDX-License-Identifier: BSD-3-Clause
/* The tests of the ccw plugin, a program apart as mtty's is. */
#include <check.h>
#include <stdlib.h>

#include "suites.h"

int main(void)
{
	SRunner *runner = srunner_create(ccw_device_suite());
	int failed;

	srunner_add_suite(runner, ccw_program_suite());
	srunner_add_suite(runner, ccw_disk_suite());
	srunner_add_suite(runner, ccw_life_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
