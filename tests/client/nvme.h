/* SPDX-License-Identifier: BSD-3-Clause */
/* The tests of the nvme plugin, a program apart from the client tests. */
#ifndef TESTS_CLIENT_NVME_H
#define TESTS_CLIENT_NVME_H

#include "client.h"
#include "nvme_driver.h"

/* The devices that nvme.sh asks for, by their place. */
enum {
	NVME_PCI = 1, /* a PCI function, in memory */
	NVME_MDEV = 2, /* an mdev, in memory, blocks of 512 like all */
	NVME_FILE = 3, /* a PCI function, in a file */
	NVME_DEVICES = 3,
};

#define NVME_BLOCK 512UL
#define NVME_BLOCKS 8192UL /* that each has at least */

/* Device @n with the admin queue and one for I/O, by interrupts. */
struct nvme_queue *nvme_start(struct nvme_dev *dev, int n, unsigned int flags);

/* @len bytes that nothing else holds: of place @i, for @seed. */
void nvme_fill(void *at, size_t len, unsigned int seed);
void nvme_assert_filled(const void *at, size_t len, unsigned int seed);
/* Write @len bytes, which have to be whole blocks, and read them again. */
void nvme_assert_works(struct nvme_dev *dev, struct nvme_queue *queue);

Suite *nvme_io_suite(void);
Suite *nvme_misuse_suite(void);

#endif
