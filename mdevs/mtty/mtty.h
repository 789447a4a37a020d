/* SPDX-License-Identifier: BSD-3-Clause */
/* A serial card: one device of type mtty-1 or mtty-2. */
#ifndef MTTY_H
#define MTTY_H

#include <pthread.h>
#include <stdbool.h>

#include "config.h"
#include "irq.h"
#include "migrate.h"
#include "uart.h"

struct mtty {
	/* Guards all that follows. Held around every access and every
	 * SET_IRQS, so that they take effect one after the other. */
	pthread_mutex_t lock;
	struct mtty_config config;
	/* Both are there whatever the type: the second BAR of mtty-1 has
	 * size 0 and yet answers, as Linux's does. */
	struct mtty_uart ports[2];
	struct mtty_irq irq;
	struct mtty_migration migration;
	/* What GET_INFO last said, 0 before it was ever asked; until then
	 * no interrupt index is valid. */
	unsigned int num_irqs;
};

/* The device's ioctls that the tables do not answer: plugin.h, ioctl. */
long mtty_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg);

#endif
