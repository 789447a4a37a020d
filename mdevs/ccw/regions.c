// SPDX-License-Identifier: BSD-3-Clause
/* Reads and writes of the regions (vfio_ccw_ops.c, _async.c, _chp.c). */
#include <errno.h>

#include "ccw.h"

static const size_t sizes[CCW_NUM_REGIONS] = {
	[VFIO_CCW_CONFIG_REGION_INDEX] = sizeof(struct ccw_io_region),
	[CCW_ASYNC_REGION_INDEX] = sizeof(struct ccw_cmd_region),
	[CCW_SCHIB_REGION_INDEX] = sizeof(struct ccw_schib_region),
	[CCW_CRW_REGION_INDEX] = sizeof(struct ccw_crw_region),
};

/* 0, and the region and the offset in it; or -EINVAL. */
static int find_region(uint64_t pos, size_t count, unsigned int *index,
		       size_t *offset)
{
	uint64_t number = pos >> CCW_OFFSET_SHIFT;

	if (number >= CCW_NUM_REGIONS)
		return -EINVAL;
	*index = (unsigned int)number;
	*offset = pos & ((1U << CCW_OFFSET_SHIFT) - 1);
	return *offset + count > sizes[number] ? -EINVAL : 0;
}

/* What a region holds now. io_lock is held. */
union content {
	struct ccw_io_region io;
	struct ccw_cmd_region cmd;
	struct ccw_schib_region schib;
	struct ccw_crw_region crw;
	uint8_t bytes[sizeof(struct ccw_io_region)];
};

static void get_content(struct vfio_ccw *ccw, unsigned int index,
			union content *content)
{
	switch (index) {
	case VFIO_CCW_CONFIG_REGION_INDEX:
		content->io = ccw->io;
		break;
	case CCW_ASYNC_REGION_INDEX:
		content->cmd = ccw->cmd;
		break;
	case CCW_SCHIB_REGION_INDEX:
		subchannel_store(&ccw->sch, content->schib.schib_area);
		break;
	case CCW_CRW_REGION_INDEX:
		content->crw = (struct ccw_crw_region){
			.crw = ccw_report_take(&ccw->reports),
		};
		/* There are more. */
		if (ccw->reports.nr)
			ccw_irq_signal(&ccw->irqs, VFIO_CCW_CRW_IRQ_INDEX);
		break;
	}
}

ssize_t ccw_read(struct vfio_device *vdev, void *buf, size_t count,
		 uint64_t pos)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);
	union content content;
	unsigned int index;
	size_t offset;
	int ret;

	ret = find_region(pos, count, &index, &offset);
	if (ret)
		return ret;
	pthread_mutex_lock(&ccw->io_lock);
	get_content(ccw, index, &content);
	pthread_mutex_unlock(&ccw->io_lock);
	memcpy(buf, content.bytes + offset, count);
	return (ssize_t)count;
}

/* Each write is an order, whatever part of the region it is to. */
static int write_io(struct vfio_ccw *ccw, size_t offset, const void *buf,
		    size_t count)
{
	int ret;

	memcpy((uint8_t *)&ccw->io + offset, buf, count);
	ret = ccw_fsm_io_request(ccw);
	ccw->io.ret_code = (uint32_t)ret;
	return ret;
}

static int write_async(struct vfio_ccw *ccw, size_t offset, const void *buf,
		       size_t count)
{
	int ret;

	memcpy((uint8_t *)&ccw->cmd + offset, buf, count);
	ret = ccw_fsm_async_request(ccw);
	ccw->cmd.ret_code = (uint32_t)ret;
	return ret;
}

ssize_t ccw_write(struct vfio_device *vdev, const void *buf, size_t count,
		  uint64_t pos)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);
	unsigned int index;
	size_t offset;
	int ret;

	ret = find_region(pos, count, &index, &offset);
	if (ret)
		return ret;
	if (index > CCW_ASYNC_REGION_INDEX)
		return -EINVAL;
	/* The kernel does not wait either: the client is to try again. */
	if (pthread_mutex_trylock(&ccw->io_lock))
		return -EAGAIN;
	if (index == CCW_ASYNC_REGION_INDEX)
		ret = write_async(ccw, offset, buf, count);
	else
		ret = write_io(ccw, offset, buf, count);
	pthread_mutex_unlock(&ccw->io_lock);
	return ret ? ret : (ssize_t)count;
}
