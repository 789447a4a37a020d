// SPDX-License-Identifier: BSD-3-Clause
/*
 * The tests of the mtty plugin. A program apart from the model's tests,
 * because it has services of its own (fake_services.c).
 */
#include <check.h>
#include <stdlib.h>

#include "suites.h"

int main(void)
{
	SRunner *runner = srunner_create(mtty_uart_suite());
	int failed;

	srunner_add_suite(runner, mtty_config_suite());
	srunner_add_suite(runner, mtty_device_suite());
	srunner_add_suite(runner, mtty_irq_suite());
	srunner_add_suite(runner, mtty_probe_suite());
	srunner_add_suite(runner, mtty_migrate_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
