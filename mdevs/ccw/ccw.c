// SPDX-License-Identifier: BSD-3-Clause
/* A subchannel: made, opened, closed, asked for memory; and the tables. */
#include "ccw.h"

#include <errno.h>
#include <stdlib.h>

static int ccw_init(struct vfio_device *vdev)
{
	const char *file = vfiod_device_param(vdev, "file");
	struct vfio_ccw *ccw;
	int ret;

	if (!file) {
		vfiod_log(vdev, VFIOD_LOG_ERROR, "needs file=PATH, a disk");
		return -EINVAL;
	}
	ccw = calloc(1, sizeof(*ccw));
	if (!ccw)
		return -ENOMEM;
	ret = subchannel_init(&ccw->sch, vdev, file, ccw_fsm_interrupt, ccw);
	if (ret) {
		vfiod_log(vdev, VFIOD_LOG_ERROR, "%s: %s", file,
			  ret == -EINVAL ? "not a number of 512-byte blocks" :
					   strerror(-ret));
		free(ccw);
		return ret;
	}
	pthread_mutex_init(&ccw->io_lock, NULL);
	pthread_mutex_init(&ccw->irqs.lock, NULL);
	ccw->program.vdev = vdev;
	vfiod_set_drvdata(vdev, ccw);
	return 0;
}

static void ccw_release(struct vfio_device *vdev)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);

	subchannel_fini(&ccw->sch);
	pthread_mutex_destroy(&ccw->io_lock);
	pthread_mutex_destroy(&ccw->irqs.lock);
	free(ccw);
}

static int ccw_open_device(struct vfio_device *vdev)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&ccw->io_lock);
	ccw_fsm_open(ccw);
	pthread_mutex_unlock(&ccw->io_lock);
	return 0;
}

/*
 * The timer may still come once, and finds nothing. Nobody is told of what
 * was halted: there is no client.
 */
static void ccw_close_device(struct vfio_device *vdev)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&ccw->io_lock);
	ccw_fsm_close(ccw);
	ccw->io = (struct ccw_io_region){ 0 };
	ccw->cmd = (struct ccw_cmd_region){ 0 };
	pthread_mutex_unlock(&ccw->io_lock);
	ccw_irqs_drop(&ccw->irqs);
}

/* vfio_ccw_mdev_reset(); io_lock is held. True: see ccw_fsm_close(). */
static bool reset(struct vfio_ccw *ccw)
{
	bool halted = ccw_fsm_close(ccw);

	ccw_fsm_open(ccw);
	return halted;
}

static void unlock_and_tell(struct vfio_ccw *ccw, bool halted)
{
	pthread_mutex_unlock(&ccw->io_lock);
	if (halted)
		ccw_irq_signal(&ccw->irqs, VFIO_CCW_IO_IRQ_INDEX);
}

static int ccw_reset(struct vfio_device *vdev)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);

	pthread_mutex_lock(&ccw->io_lock);
	unlock_and_tell(ccw, reset(ccw));
	return 0;
}

/* A program is freed as a whole, or left alone. */
static void ccw_dma_unmap(struct vfio_device *vdev, uint64_t iova,
			  uint64_t length)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);
	bool halted = false;

	pthread_mutex_lock(&ccw->io_lock);
	if (program_pins(&ccw->program, iova, length))
		halted = reset(ccw);
	unlock_and_tell(ccw, halted);
}

static long ccw_ioctl(struct vfio_device *vdev, unsigned int cmd, uint64_t arg)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);

	if (cmd == VFIO_DEVICE_SET_IRQS)
		return ccw_irqs_set(&ccw->irqs, arg);
	return VFIOD_NOT_MINE;
}

static void ccw_request(struct vfio_device *vdev, unsigned int count)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);

	if (!ccw_irq_signal(&ccw->irqs, VFIO_CCW_REQ_IRQ_INDEX) && !count)
		vfiod_log(vdev, VFIOD_LOG_INFO,
			  "no REQ interrupt by which to ask for it back");
}

