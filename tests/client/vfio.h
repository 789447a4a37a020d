/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every client of these tests does: the devices of the environment, the
 * VFIO calls with their result as "value or negative errno", and sessions.
 * Nothing here needs a test framework; what has no right to fail ends the
 * process with a line on stderr.
 */
#ifndef TESTS_CLIENT_VFIO_H
#define TESTS_CLIENT_VFIO_H

#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTAINER_PATH "/dev/vfio/vfio"
#define PAGE 4096UL
#define REGION(index) ((uint64_t)(index) << 40)

/* The devices that run.sh asks for, by their place on the command line. */
enum {
	DEV_MTTY2 = 1,
	DEV_MTTY1 = 2,
	DEV_IRQS = 3,
	DEV_SLEEPY = 4,
	DEV_SLOW_OPEN = 5,
	DEV_NOIOMMU = 6,
	DEV_PCI = 7,
	DEV_OTHER_MTTY2 = 8,
	DEV_BARS = 9,
	DEV_BARS_2 = 10,
	DEV_BELL = 11,
	DEV_LARGE_PAGES = 12,
};

/* VFIOD_GROUP, VFIOD_DEVICE, VFIOD_SYSFSDEV of device @n. */
const char *vfio_group_path(int n);
const char *vfio_device_name(int n);
const char *vfio_sysfsdev(int n);
/* Is there a device @n? */
bool vfio_has_device(int n);

/* ioctl(2): its value, or the negative errno. */
int vfio_ioctl(int fd, unsigned int cmd, const void *arg);
/* open(2) with O_CLOEXEC, likewise. */
int vfio_open(const char *path, int flags);

int vfio_open_container(void);
int vfio_open_group(int n);
int vfio_set_container(int group, int container);
/* GET_DEVICE_FD by the name of device @n. */
int vfio_get_device(int group, int n);
/* The flags of GROUP_GET_STATUS, or the negative errno. */
int vfio_group_flags(int group);
int vfio_map(int container, uint64_t iova, const void *vaddr, uint64_t size);
/* How many bytes were unmapped, or the negative errno. */
int64_t vfio_unmap(int container, uint64_t iova, uint64_t size, uint32_t flags);
/* Entries that the container can still take, from GET_INFO's capability. */
int vfio_dma_avail(int container);

/* SET_IRQS; @data is what follows the header, @size its bytes. */
int vfio_set_irqs(int device, uint32_t flags, uint32_t index, uint32_t start,
		  uint32_t count, const void *data, size_t size);
/* TRIGGER by one eventfd. */
int vfio_set_trigger(int device, uint32_t index, uint32_t vector, int eventfd);
/* TRIGGER, NONE, count 0. */
int vfio_disable_irqs(int device, uint32_t index);

/* A container with one group, an IOMMU type and the group's device. */
struct vfio_session {
	int container;
	int group;
	int device;
};

/* 0 and all of it, or a negative errno and nothing. */
int vfio_session_try(struct vfio_session *s, int n, unsigned long type);
struct vfio_session vfio_session_open(int n, unsigned long type);
void vfio_session_close(struct vfio_session *s);

/*
 * Nobody holds device @n: its group opens, has no container, and a new
 * container that it is put into is empty. The negative errno of what fails.
 */
int vfio_device_is_free(int n);

#endif
