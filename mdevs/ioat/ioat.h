/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MDEVS_IOAT_H
#define MDEVS_IOAT_H

#include <pthread.h>

#include <vfiod/pci.h>

#define IOAT_BAR_SIZE 0x4000

/*
 * A device. Its registers are the memory of BAR 0, which clients map: what
 * they store is found there later, by a look, and what they load is
 * what was there at that moment.
 */
struct ioat {
	struct vfio_device *vdev;
	uint8_t *regs;
	struct vfiod_timer *recovery;
	/* Guards the rest; dma_rw is called with it, as by a device that does
	 * one thing at a time. */
	pthread_mutex_t lock;
	struct vfiod_poll *poll; /* while open */
	enum {
		IOAT_IDLE, /* or active: there are descriptors to do */
		IOAT_SUSPENDED,
		IOAT_HALTED,
	} state;
	uint64_t chain; /* the CHAINADDR that was taken last */
	uint64_t next; /* the next descriptor */
	uint64_t completed; /* the last one that was done; 0: none */
	uint16_t count; /* the DMACOUNT that was seen last */
	uint16_t done; /* how many of these are done */
	uint32_t chanerr;
	bool failed; /* by an error, and there has been no new chain since */
	bool waits; /* with a new chain, for @recovery */
	bool interrupt; /* one waits to be delivered */
};

/* The channel: channel.c, with the lock. */

/* As after a function reset. */
void ioat_channel_reset(struct ioat *ioat);
/*
 * Do what the registers say, or the beginning of it. true: there was
 * something, look again soon.
 */
bool ioat_channel_run(struct ioat *ioat);
/* A write of @errors to CHANERR. */
void ioat_channel_clear_errors(struct ioat *ioat, uint32_t errors);
/* Take over what was stored. true: there was something. */
bool ioat_channel_look(struct ioat *ioat);
/* What CHANSTS holds. */
uint64_t ioat_channel_status(const struct ioat *ioat);

/*
 * descriptor.c: fetch and do the one at ioat->next, and go on to the one after
 * it. 0, or bits of CHANERR. *@control is the descriptor's.
 */
uint32_t ioat_descriptor_do(struct ioat *ioat, uint32_t *control);

/* Memory access of the function, which needs the bus master bit. */
int ioat_dma(struct ioat *ioat, uint64_t iova, void *buf, size_t len,
	     bool write);

#endif
