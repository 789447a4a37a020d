/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the vgpu plugin's client share. */
#ifndef TESTS_CLIENT_VGPU_H
#define TESTS_CLIENT_VGPU_H

#include "client.h"
#include "gpu.h"

/* The devices that vgpu.sh asks for: vgpu-V5_8, vgpu-V5_4. */
enum { DEV_V5_8 = 1, DEV_V5_4 = 2 };

/* A session with the first, set up to blit, with an eventfd at its MSI. */
#define VGPU_IOVA 0x100000UL
#define VGPU_PAGES 1024U
/* Two mappings: the driver's pages, and the rest. */
#define VGPU_REST GPU_FREE_PAGE
#define VGPU_REST_IOVA (VGPU_IOVA + VGPU_REST * PAGE)
#define VGPU_REST_SIZE ((VGPU_PAGES - VGPU_REST) * PAGE)

extern struct vgpu_client {
	struct vfio_session session;
	struct gpu gpu;
	int event;
} vgpu;

void vgpu_setup(void);
void vgpu_teardown(void);

/* A row of pixels of a page, as a rectangle in page @page of the aperture. */
struct gpu_rect vgpu_page_rect(unsigned int page, unsigned int rows);
/* Pixel @n of guest page @page. */
uint32_t vgpu_pixel(unsigned int page, unsigned int n);
/* Submit, and wait until the interrupt of that @seqno has come. */
void vgpu_run(uint32_t seqno);
/* Submit, and wait until the blitter has stopped: with what. */
uint32_t vgpu_run_error(void);

Suite *vgpu_info_suite(void);
Suite *vgpu_blit_suite(void);

#endif
