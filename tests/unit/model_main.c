// SPDX-License-Identifier: BSD-3-Clause
/* The tests of the model, on a host of their own (host.h). */
#include <check.h>
#include <stdlib.h>

#include "suites.h"

int main(void)
{
	SRunner *runner = srunner_create(type1_info_suite());
	int failed;

	srunner_add_suite(runner, type1_map_suite());
	srunner_add_suite(runner, type1_unmap_suite());
	srunner_add_suite(runner, type1_notify_suite());
	srunner_add_suite(runner, type1_pin_suite());
	srunner_add_suite(runner, type1_rw_suite());
	srunner_add_suite(runner, type1_dirty_suite());
	srunner_add_suite(runner, type1_threads_suite());
	srunner_add_suite(runner, type1_fuzz_suite());
	srunner_add_suite(runner, type1_iommu_suite());
	srunner_add_suite(runner, type1_domain_suite());
	srunner_add_suite(runner, type1_pgsizes_suite());
	srunner_add_suite(runner, model_container_suite());
	srunner_add_suite(runner, model_noiommu_suite());
	srunner_add_suite(runner, model_group_suite());
	srunner_add_suite(runner, model_device_suite());
	srunner_add_suite(runner, model_region_suite());
	srunner_add_suite(runner, model_irq_suite());
	srunner_add_suite(runner, model_intx_suite());
	srunner_add_suite(runner, model_msi_suite());
	srunner_add_suite(runner, model_irq_threads_suite());
	srunner_add_suite(runner, model_feature_suite());
	srunner_add_suite(runner, model_migration_suite());
	srunner_add_suite(runner, model_dma_log_suite());
	srunner_add_suite(runner, model_services_suite());
	srunner_add_suite(runner, model_info_suite());
	srunner_add_suite(runner, model_blame_suite());
	srunner_add_suite(runner, model_crowd_suite());
	srunner_add_suite(runner, model_mmap_suite());
	srunner_add_suite(runner, model_peer_suite());
	srunner_add_suite(runner, pci_config_suite());
	srunner_add_suite(runner, pci_region_suite());
	srunner_add_suite(runner, pci_bus_suite());
	srunner_add_suite(runner, pci_power_suite());
	srunner_add_suite(runner, pci_reset_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
