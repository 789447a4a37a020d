// SPDX-License-Identifier: BSD-3-Clause
/* The NVM command set. */
#include <errno.h>
#include <string.h>

#include "nvme.h"

#define COMPARE_BYTES 4096
#define UNIT_BYTES 512 /* of what the SMART log counts */

/* The blocks that a command is about. */
struct extent {
	uint64_t offset; /* in bytes */
	uint64_t len;
};

static uint16_t make_extent(const struct nvme_ns *ns, uint64_t slba,
			    uint64_t blocks, struct extent *extent)
{
	if (blocks > ns->blocks || slba > ns->blocks - blocks)
		return LBA_OUT_OF_RANGE;
	extent->offset = slba << ns->shift;
	extent->len = blocks << ns->shift;
	return SUCCESS;
}

static uint16_t extent_of(const struct nvme *nvme, const struct nvme_cmd *cmd,
			  struct extent *extent)
{
	uint64_t slba = cmd->cdw10 | (uint64_t)cmd->cdw11 << 32;

	return make_extent(&nvme->ns, slba, (cmd->cdw12 & 0xffff) + 1, extent);
}

/* The same of commands with data, which is mapped. */
static uint16_t data_extent_of(struct nvme *nvme, const struct nvme_cmd *cmd,
			       struct extent *extent)
{
	uint16_t status = extent_of(nvme, cmd, extent);

	/* The length goes first: it does not depend on the namespace. */
	if (((cmd->cdw12 & 0xffffULL) + 1) << nvme->ns.shift >
	    NVME_TRANSFER_MAX)
		return INVALID_FIELD;
	return status ? status : nvme_prp_map(nvme, cmd, (uint32_t)extent->len);
}

static uint16_t read_failed(struct nvme *nvme, int error)
{
	vfiod_log(nvme->vdev, VFIOD_LOG_ERROR, "read: %s", strerror(-error));
	nvme->stats.media_errors++;
	return READ_ERROR;
}

static uint16_t write_failed(struct nvme *nvme, int error)
{
	vfiod_log(nvme->vdev, VFIOD_LOG_ERROR, "write: %s", strerror(-error));
	nvme->stats.media_errors++;
	return error == -ENOSPC ? CAPACITY_EXCEEDED : WRITE_FAULT;
}

static bool is_durable(const struct nvme *nvme, const struct nvme_cmd *cmd)
{
	return cmd->cdw12 & RW_FUA || !nvme->features.write_cache;
}

/* What the namespace has there; and the PRPs of @cmd are known. */
static uint16_t read_extent(struct nvme *nvme, const struct nvme_cmd *cmd,
			    struct extent *extent, void **data)
{
	uint16_t status = data_extent_of(nvme, cmd, extent);
	int ret;

	if (status)
		return status;
	ret = nvme_ns_read(&nvme->ns, extent->offset, extent->len, data);
	return ret ? read_failed(nvme, ret) : SUCCESS;
}

static uint16_t do_read(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	struct extent extent;
	void *data;
	uint16_t status = read_extent(nvme, cmd, &extent, &data);

	if (!status)
		status = nvme_prp_copy(nvme, data, true);
	if (status)
		return status;
	nvme->stats.reads++;
	nvme->stats.units_read += extent.len / UNIT_BYTES;
	return SUCCESS;
}

static uint16_t do_write(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	struct extent extent;
	uint16_t status = data_extent_of(nvme, cmd, &extent);
	int ret;

	if (!status && nvme->ns.readonly)
		status = WRITE_PROTECTED;
	if (!status)
		status = nvme_prp_copy(
			nvme, nvme_ns_buffer(&nvme->ns, extent.offset), false);
	if (status)
		return status;
	ret = nvme_ns_write(&nvme->ns, extent.offset, extent.len,
			    is_durable(nvme, cmd));
	if (ret)
		return write_failed(nvme, ret);
	nvme->stats.writes++;
	nvme->stats.units_written += extent.len / UNIT_BYTES;
	return SUCCESS;
}

