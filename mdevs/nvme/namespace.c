// SPDX-License-Identifier: BSD-3-Clause
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define HOST_PAGE 4096UL

static bool in_memory(const struct nvme_ns *ns)
{
	return ns->fd < 0;
}

static int map_memory(struct nvme_ns *ns, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	/* For speed only. Reads at random places miss the TLB without. */
	(void)madvise(memory, size, MADV_HUGEPAGE);
	ns->memory = memory;
	ns->memory_size = size;
	return 0;
}

int nvme_ns_memory(struct nvme_ns *ns, uint64_t size)
{
	ns->fd = -1;
	ns->blocks = size >> ns->shift;
	return map_memory(ns, size);
}

/* By lseek, as block devices do not tell otherwise. */
static int measure(struct nvme_ns *ns)
{
	off_t size = lseek(ns->fd, 0, SEEK_END);

	if (size < 0)
		return -errno;
	if (!size || size & ((1 << ns->shift) - 1))
		return -EINVAL;
	ns->blocks = (uint64_t)size >> ns->shift;
	return 0;
}

int nvme_ns_file(struct nvme_ns *ns, const char *path, size_t transfer_max)
{
	int ret;

	ns->fd = open(path, (ns->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (ns->fd < 0)
		return -errno;
	ret = measure(ns);
	if (!ret)
		ret = map_memory(ns, transfer_max);
	if (ret) {
		close(ns->fd);
		ns->fd = -1;
	}
	return ret;
}

void nvme_ns_free(struct nvme_ns *ns)
{
	munmap(ns->memory, ns->memory_size);
	if (!in_memory(ns))
		close(ns->fd);
}

int nvme_ns_read(struct nvme_ns *ns, uint64_t offset, size_t len, void **data)
{
	size_t done = 0;

	*data = nvme_ns_buffer(ns, offset);
	if (in_memory(ns))
		return 0;
	while (done < len) {
		ssize_t n = pread(ns->fd, ns->memory + done, len - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		/* It has become shorter. */
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

void *nvme_ns_buffer(struct nvme_ns *ns, uint64_t offset)
{
	return in_memory(ns) ? ns->memory + offset : ns->memory;
}

/* @len bytes of the buffer. */
static int write_file(struct nvme_ns *ns, uint64_t offset, size_t len,
		      bool durable)
{
	size_t done = 0;

	while (done < len) {
		struct iovec part = { ns->memory + done, len - done };
		ssize_t n = pwritev2(ns->fd, &part, 1, (off_t)(offset + done),
				     durable ? RWF_DSYNC : 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

int nvme_ns_write(struct nvme_ns *ns, uint64_t offset, size_t len, bool durable)
{
	return in_memory(ns) ? 0 : write_file(ns, offset, len, durable);
}

int nvme_ns_flush(struct nvme_ns *ns)
{
	if (in_memory(ns) || ns->readonly)
		return 0;
	return fdatasync(ns->fd) ? -errno : 0;
}

/* Whole pages go back to the system, which gives zeroed ones. */
static void zero_memory(struct nvme_ns *ns, uint64_t offset, uint64_t len)
{
	uint64_t end = offset + len;
	uint64_t first = (offset + HOST_PAGE - 1) & ~(HOST_PAGE - 1);
	uint64_t last = end & ~(HOST_PAGE - 1);

	if (first >= last ||
	    madvise(ns->memory + first, last - first, MADV_DONTNEED)) {
		memset(ns->memory + offset, 0, len);
		return;
	}
	memset(ns->memory + offset, 0, first - offset);
	memset(ns->memory + last, 0, end - last);
}

static int punch_hole(struct nvme_ns *ns, uint64_t offset, uint64_t len)
{
	int ret;

	do
		ret = fallocate(ns->fd,
				FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				(off_t)offset, (off_t)len);
	while (ret && errno == EINTR);
	return ret ? -errno : 0;
}

/* Where there are no holes. */
static int write_zeroes(struct nvme_ns *ns, uint64_t offset, uint64_t len)
{
	int ret = 0;

	memset(ns->memory, 0, len < ns->memory_size ? len : ns->memory_size);
	while (len && !ret) {
		size_t n = len < ns->memory_size ? len : ns->memory_size;

		ret = write_file(ns, offset, n, false);
		offset += n;
		len -= n;
	}
	return ret;
}

int nvme_ns_zero(struct nvme_ns *ns, uint64_t offset, uint64_t len,
		 bool durable)
{
	int ret;

	if (in_memory(ns)) {
		zero_memory(ns, offset, len);
		return 0;
	}
	ret = punch_hole(ns, offset, len);
	if (ret == -EOPNOTSUPP || ret == -ENODEV)
		ret = write_zeroes(ns, offset, len);
	if (!ret && durable)
		ret = nvme_ns_flush(ns);
	return ret;
}

void nvme_ns_deallocate(struct nvme_ns *ns, uint64_t offset, uint64_t len)
{
	if (in_memory(ns))
		zero_memory(ns, offset, len);
	else
		/* A hint. What cannot be given back keeps its content. */
		(void)punch_hole(ns, offset, len);
}
