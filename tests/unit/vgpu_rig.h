/* SPDX-License-Identifier: BSD-3-Clause */
/* An open vGPU over fake services, and the driver of the client tests. */
#ifndef TESTS_UNIT_VGPU_RIG_H
#define TESTS_UNIT_VGPU_RIG_H

#include <check.h>

#include "../client/gpu.h"
#include "fake_services.h"
#include "vgpu_services.h"

#define POS(index) ((uint64_t)(index) << VFIOD_OFFSET_SHIFT)

/* What each test starts with; its ring is set up. */
extern struct vgpu_rig {
	struct vfio_device *vdev;
	struct gpu gpu;
	uint8_t *memory;
	unsigned int pins; /* of the ring and the status page */
} rig;

/* A fixture; after the test nothing is pinned, no timer, no eventfd left. */
void vgpu_rig_setup(void);
void vgpu_rig_teardown(void);

/* Access to the regions: 0 or a negative errno. */
int vgpu_rig_access(void *arg, uint64_t pos, void *buf, size_t len, bool write);
/* Submit, and execute all there is. */
void vgpu_rig_run(void);
/* Pixel @n of guest page @page. */
uint32_t vgpu_rig_pixel(unsigned int page, unsigned int n);
/* @rows rows of a page each, from page @page of the aperture on. */
struct gpu_rect vgpu_rig_rect(unsigned int page, unsigned int rows);

Suite *vgpu_cache_suite(void);
Suite *vgpu_gtt_suite(void);
Suite *vgpu_ring_suite(void);
Suite *vgpu_unmap_suite(void);
Suite *vgpu_device_suite(void);
Suite *vgpu_irq_suite(void);
Suite *vgpu_fuzz_suite(void);

#endif
