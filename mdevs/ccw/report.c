// SPDX-License-Identifier: BSD-3-Clause
/* Channel reports (vfio_ccw_queue_crw(), vfio_ccw_chp_event()). */
#include <errno.h>
#include <stdio.h>

#include "ccw.h"

/* Of a channel-report word: the source is a path, which has come or gone. */
#define CRW_SOURCE_PATH (4U << 24)
#define CRW_CODE_INITIALIZED (2U << 16)
#define CRW_CODE_PERMANENT_ERROR (6U << 16)

static void add(struct ccw_reports *reports, uint32_t crw)
{
	unsigned int last = (reports->first + reports->nr) % CCW_MAX_REPORTS;

	if (reports->nr == CCW_MAX_REPORTS)
		return;
	reports->crw[last] = crw;
	reports->nr++;
}

uint32_t ccw_report_take(struct ccw_reports *reports)
{
	uint32_t crw;

	if (!reports->nr)
		return 0;
	crw = reports->crw[reports->first];
	reports->first = (reports->first + 1) % CCW_MAX_REPORTS;
	reports->nr--;
	return crw;
}

ssize_t ccw_path_show(struct vfio_device *vdev, char *buf, size_t size)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);

	return snprintf(buf, size, "%d\n", subchannel_has_path(&ccw->sch));
}

ssize_t ccw_path_store(struct vfio_device *vdev, const char *buf, size_t size)
{
	struct vfio_ccw *ccw = vfiod_get_drvdata(vdev);
	bool path = buf[0] == '1', changed;

	if ((buf[0] != '0' && buf[0] != '1') ||
	    (buf[1] && strcmp(buf + 1, "\n")))
		return -EINVAL;
	pthread_mutex_lock(&ccw->io_lock);
	changed = subchannel_set_path(&ccw->sch, path);
	if (changed)
		add(&ccw->reports, CRW_SOURCE_PATH | SUBCHANNEL_CHPID |
					   (path ? CRW_CODE_INITIALIZED :
						   CRW_CODE_PERMANENT_ERROR));
	pthread_mutex_unlock(&ccw->io_lock);
	if (changed)
		ccw_irq_signal(&ccw->irqs, VFIO_CCW_CRW_IRQ_INDEX);
	return (ssize_t)size;
}
