/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The controller: its state, and what its parts have of each other. README.md
 * tells how they play together.
 */
#ifndef MDEVS_NVME_NVME_H
#define MDEVS_NVME_NVME_H

#include <pthread.h>
#include <stdatomic.h>

#include <vfiod/pci.h>

#include "namespace.h"
#include "spec.h"

#define NVME_BAR_SIZE 0x4000
#define NVME_MSIX_BAR 4
#define NVME_MSIX_BAR_SIZE 0x1000
#define NVME_MSIX_PBA 0x800

#define NVME_QUEUES_MAX 63 /* pairs for I/O */
#define NVME_QUEUES_DEFAULT 16
#define NVME_VECTORS (NVME_QUEUES_MAX + 1)
#define NVME_QUEUE_ENTRIES 1024
#define NVME_DOORBELLS (2 * (NVME_QUEUES_MAX + 1))

#define NVME_MDTS 7 /* pages of 4096, as a power of two */
#define NVME_TRANSFER_MAX (4096U << NVME_MDTS)
#define NVME_SEGMENTS_MAX ((1 << NVME_MDTS) + 1)
#define NVME_MPS_MAX 4 /* pages of up to 64 KiB */

#define NVME_EVENT_REQUESTS 4
#define NVME_ERRORS 16 /* entries of the error log */

#define NVME_SERIAL_BYTES 20
#define NVME_WARNING_KELVINS 343 /* WCTEMP, and the threshold at first */

/* Not a status: the command stays, and is completed later. */
#define NVME_OUTSTANDING 0xffffU

struct nvme_cq {
	bool used;
	bool irq_enabled;
	bool urgent; /* an error is among the unsignalled */
	bool phase;
	uint16_t id;
	uint16_t vector;
	uint32_t size;
	uint32_t head; /* the client's */
	uint32_t tail; /* ours */
	unsigned int unsignalled; /* entries since the last interrupt */
	unsigned int users; /* submission queues */
	uint64_t base;
};

struct nvme_sq {
	bool used;
	uint16_t id;
	uint32_t size;
	uint32_t head; /* ours */
	uint32_t tail; /* the client's */
	uint64_t base;
	struct nvme_cq *cq;
};

struct nvme_features {
	uint32_t arbitration;
	uint32_t over; /* temperature thresholds, kelvins */
	uint32_t under;
	uint32_t error_recovery;
	uint32_t write_cache;
	uint32_t coalescing;
	uint64_t uncoalesced; /* a bit for each vector */
	uint32_t atomicity;
	uint32_t async_events;
};

/* One type of event. Two of a type are not reported without the client
 * having read the log page between them. */
struct nvme_event {
	bool pending;
	bool masked;
	uint8_t info;
	uint8_t log_page;
};

struct nvme_events {
	struct nvme_event event[EVENT_TYPES];
	unsigned int nr_requests;
	uint16_t requests[NVME_EVENT_REQUESTS]; /* command ids */
};

struct nvme_stats {
	uint64_t units_read; /* of 512 bytes */
	uint64_t units_written;
	uint64_t reads;
	uint64_t writes;
	uint64_t media_errors;
	uint64_t power_cycles;
	uint64_t unsafe_shutdowns;
};

struct nvme_segment {
	uint64_t iova;
	uint32_t len;
};

/* Where in the client's memory the data of a command is. */
struct nvme_prp {
	unsigned int nr;
	struct nvme_segment segments[NVME_SEGMENTS_MAX];
};

