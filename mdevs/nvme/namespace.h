/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The namespace: blocks in memory, or in a file or block device. Offsets and
 * lengths are in bytes and inside of it; a length is at most that of the
 * largest transfer, but for zeroing. Errors are negative errno. One call at a
 * time.
 */
#ifndef MDEVS_NVME_NAMESPACE_H
#define MDEVS_NVME_NAMESPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nvme_ns {
	uint64_t blocks;
	unsigned int shift; /* a block has 1 << shift bytes */
	bool readonly;
	int fd; /* -1: in memory */
	/* All of it, or, for a file, room for one transfer: its errors and
	 * its holes could not be told from a crash if it were mapped. */
	uint8_t *memory;
	size_t memory_size;
};

/* In memory, all zero: 0, ENOMEM. @size is a multiple of the block. */
int nvme_ns_memory(struct nvme_ns *ns, uint64_t size);
/* What open(2) says; EINVAL: empty, or no multiple of the block. */
int nvme_ns_file(struct nvme_ns *ns, const char *path, size_t transfer_max);
void nvme_ns_free(struct nvme_ns *ns);

/* Make what is there readable at *@data, until the next call. */
int nvme_ns_read(struct nvme_ns *ns, uint64_t offset, size_t len, void **data);
/* Where to put what is to be written; then write it. @durable: it has to be
 * on the medium on return. */
void *nvme_ns_buffer(struct nvme_ns *ns, uint64_t offset);
int nvme_ns_write(struct nvme_ns *ns, uint64_t offset, size_t len,
		  bool durable);
int nvme_ns_flush(struct nvme_ns *ns);
/* Make it zero. */
int nvme_ns_zero(struct nvme_ns *ns, uint64_t offset, uint64_t len,
		 bool durable);
/* Give back what holds it, if that can be done; then it is zero. */
void nvme_ns_deallocate(struct nvme_ns *ns, uint64_t offset, uint64_t len);

#endif
