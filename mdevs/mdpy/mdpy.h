/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MDEVS_MDPY_H
#define MDEVS_MDPY_H

#include <pthread.h>

#include <vfiod/plugin.h>

#define MDPY_CONFIG_SIZE 0xff
/* Where the framebuffer is in the device's file. */
#define MDPY_MEMORY_OFFSET 0x1000
/* It is BAR 0, and this region. */
#define MDPY_DISPLAY_REGION 16

#define MDPY_BYTES_PER_PIXEL 4
#define MDPY_FORMAT_XRGB8888 0x34325258 /* "XR24", <drm/drm_fourcc.h> */

/* What types differ in. */
struct mdpy_mode {
	uint32_t width;
	uint32_t height;
	uint32_t memory; /* bytes: a power of two that holds them all */
};

struct mdpy {
	const struct mdpy_mode *mode;
	uint8_t *memory; /* clients map it */
	/* Guards what follows. */
	pthread_mutex_t lock;
	/* The last access may begin at the last byte, and be 4 bytes long. */
	uint8_t config[MDPY_CONFIG_SIZE + 3];
	uint32_t num_irqs; /* 0 until a client has called GET_INFO */
};

/* The configuration space: config.c, with the lock. Both are given accesses
 * of 1, 2 or 4 bytes that begin in it. */
void mdpy_config_init(struct mdpy *mdpy);
void mdpy_config_read(const struct mdpy *mdpy, uint64_t offset, void *buf,
		      unsigned int len);
void mdpy_config_write(struct mdpy *mdpy, uint64_t offset, const void *buf,
		       unsigned int len);

/* What is not in tables: ioctl.c. */
long mdpy_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg);

#endif