struct nvme {
	struct vfio_device *vdev;
	struct vfiod_poll *poll; /* while open, as is: */
	struct vfiod_timer *timer; /* of interrupts that wait */
	unsigned int nr_queues; /* pairs for I/O that there can be */
	char serial[NVME_SERIAL_BYTES + 1];
	struct nvme_ns ns;
	/*
	 * BAR 0 as clients see it, dword by dword. They may write at any
	 * time; what they wrote is found by comparing with what is here.
	 */
	_Atomic uint32_t *bar;
	_Atomic uint32_t cc; /* as acted upon */
	_Atomic uint32_t csts;
	_Atomic uint32_t irq_mask;
	_Atomic uint32_t doorbells[NVME_DOORBELLS];
	/* Commands are left that could be worked on. */
	atomic_bool backlog;
	/* How many wait for the lock: work on commands makes way for them. */
	atomic_uint wanted;
	/*
	 * Guards what follows, and the namespace; and above, what is atomic is
	 * changed with it only. vfiod_dma_rw() and interrupt services are
	 * called with it; no op that vfiod calls in an unmap takes it.
	 */
	pthread_mutex_t lock;
	bool line_up; /* INTx */
	bool timer_armed;
	struct nvme_sq sq[NVME_QUEUES_MAX + 1];
	struct nvme_cq cq[NVME_QUEUES_MAX + 1];
	struct nvme_features features;
	struct nvme_events events;
	struct nvme_stats stats;
	uint64_t nr_errors;
	struct nvme_error_entry errors[NVME_ERRORS];
	struct nvme_prp prp; /* of the command that is worked on */
};

/* From the thread of an op: waits for one command at most. */
void nvme_lock(struct nvme *nvme);
void nvme_unlock(struct nvme *nvme);

/*
 * engine.c: see what the client has written to BAR 0 and do what it asks for,
 * a burst of commands of each queue. Returns whether there was anything; it
 * has to be called until there is not. From one thread at a time, the lock
 * not held.
 */
bool nvme_poll(struct nvme *nvme);

/* Everything below: with the lock held. */

/* regs.c */
static inline uint32_t nvme_reg(struct nvme *nvme, unsigned int offset)
{
	return atomic_load(&nvme->bar[offset / 4]);
}

/* Has the client written to registers? Also without the lock. */
bool nvme_regs_touched(struct nvme *nvme);
/* Act upon it. */
void nvme_regs_settle(struct nvme *nvme);
/* As after power on, the controller's error log and counters apart. */
void nvme_regs_reset(struct nvme *nvme);
/* The controller cannot go on: CSTS.CFS, until the client resets it. */
void nvme_fail(struct nvme *nvme, const char *what, uint64_t iova);
/* Does it take commands? */
bool nvme_is_ready(const struct nvme *nvme);
/* In bytes, as CC.MPS says. */
uint32_t nvme_page_size(const struct nvme *nvme);

/* doorbell.c */
/* Has the client rung? Also without the lock. */
bool nvme_doorbells_touched(struct nvme *nvme);
void nvme_doorbells_settle(struct nvme *nvme);
/* Those of queue pair @qid, or one of them: zero, as of a new queue. */
void nvme_doorbell_clear(struct nvme *nvme, unsigned int qid, bool cq);
/* A write where no queue can be. */
void nvme_doorbell_stray(struct nvme *nvme, uint64_t offset);

/* queue.c */
void nvme_sq_init(struct nvme *nvme, unsigned int qid, uint64_t base,
		  uint32_t size, struct nvme_cq *cq);
void nvme_cq_init(struct nvme *nvme, unsigned int qid, uint64_t base,
		  uint32_t size);
void nvme_sq_delete(struct nvme_sq *sq);
void nvme_queues_delete(struct nvme *nvme);
/* How many entries the client's side can still be given. */
uint32_t nvme_cq_room(const struct nvme_cq *cq);
/*
 * Commands that are there, at most @max, not over the queue's end; the head
 * stays. 0: none, or the controller failed.
 */
unsigned int nvme_sq_fetch(struct nvme *nvme, const struct nvme_sq *sq,
			   struct nvme_cmd *cmds, unsigned int max);
/* There must be room. */
void nvme_complete(struct nvme *nvme, const struct nvme_sq *sq, uint16_t cid,
		   uint16_t status, uint32_t result);
