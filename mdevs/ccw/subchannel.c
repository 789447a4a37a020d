// SPDX-License-Identifier: BSD-3-Clause
#include "subchannel.h"

#include <errno.h>

/*
 * How many CCWs are executed at once. A program can go round for ever; the
 * pause is so that it does not use up a CPU meanwhile.
 */
#define SLICE 256
#define PAUSE_NS 1000000

#define DEVICE_NUMBER 0x1000
#define PATH_MASK 0x80 /* the first of eight */

static void end(struct subchannel *sch, const struct scsw *status)
{
	sch->running = false;
	sch->status = *status;
	sch->pending = true;
}

/* The program has ended by itself. */
static void end_of_program(struct subchannel *sch)
{
	const struct execution *x = &sch->execution;
	struct scsw status = {
		.key = x->program->orb.key,
		.prefetch = x->program->orb.prefetch,
		.fctl = SCSW_FCTL_START,
		.stctl = SCSW_STCTL_PENDING | SCSW_STCTL_PRIMARY |
			 SCSW_STCTL_SECONDARY,
		.dstat = x->dstat,
		.cstat = x->cstat,
		.count = x->residual,
		.cpa = x->cpa,
	};

	if (x->cstat || (x->dstat & DSTAT_UNIT_CHECK))
		status.stctl |= SCSW_STCTL_ALERT;
	end(sch, &status);
}

/* Halt or clear; @fctl is which. sch->lock is held. */
static void end_by(struct subchannel *sch, uint8_t fctl)
{
	struct scsw status = { .fctl = fctl, .stctl = SCSW_STCTL_PENDING };

	if (sch->running && fctl == SCSW_FCTL_HALT) {
		status.fctl |= SCSW_FCTL_START;
		status.stctl |= SCSW_STCTL_PRIMARY | SCSW_STCTL_SECONDARY;
		status.cpa = sch->execution.cpa;
	}
	end(sch, &status);
}

static void run(struct subchannel *sch)
{
	for (int i = 0; i < SLICE && sch->running; i++)
		if (execution_step(&sch->execution))
			end_of_program(sch);
}

static void expired(void *arg)
{
	struct subchannel *sch = arg;
	bool pending;

	pthread_mutex_lock(&sch->lock);
	if (sch->running)
		run(sch);
	pending = sch->pending;
	/* It was armed once, so that it has what it needs: no error. */
	if (sch->running)
		vfiod_timer_arm(sch->timer, PAUSE_NS);
	pthread_mutex_unlock(&sch->lock);
	if (pending)
		sch->interrupt(sch->arg);
}

int subchannel_init(struct subchannel *sch, struct vfio_device *vdev,
		    const char *path, void (*interrupt)(void *arg), void *arg)
{
	int ret;

	ret = disk_open(&sch->disk, path);
	if (ret)
		return ret;
	sch->timer = vfiod_timer_new(vdev, expired, sch);
	if (!sch->timer) {
		disk_close(&sch->disk);
		return -ENOMEM;
	}
	sch->interrupt = interrupt;
	sch->arg = arg;
	sch->path = true;
	pthread_mutex_init(&sch->lock, NULL);
	return 0;
}

void subchannel_fini(struct subchannel *sch)
{
	vfiod_timer_free(sch->timer);
	disk_close(&sch->disk);
	pthread_mutex_destroy(&sch->lock);
}

/* The timer takes it from here: as soon as can be. */
static int kick(struct subchannel *sch)
{
	return vfiod_timer_arm(sch->timer, 0);
}

static int begin(struct subchannel *sch, const struct program *program)
{
	int ret;

	if (!sch->path)
		return -ENODEV;
	if (sch->running || sch->pending)
		return -EBUSY;
	ret = kick(sch);
	if (ret)
		return ret;
	sch->running = true;
	execution_begin(&sch->execution, program, &sch->disk);
	return 0;
}

int subchannel_start(struct subchannel *sch, const struct program *program)
{
	int ret;

	pthread_mutex_lock(&sch->lock);
	ret = begin(sch, program);
	pthread_mutex_unlock(&sch->lock);
	return ret;
}

int subchannel_halt(struct subchannel *sch)
{
	int ret = 0;

	pthread_mutex_lock(&sch->lock);
	if (!sch->path)
		ret = -ENODEV;
	else if (sch->pending)
		ret = -EBUSY;
	else
		ret = kick(sch);
	if (!ret)
		end_by(sch, SCSW_FCTL_HALT);
	pthread_mutex_unlock(&sch->lock);
	return ret;
}

int subchannel_clear(struct subchannel *sch)
{
	int ret;

	pthread_mutex_lock(&sch->lock);
	ret = sch->path ? kick(sch) : -ENODEV;
	if (!ret)
		end_by(sch, SCSW_FCTL_CLEAR);
	pthread_mutex_unlock(&sch->lock);
	return ret;
}

void subchannel_quiesce(struct subchannel *sch)
{
	pthread_mutex_lock(&sch->lock);
	if (sch->running)
		end_by(sch, SCSW_FCTL_HALT);
	pthread_mutex_unlock(&sch->lock);
}

bool subchannel_fetch_status(struct subchannel *sch, uint8_t irb[IRB_AREA_SIZE])
{
	bool pending;

	pthread_mutex_lock(&sch->lock);
	pending = sch->pending;
	sch->pending = false;
	if (pending) {
		memset(irb, 0, IRB_AREA_SIZE);
		scsw_store(&sch->status, irb);
	}
	pthread_mutex_unlock(&sch->lock);
	return pending;
}

/* What a SCSW says now. */
static struct scsw current_status(const struct subchannel *sch)
{
	if (sch->running)
		return (struct scsw){
			.fctl = SCSW_FCTL_START,
			.actl = SCSW_ACTL_SCHACT | SCSW_ACTL_DEVACT,
			.cpa = sch->execution.cpa,
		};
	return sch->pending ? sch->status : (struct scsw){ 0 };
}

/* The path-management-control word, 28 bytes, and a SCSW behind it. */
void subchannel_store(struct subchannel *sch, uint8_t schib[SCHIB_AREA_SIZE])
{
	struct scsw status;

	memset(schib, 0, SCHIB_AREA_SIZE);
	pthread_mutex_lock(&sch->lock);
	status = current_status(sch);
	schib[5] = 0x81; /* enabled; the device number is valid */
	put_be16(schib + 6, DEVICE_NUMBER);
	schib[8] = sch->path ? PATH_MASK : 0; /* logical paths */
	schib[10] = PATH_MASK; /* last used */
	schib[11] = PATH_MASK; /* installed */
	schib[14] = 0xff; /* operational */
	schib[15] = sch->path ? PATH_MASK : 0; /* available */
	schib[16] = SUBCHANNEL_CHPID;
	scsw_store(&status, schib + 28);
	pthread_mutex_unlock(&sch->lock);
}

bool subchannel_set_path(struct subchannel *sch, bool path)
{
	bool changed;

	pthread_mutex_lock(&sch->lock);
	changed = sch->path != path;
	sch->path = path;
	if (sch->running && !path && !kick(sch))
		end_by(sch, SCSW_FCTL_HALT);
	pthread_mutex_unlock(&sch->lock);
	return changed;
}

bool subchannel_has_path(struct subchannel *sch)
{
	bool path;

	pthread_mutex_lock(&sch->lock);
	path = sch->path;
	pthread_mutex_unlock(&sch->lock);
	return path;
}
