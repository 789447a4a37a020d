/* SPDX-License-Identifier: (GPL-2.0 OR BSD-3-Clause) */
/*
 * What a client finds in region 0 of a probe: registers, a data window, and
 * the log of dma_unmap calls. Little-endian. An access lies wholly in one of
 * the three; any length and alignment will do.
 */
#ifndef PROBE_REGS_H
#define PROBE_REGS_H

#include <linux/types.h>

#define PROBE_REGION_SIZE 0x30000
#define PROBE_REGS 0
#define PROBE_DATA 0x10000
#define PROBE_DATA_SIZE 0x10000
#define PROBE_LOG 0x20000

#define PROBE_ID 0x626f7270 /* "prob" */

/*
 * The registers. From iova on they can be written, several at once: when a
 * write has changed command, whole, that is executed with the others as they
 * are then, before the write returns. result has what it led to.
 */
struct probe_regs {
	__u32 id;
	__u32 number; /* of the device: when it was made, the lowest free */
	__u32 held; /* pins, each as often as it was made */
	__u32 logged; /* calls in the log */
	__u32 waiting; /* dma_unmap waits for PROBE_GO */
	__s32 result; /* of the last command: an errno, or a number */

	/* What the command works on. */
	__u64 iova;
	__u64 length; /* bytes */
	__s32 npage;
	__u32 prot;
	__u32 count;
	__u32 command;

	/* What dma_unmap does; at each open PROBE_UNPIN_RANGE, and the rest 0. */
	__u32 ignore; /* this many calls nothing, and then: */
	__u32 action;
	__u32 other_prot;
	__u32 reserved;
	__u64 other_iova;
	__u64 other_length;
};

enum probe_command {
	/* vfio_pin_pages(iova, npage, prot); what it returned. */
	PROBE_PIN = 1,
	/*
	 * The same for each of count iovas in the data window, as 64-bit
	 * numbers; what each returned takes its place. How many succeeded.
	 */
	PROBE_PIN_LIST,
	/* Of npage pages from iova on, those that this device has pinned, once
	 * each; how many these were. */
	PROBE_UNPIN,
	/* vfio_unpin_pages(iova, npage), whoever has pinned. 0. */
	PROBE_UNPIN_ANY,
	/*
	 * vfio_dma_rw(iova, length) to, from the data window; what it
	 * returned. EMSGSIZE: does not fit there.
	 */
	PROBE_DMA_READ,
	PROBE_DMA_WRITE,
	/*
	 * length bytes, count bytes from its beginning, of the page that this
	 * device pinned at exactly iova. ENOENT: it did not; EINVAL: over the
	 * page's end; EPERM: write to what was pinned without WRITE.
	 */
	PROBE_PAGE_READ,
	PROBE_PAGE_WRITE,
	/* Empties the log, of all devices. 0. */
	PROBE_CLEAR,
	/* A dma_unmap that waits goes on. 0. */
	PROBE_GO,
};

/*
 * What dma_unmap does, in this order. other_iova is where a page is pinned,
 * with other_prot, or data read and written; with other_length it is also
 * the range that is unpinned.
 */
#define PROBE_UNPIN_RANGE 1 /* what this device has pinned in the range */
#define PROBE_UNPIN_OTHER 2
#define PROBE_PIN_OTHER 4
#define PROBE_READ_OTHER 8 /* other_length bytes to the data window */
#define PROBE_WRITE_OTHER 16
#define PROBE_WAIT 32 /* for PROBE_GO; ETIME after 5 s */

/*
 * Linux stops the machine when a page is still pinned after 11 calls for a
 * mapping. So a call after 10 of the same range, without a command between,
 * unpins all that this device has pinned, and does nothing else.
 */
#define PROBE_ROUNDS 10

/* The most pins of a device (ENOSPC), and calls that find room in the log. */
#define PROBE_MAX_PINS 4096
#define PROBE_MAX_LOG 256

/* The log is one for all probes: the order is that of the calls. */
struct probe_log_entry {
	__u32 number; /* whose dma_unmap was called */
	__s32 result; /* of the last other thing that it did; 0: nothing */
	__u64 iova;
	__u64 length;
	__u32 held; /* pins in the range when it was called */
	__u32 reserved;
};

#endif