/* Interrupt for what was completed since the last one, now or after a while. */
void nvme_cq_notify(struct nvme *nvme, struct nvme_cq *cq);
/* Now. */
void nvme_cq_signal(struct nvme *nvme, struct nvme_cq *cq);
/* INTMS or INTMC, or a head, has changed. */
void nvme_irq_unmasked(struct nvme *nvme, uint32_t vectors);
void nvme_irq_line_update(struct nvme *nvme);

/* coalesce.c */
/* Shall what is unsignalled in @cq wait? The timer's expiry ends that. */
bool nvme_coalesce(struct nvme *nvme, const struct nvme_cq *cq);
/* The interrupt is sent, for whatever waited for it. */
void nvme_coalesce_done(struct nvme *nvme, uint16_t vector);
/* The timer's function, with the nvme: takes the lock. */
void nvme_coalesce_expired(void *arg);

/* prp.c */
/* vfiod_dma_rw(), if the function may: 0 or an errno. */
int nvme_dma(struct nvme *nvme, uint64_t iova, void *buf, size_t len,
	     bool write);
/* Find where @len bytes of @cmd are, into nvme->prp: a status. */
uint16_t nvme_prp_map(struct nvme *nvme, const struct nvme_cmd *cmd,
		      uint32_t len);
/* All of what was mapped: to the client, or from it. */
uint16_t nvme_prp_copy(struct nvme *nvme, void *buf, bool to_client);
/* Both, for data that the controller has made. */
uint16_t nvme_prp_give(struct nvme *nvme, const struct nvme_cmd *cmd,
		       const void *data, uint32_t len);

/* Commands: a status, and dword 0 of the completion. */
uint16_t nvme_admin(struct nvme *nvme, const struct nvme_cmd *cmd,
		    uint32_t *result);
uint16_t nvme_io(struct nvme *nvme, const struct nvme_cmd *cmd);
uint16_t nvme_identify(struct nvme *nvme, const struct nvme_cmd *cmd);
uint16_t nvme_get_log_page(struct nvme *nvme, const struct nvme_cmd *cmd);
uint16_t nvme_set_feature(struct nvme *nvme, const struct nvme_cmd *cmd,
			  uint32_t *result);
uint16_t nvme_get_feature(struct nvme *nvme, const struct nvme_cmd *cmd,
			  uint32_t *result);
void nvme_features_reset(struct nvme *nvme);

/* admin_queue.c */
uint16_t nvme_create_cq(struct nvme *nvme, const struct nvme_cmd *cmd);
uint16_t nvme_create_sq(struct nvme *nvme, const struct nvme_cmd *cmd);
uint16_t nvme_delete_cq(struct nvme *nvme, const struct nvme_cmd *cmd);
uint16_t nvme_delete_sq(struct nvme *nvme, const struct nvme_cmd *cmd);
/* Are there queues for I/O? */
bool nvme_has_io_queues(const struct nvme *nvme);

/* log.c */
#define NVME_TEMPERATURE 300 /* kelvins */
void nvme_log_error(struct nvme *nvme, const struct nvme_sq *sq,
		    const struct nvme_cmd *cmd, uint16_t status);
/* The critical warnings of the SMART log. */
uint8_t nvme_warnings(const struct nvme *nvme);

/* event.c */
void nvme_event(struct nvme *nvme, enum nvme_event_type type, uint8_t info,
		uint8_t log_page);
uint16_t nvme_event_request(struct nvme *nvme, const struct nvme_cmd *cmd);
/* Complete requests with what is pending, as far as there is room. */
void nvme_events_deliver(struct nvme *nvme);
/* The client has read this log page. */
void nvme_event_seen(struct nvme *nvme, uint8_t log_page);
/* Is this an outstanding request? Then it is completed as aborted. */
bool nvme_event_abort(struct nvme *nvme, uint16_t cid);

/* params.c: fill in what the parameters say; errors are logged. */
int nvme_params(struct nvme *nvme);

#endif