#define TYPE_CAP(sub)                                                        \
	{                                                                    \
		.header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 }, \
		.type = VFIO_REGION_TYPE_CCW, .subtype = (sub)               \
	}

static const struct vfio_region_info_cap_type cap_types[] = {
	TYPE_CAP(VFIO_REGION_SUBTYPE_CCW_ASYNC_CMD),
	TYPE_CAP(VFIO_REGION_SUBTYPE_CCW_SCHIB),
	TYPE_CAP(VFIO_REGION_SUBTYPE_CCW_CRW),
};

static const struct vfiod_cap caps[] = {
	{ &cap_types[0].header, sizeof(cap_types[0]) },
	{ &cap_types[1].header, sizeof(cap_types[1]) },
	{ &cap_types[2].header, sizeof(cap_types[2]) },
};

#define R VFIO_REGION_INFO_FLAG_READ
#define W VFIO_REGION_INFO_FLAG_WRITE

static const struct vfiod_region regions[CCW_NUM_REGIONS] = {
	[VFIO_CCW_CONFIG_REGION_INDEX] = { .size = sizeof(struct ccw_io_region),
					   .flags = R | W },
	[CCW_ASYNC_REGION_INDEX] = { .size = sizeof(struct ccw_cmd_region),
				     .flags = R | W,
				     .nr_caps = 1,
				     .caps = &caps[0] },
	[CCW_SCHIB_REGION_INDEX] = { .size = sizeof(struct ccw_schib_region),
				     .flags = R,
				     .nr_caps = 1,
				     .caps = &caps[1] },
	[CCW_CRW_REGION_INDEX] = { .size = sizeof(struct ccw_crw_region),
				   .flags = R,
				   .nr_caps = 1,
				   .caps = &caps[2] },
};

#define IRQ                                                \
	{                                                  \
		.count = 1, .flags = VFIO_IRQ_INFO_EVENTFD \
	}

static const struct vfiod_irq irqs[VFIO_CCW_NUM_IRQS] = {
	[VFIO_CCW_IO_IRQ_INDEX] = IRQ,
	[VFIO_CCW_CRW_IRQ_INDEX] = IRQ,
	[VFIO_CCW_REQ_IRQ_INDEX] = IRQ,
};

static const struct vfiod_type types[] = {
	{ .name = "io",
	  .pretty_name = "I/O subchannel (Non-QDIO)",
	  .info_flags = VFIO_DEVICE_FLAGS_CCW | VFIO_DEVICE_FLAGS_RESET,
	  .nr_regions = CCW_NUM_REGIONS,
	  .nr_irqs = VFIO_CCW_NUM_IRQS,
	  .regions = regions,
	  .irqs = irqs,
	  .offset_shift = CCW_OFFSET_SHIFT },
};

static const struct vfiod_param params[] = {
	{ .name = "file", .help = "the disk: a file of 512-byte blocks" },
};

static const struct vfiod_attribute attributes[] = {
	{ .group = "vfiod",
	  .name = "path",
	  .show = ccw_path_show,
	  .store = ccw_path_store },
};

static struct vfiod_plugin ccw_plugin = {
	.name = "ccw",
	.version = "1.0",
	.description = "a subchannel with a disk, as Linux's vfio-ccw",
	.nr_types = 1,
	.nr_params = 1,
	.nr_attributes = 1,
	.types = types,
	.params = params,
	.attributes = attributes,
	.init = ccw_init,
	.release = ccw_release,
	.open_device = ccw_open_device,
	.close_device = ccw_close_device,
	.read = ccw_read,
	.write = ccw_write,
	.ioctl = ccw_ioctl,
	.reset = ccw_reset,
	.request = ccw_request,
	.dma_unmap = ccw_dma_unmap,
};

VFIOD_REGISTER_PLUGIN(ccw_plugin);
