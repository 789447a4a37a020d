/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of the unit tests, by the file that has them. */
#ifndef TESTS_UNIT_SUITES_H
#define TESTS_UNIT_SUITES_H

#include <check.h>

/* test_mtty_*.c */
Suite *mtty_uart_suite(void);
Suite *mtty_config_suite(void);
Suite *mtty_device_suite(void);
Suite *mtty_irq_suite(void);
Suite *mtty_probe_suite(void);
Suite *mtty_migrate_suite(void);

/* test_ioat.c */
Suite *ioat_suite(void);

/* test_ccw_*.c */
Suite *ccw_device_suite(void);
Suite *ccw_program_suite(void);
Suite *ccw_disk_suite(void);
Suite *ccw_life_suite(void);

/* test_ap_*.c */
Suite *ap_matrix_suite(void);
Suite *ap_device_suite(void);

/* test_type1_*.c */
Suite *type1_info_suite(void);
Suite *type1_map_suite(void);
Suite *type1_unmap_suite(void);
Suite *type1_notify_suite(void);
Suite *type1_pin_suite(void);
Suite *type1_rw_suite(void);
Suite *type1_dirty_suite(void);
Suite *type1_threads_suite(void);
Suite *type1_fuzz_suite(void);
Suite *type1_iommu_suite(void);
Suite *type1_domain_suite(void);
Suite *type1_pgsizes_suite(void);

/* test_model_*.c */
Suite *model_container_suite(void);
Suite *model_noiommu_suite(void);
Suite *model_group_suite(void);
Suite *model_device_suite(void);
Suite *model_region_suite(void);
Suite *model_irq_suite(void);
Suite *model_intx_suite(void);
Suite *model_msi_suite(void);
Suite *model_irq_threads_suite(void);
Suite *model_feature_suite(void);
Suite *model_migration_suite(void);
Suite *model_dma_log_suite(void);
Suite *model_services_suite(void);
Suite *model_info_suite(void);
Suite *model_blame_suite(void);
Suite *model_crowd_suite(void);
Suite *model_mmap_suite(void);
Suite *model_peer_suite(void);

/* test_nvme_*.c */
Suite *nvme_regs_suite(void);
Suite *nvme_admin_suite(void);
Suite *nvme_io_suite(void);
Suite *nvme_coalesce_suite(void);

/* test_pci_*.c */
Suite *pci_config_suite(void);
Suite *pci_region_suite(void);
Suite *pci_bus_suite(void);
Suite *pci_power_suite(void);
Suite *pci_reset_suite(void);

#endif
