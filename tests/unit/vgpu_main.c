// SPDX-License-Identifier: BSD-3-Clause
/* The tests of the vgpu plugin, over services of their own. */
#include <stdlib.h>

#include "vgpu_rig.h"

int main(void)
{
	SRunner *runner = srunner_create(vgpu_cache_suite());
	int failed;

	srunner_add_suite(runner, vgpu_gtt_suite());
	srunner_add_suite(runner, vgpu_ring_suite());
	srunner_add_suite(runner, vgpu_unmap_suite());
	srunner_add_suite(runner, vgpu_device_suite());
	srunner_add_suite(runner, vgpu_irq_suite());
	srunner_add_suite(runner, vgpu_fuzz_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
