// SPDX-License-Identifier: BSD-3-Clause
/* A display: a framebuffer that clients map. README.md tells more. */
#include "mdpy.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEVICES 4

/* How many more there can be, of all types. */
static atomic_uint left = MAX_DEVICES;

static unsigned int mdpy_available(const struct vfiod_type *type)
{
	(void)type;
	return atomic_load(&left);
}

static bool take_one(void)
{
	unsigned int now = atomic_load(&left);

	do {
		if (!now)
			return false;
	} while (!atomic_compare_exchange_weak(&left, &now, now - 1));
	return true;
}

/* From black above to nearly white below. */
static void draw_gradient(const struct mdpy *mdpy)
{
	const struct mdpy_mode *mode = mdpy->mode;
	size_t stride = (size_t)mode->width * MDPY_BYTES_PER_PIXEL;

	for (uint32_t i = 0; i < mode->height; i++)
		memset(mdpy->memory + i * stride, i * 255 / mode->height,
		       stride);
}

static int mdpy_init(struct vfio_device *vdev)
{
	struct mdpy *mdpy;

	if (!take_one())
		return -EUSERS;
	mdpy = calloc(1, sizeof(*mdpy));
	if (!mdpy) {
		atomic_fetch_add(&left, 1);
		return -ENOMEM;
	}
	pthread_mutex_init(&mdpy->lock, NULL);
	mdpy->mode = vfiod_device_type(vdev)->data;
	mdpy->memory = vfiod_region_memory(vdev, VFIO_PCI_BAR0_REGION_INDEX);
	mdpy_config_init(mdpy);
	draw_gradient(mdpy);
	vfiod_set_drvdata(vdev, mdpy);
	return 0;
}

static void mdpy_release(struct vfio_device *vdev)
{
	struct mdpy *mdpy = vfiod_get_drvdata(vdev);

	pthread_mutex_destroy(&mdpy->lock);
	free(mdpy);
	atomic_fetch_add(&left, 1);
}

static int mdpy_reset(struct vfio_device *vdev)
{
	draw_gradient(vfiod_get_drvdata(vdev));
	return 0;
}

/* It has no DMA, so there is never a pin to give back. */
static void mdpy_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			   uint64_t length)
{
	(void)vdev, (void)iova, (void)length;
}

static void access_config(struct mdpy *mdpy, uint64_t offset, void *buf,
			  unsigned int len, bool write)
{
	pthread_mutex_lock(&mdpy->lock);
	if (write)
		mdpy_config_write(mdpy, offset, buf, len);
	else
		mdpy_config_read(mdpy, offset, buf, len);
	pthread_mutex_unlock(&mdpy->lock);
}

static int access_file(struct vfio_device *vdev, uint64_t pos, void *buf,
		       unsigned int len, bool write)
{
	struct mdpy *mdpy = vfiod_get_drvdata(vdev);
	uint64_t offset = pos - MDPY_MEMORY_OFFSET;

	if (pos < MDPY_CONFIG_SIZE)
		access_config(mdpy, pos, buf, len, write);
	else if (pos < MDPY_MEMORY_OFFSET || offset >= mdpy->mode->memory)
		return -EFAULT;
	else if (write)
		memcpy(mdpy->memory + offset, buf, len);
	else
		memcpy(buf, mdpy->memory + offset, len);
	return 0;
}

static int read_file(struct vfio_device *vdev, uint64_t pos, void *buf,
		     unsigned int len)
{
	return access_file(vdev, pos, buf, len, false);
}

static int write_file(struct vfio_device *vdev, uint64_t pos, void *buf,
		      unsigned int len)
{
	return access_file(vdev, pos, buf, len, true);
}

/* What cannot be done whole is EFAULT, though its beginning has been done. */
static ssize_t access_all(struct vfio_device *vdev, void *buf, size_t count,
			  uint64_t pos, vfiod_access_fn *fn)
{
	ssize_t done = vfiod_rw_split(vdev, buf, count, pos, 4, fn);

	return done == (ssize_t)count ? done : -EFAULT;
}

static ssize_t mdpy_read(struct vfio_device *vdev, void *buf, size_t count,
			 uint64_t pos)
{
	return access_all(vdev, buf, count, pos, read_file);
}

static ssize_t mdpy_write(struct vfio_device *vdev, const void *buf,
			  size_t count, uint64_t pos)
{
	/* write_file() does not change what it is given. */
	return access_all(vdev, (void *)buf, count, pos, write_file);
}

static ssize_t show_resolution(struct vfio_device *vdev, char *buf, size_t size)
{
	const struct mdpy *mdpy = vfiod_get_drvdata(vdev);

	return snprintf(buf, size, "%ux%u\n", mdpy->mode->width,
			mdpy->mode->height);
}

#define RW (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE)

/* The same memory, twice. */
#define FRAMEBUFFER(bytes)                                                 \
	{                                                                  \
		.size = (bytes), .flags = RW | VFIO_REGION_INFO_FLAG_MMAP, \
		.offset = MDPY_MEMORY_OFFSET,                              \
	}

#define NR_REGIONS (MDPY_DISPLAY_REGION + 1)
#define REGIONS(bytes)                                               \
	{                                                            \
		[VFIO_PCI_BAR0_REGION_INDEX] = FRAMEBUFFER(bytes), \
		[VFIO_PCI_CONFIG_REGION_INDEX] = {                 \
			.size = MDPY_CONFIG_SIZE,                  \
			.flags = RW,                               \
		},                                                 \
		[MDPY_DISPLAY_REGION] = FRAMEBUFFER(bytes), \
	}

#define VGA_MEMORY (2U << 20)
#define XGA_MEMORY (4U << 20)
#define HD_MEMORY (8U << 20)

static const struct vfiod_region vga_regions[NR_REGIONS] = REGIONS(VGA_MEMORY);
static const struct vfiod_region xga_regions[NR_REGIONS] = REGIONS(XGA_MEMORY);
static const struct vfiod_region hd_regions[NR_REGIONS] = REGIONS(HD_MEMORY);

static const struct mdpy_mode vga = { 640, 480, VGA_MEMORY };
static const struct mdpy_mode xga = { 1024, 768, XGA_MEMORY };
static const struct mdpy_mode hd = { 1920, 1080, HD_MEMORY };

#define TYPE(type, size)                                                       \
	{                                                                      \
		.name = #type, .pretty_name = "mdpy-" #type,                   \
		.description = "virtual display, " size " framebuffer",        \
		.info_flags = VFIO_DEVICE_FLAGS_PCI, .nr_regions = NR_REGIONS, \
		.regions = type##_regions, .data = &(type),                    \
		.offset_shift = VFIOD_OWN_OFFSETS,                             \
	}

static const struct vfiod_type types[] = {
	TYPE(vga, "640x480"),
	TYPE(xga, "1024x768"),
	TYPE(hd, "1920x1080"),
};

static const struct vfiod_attribute attributes[] = {
	{ .group = "vendor", .name = "resolution", .show = show_resolution },
};

static struct vfiod_plugin plugin = {
	.name = "mdpy",
	.version = "1",
	.description = "a display with a framebuffer, as Linux's mdpy",
	.nr_types = sizeof(types) / sizeof(types[0]),
	.types = types,
	.nr_attributes = 1,
	.attributes = attributes,
	.available = mdpy_available,
	.init = mdpy_init,
	.release = mdpy_release,
	.read = mdpy_read,
	.write = mdpy_write,
	.ioctl = mdpy_ioctl,
	.reset = mdpy_reset,
	.dma_unmap = mdpy_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(plugin);
