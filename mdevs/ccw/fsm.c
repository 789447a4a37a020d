// SPDX-License-Identifier: BSD-3-Clause
/*
 * The states of vfio_ccw_fsm.c, but for two: building a program is not one of
 * its own, since io_lock is held meanwhile; and a file does not become not
 * operational.
 */
#include <errno.h>

#include "ccw.h"

static int start(struct vfio_ccw *ccw)
{
	const struct orb orb = orb_parse(ccw->io.orb_area);
	int ret;

	if (orb.transport)
		return -EOPNOTSUPP;
	ret = program_load(&ccw->program, &orb);
	if (ret)
		return ret;
	ret = subchannel_start(&ccw->sch, &ccw->program);
	if (ret)
		program_free(&ccw->program);
	else
		ccw->state = CCW_PENDING;
	return ret;
}

/* Halt and clear go by their own region. */
static int request(struct vfio_ccw *ccw)
{
	uint8_t fctl = scsw_fctl(ccw->io.scsw_area);

	if (fctl & SCSW_FCTL_START)
		return start(ccw);
	return fctl ? -EOPNOTSUPP : 0;
}

int ccw_fsm_io_request(struct vfio_ccw *ccw)
{
	switch (ccw->state) {
	case CCW_IDLE:
		return request(ccw);
	case CCW_PENDING:
		return -EBUSY;
	default:
		return -EIO;
	}
}

int ccw_fsm_async_request(struct vfio_ccw *ccw)
{
	if (ccw->state == CCW_STANDBY)
		return -EIO;
	switch (ccw->cmd.command) {
	case VFIO_CCW_ASYNC_CMD_HSCH:
		return subchannel_halt(&ccw->sch);
	case VFIO_CCW_ASYNC_CMD_CSCH:
		return subchannel_clear(&ccw->sch);
	default:
		return -EINVAL;
	}
}

/*
 * vfio_ccw_sch_io_todo(): every status here is a final one. True: there was
 * one, and the client is to be told. io_lock is held.
 */
static bool take_status(struct vfio_ccw *ccw)
{
	if (!subchannel_fetch_status(&ccw->sch, ccw->io.irb_area))
		return false;
	if (ccw->state == CCW_PENDING) {
		program_free(&ccw->program);
		ccw->state = CCW_IDLE;
	}
	return true;
}

void ccw_fsm_interrupt(void *arg)
{
	struct vfio_ccw *ccw = arg;
	bool taken;

	pthread_mutex_lock(&ccw->io_lock);
	taken = take_status(ccw);
	pthread_mutex_unlock(&ccw->io_lock);
	if (taken)
		ccw_irq_signal(&ccw->irqs, VFIO_CCW_IO_IRQ_INDEX);
}

void ccw_fsm_open(struct vfio_ccw *ccw)
{
	ccw->state = CCW_IDLE;
}

/* fsm_close(): the client gets the interrupt of what was halted. */
bool ccw_fsm_close(struct vfio_ccw *ccw)
{
	bool taken;

	subchannel_quiesce(&ccw->sch);
	taken = take_status(ccw);
	ccw->state = CCW_STANDBY;
	return taken;
}