/* Is what a part of the client's data says also at @data? */
static uint16_t compare_segment(struct nvme *nvme,
				const struct nvme_segment *segment,
				const uint8_t *data)
{
	uint8_t theirs[COMPARE_BYTES];
	uint32_t done = 0;

	while (done < segment->len) {
		uint32_t n = segment->len - done;

		if (n > sizeof(theirs))
			n = sizeof(theirs);
		if (nvme_dma(nvme, segment->iova + done, theirs, n, false))
			return DATA_TRANSFER_ERROR;
		if (memcmp(theirs, data + done, n))
			return COMPARE_FAILURE;
		done += n;
	}
	return SUCCESS;
}

static uint16_t do_compare(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	struct extent extent;
	void *data;
	uint16_t status = read_extent(nvme, cmd, &extent, &data);
	uint8_t *at;

	if (status)
		return status;
	at = data;
	for (unsigned int i = 0; i < nvme->prp.nr && !status; i++) {
		status = compare_segment(nvme, &nvme->prp.segments[i], at);
		at += nvme->prp.segments[i].len;
	}
	return status;
}

static uint16_t do_write_zeroes(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	struct extent extent;
	uint16_t status = extent_of(nvme, cmd, &extent);
	int ret;

	if (!status && nvme->ns.readonly)
		status = WRITE_PROTECTED;
	if (status)
		return status;
	ret = nvme_ns_zero(&nvme->ns, extent.offset, extent.len,
			   is_durable(nvme, cmd));
	return ret ? write_failed(nvme, ret) : SUCCESS;
}

/* All ranges are looked at before anything is done. */
static uint16_t deallocate(struct nvme *nvme,
			   const struct nvme_dsm_range *ranges, uint32_t nr)
{
	struct extent extents[256];

	for (uint32_t i = 0; i < nr; i++) {
		uint16_t status = make_extent(&nvme->ns, ranges[i].slba,
					      ranges[i].blocks, &extents[i]);

		if (status)
			return status;
	}
	for (uint32_t i = 0; i < nr; i++)
		if (extents[i].len)
			nvme_ns_deallocate(&nvme->ns, extents[i].offset,
					   extents[i].len);
	return SUCCESS;
}

static uint16_t do_dsm(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	struct nvme_dsm_range ranges[256];
	uint32_t nr = (cmd->cdw10 & 0xff) + 1;
	uint16_t status = nvme_prp_map(nvme, cmd, nr * sizeof(*ranges));

	if (!status)
		status = nvme_prp_copy(nvme, ranges, false);
	if (status || !(cmd->cdw11 & DSM_DEALLOCATE))
		return status;
	return nvme->ns.readonly ? WRITE_PROTECTED :
				   deallocate(nvme, ranges, nr);
}

static uint16_t do_flush(struct nvme *nvme)
{
	int ret = nvme_ns_flush(&nvme->ns);

	return ret ? write_failed(nvme, ret) : SUCCESS;
}

static bool is_known(uint8_t opcode)
{
	return opcode == IO_FLUSH || opcode == IO_WRITE || opcode == IO_READ ||
	       opcode == IO_COMPARE || opcode == IO_WRITE_ZEROES ||
	       opcode == IO_DSM;
}

uint16_t nvme_io(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	if (!is_known(cmd->opcode))
		return INVALID_OPCODE;
	if (cmd->nsid != 1 &&
	    (cmd->opcode != IO_FLUSH || cmd->nsid != NSID_ALL))
		return INVALID_NAMESPACE;
	switch (cmd->opcode) {
	case IO_READ:
		return do_read(nvme, cmd);
	case IO_WRITE:
		return do_write(nvme, cmd);
	case IO_COMPARE:
		return do_compare(nvme, cmd);
	case IO_WRITE_ZEROES:
		return do_write_zeroes(nvme, cmd);
	case IO_DSM:
		return do_dsm(nvme, cmd);
	default:
		return do_flush(nvme);
	}
}
