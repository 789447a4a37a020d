/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What clients of the careless plugin (type careless-device) need to know. It
 * uses the services at the wrong moments and writes down what they return;
 * and from the first open on, whether the device is open or not, a thread of
 * its own does nothing else.
 */
#ifndef TESTS_PLUGINS_CARELESS_H
#define TESTS_PLUGINS_CARELESS_H

/* Where services were called last. */
enum careless_place {
	CARELESS_INIT,
	CARELESS_MATCH, /* the device is not open */
	CARELESS_OPEN, /* open_device */
	CARELESS_CLOSE, /* close_device */
	CARELESS_TIMER, /* that was armed in close_device */
	CARELESS_CLOSED, /* the thread, while the device is not open */
	CARELESS_PLACES
};

/* What they returned; each is about IOVA 0. */
enum careless_service {
	CARELESS_PIN, /* one page; it is unpinned again, twice */
	CARELESS_DMA, /* dma_rw: read 8 bytes */
	CARELESS_IRQ, /* trigger 0, 0 */
	CARELESS_COPY, /* copy_from_user from address 4096 */
	CARELESS_EVENTFD, /* eventfd_get of fd 0 */
	CARELESS_SERVICES
};

/* What stands in the table before the first call. */
#define CARELESS_NEVER 0x7777

/* Registers of region 0, 8 bytes each, read-only: the table, and how many
 * rounds the thread has made, and how many of them pinned a page. */
#define CARELESS_RESULT(place, service) \
	(8 * ((place)*CARELESS_SERVICES + (service)))
#define CARELESS_ROUNDS CARELESS_RESULT(CARELESS_PLACES, 0)
#define CARELESS_PINNED CARELESS_RESULT(CARELESS_PLACES, 1)
#define CARELESS_SIZE CARELESS_RESULT(CARELESS_PLACES, 2)

#endif
