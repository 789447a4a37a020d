// SPDX-License-Identifier: BSD-3-Clause
#include "irq.h"

#include <errno.h>

#define IRQ_SET_MINSZ offsetof(struct vfio_irq_set, data)

bool ccw_irq_signal(struct ccw_irqs *irqs, unsigned int index)
{
	bool is_set;

	pthread_mutex_lock(&irqs->lock);
	is_set = irqs->trigger[index];
	if (is_set)
		vfiod_eventfd_signal(irqs->trigger[index]);
	pthread_mutex_unlock(&irqs->lock);
	return is_set;
}

/* Takes @eventfd over. */
static void set_trigger(struct ccw_irqs *irqs, unsigned int index,
			struct vfio_eventfd *eventfd)
{
	struct vfio_eventfd *old;

	pthread_mutex_lock(&irqs->lock);
	old = irqs->trigger[index];
	irqs->trigger[index] = eventfd;
	pthread_mutex_unlock(&irqs->lock);
	vfiod_eventfd_put(old);
}

void ccw_irqs_drop(struct ccw_irqs *irqs)
{
	for (unsigned int i = 0; i < VFIO_CCW_NUM_IRQS; i++)
		set_trigger(irqs, i, NULL);
}

static int set_eventfd(struct ccw_irqs *irqs, unsigned int index, int32_t fd)
{
	struct vfio_eventfd *eventfd = NULL;
	int ret = 0;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0)
		ret = vfiod_eventfd_get(fd, &eventfd);
	if (!ret)
		set_trigger(irqs, index, eventfd);
	return ret;
}

/* The data are read even when count says that there are none. */
static int set(struct ccw_irqs *irqs, const struct vfio_irq_set *hdr,
	       uint64_t data)
{
	uint8_t fire = 1;
	int32_t fd;

	if (hdr->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
		if (vfiod_copy_from_user(&fd, data, sizeof(fd)))
			return -EFAULT;
		return set_eventfd(irqs, hdr->index, fd);
	}
	if ((hdr->flags & VFIO_IRQ_SET_DATA_BOOL) &&
	    vfiod_copy_from_user(&fire, data, sizeof(fire)))
		return -EFAULT;
	if (fire)
		ccw_irq_signal(irqs, hdr->index);
	return 0;
}

long ccw_irqs_set(struct ccw_irqs *irqs, uint64_t arg)
{
	struct vfio_irq_set hdr;
	size_t size;
	int ret;

	if (vfiod_copy_from_user(&hdr, arg, IRQ_SET_MINSZ))
		return -EFAULT;
	ret = vfiod_set_irqs_validate(&hdr, 1, VFIO_CCW_NUM_IRQS, &size);
	if (ret)
		return ret;
	if (!(hdr.flags & VFIO_IRQ_SET_ACTION_TRIGGER))
		return -EINVAL;
	return set(irqs, &hdr, arg + IRQ_SET_MINSZ);
}
