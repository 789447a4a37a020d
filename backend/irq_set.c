// SPDX-License-Identifier: BSD-3-Clause
/* VFIO_DEVICE_SET_IRQS, with vfio-pci's rules (vfio_pci_intrs.c). */
#include <errno.h>
#include <stdlib.h>

#include "device.h"
#include "irq_state.h"

#define IRQ_SET_MINSZ offsetof(struct vfio_irq_set, data)

/* One SET_IRQS, checked, its data read from the client. */
struct irq_request {
	struct vfio_irq_set hdr;
	union {
		uint8_t *bools;
		int32_t *fds;
		void *data;
	};
};

static bool is_none(const struct irq_request *req)
{
	return req->hdr.flags & VFIO_IRQ_SET_DATA_NONE;
}

static bool is_eventfd(const struct irq_request *req)
{
	return req->hdr.flags & VFIO_IRQ_SET_DATA_EVENTFD;
}

static uint32_t action(const struct irq_request *req)
{
	return req->hdr.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
}

/* NONE, or BOOL with a one for interrupt number @i of the request. */
static bool chosen(const struct irq_request *req, uint32_t i)
{
	return is_none(req) || req->bools[i];
}

static int get_eventfd(int fd, struct vfio_eventfd **eventfd)
{
	struct vfio_client *client = vfio_current();

	return client->ops->eventfd_get(client, fd, eventfd);
}

static void unmask_event(void *arg)
{
	vfio_irq_unmask(arg);
}

/* vfio_virqfd_enable(): an eventfd by which the client unmasks. */
static int set_unmask_eventfd(struct vfio_irqs *irqs, int fd)
{
	struct vfio_eventfd *eventfd;
	int ret;

	ret = get_eventfd(fd, &eventfd);
	if (ret)
		return ret;
	if (irqs->unmask)
		ret = -EBUSY;
	else
		ret = eventfd->ops->watch(eventfd, unmask_event, irqs);
	if (ret) {
		vfio_eventfd_put(eventfd);
		return ret;
	}
	irqs->unmask = eventfd;
	return 0;
}

static int clear_unmask_eventfd(struct vfio_irqs *irqs)
{
	if (irqs->unmask) {
		irqs->unmask->ops->unwatch(irqs->unmask);
		vfio_eventfd_put(irqs->unmask);
		irqs->unmask = NULL;
	}
	return 0;
}

static int intx_mask(struct vfio_irqs *irqs, const struct irq_request *req)
{
	bool unmask = action(req) == VFIO_IRQ_SET_ACTION_UNMASK;

	if (irqs->active != (int)req->hdr.index || req->hdr.start ||
	    req->hdr.count != 1)
		return -EINVAL;
	if (is_eventfd(req)) {
		if (!unmask)
			return -ENOTTY;
		if (req->fds[0] < 0)
			return clear_unmask_eventfd(irqs);
		return set_unmask_eventfd(irqs, req->fds[0]);
	}
	if (!chosen(req, 0))
		return 0;
	if (unmask)
		vfio_irq_unmask(irqs);
	else
		vfio_irq_mask(irqs);
	return 0;
}

static void activate(struct vfio_irqs *irqs, unsigned int index,
		     unsigned int nr_vectors)
{
	pthread_mutex_lock(&irqs->lock);
	irqs->active = index;
	irqs->nr_vectors = nr_vectors;
	irqs->masked = irqs->intx_disabled;
	irqs->messages_off = false;
	pthread_mutex_unlock(&irqs->lock);
}

/* A negative fd: INTx is in use and signals nobody. */
static int intx_set_eventfd(struct vfio_irqs *irqs, unsigned int index, int fd)
{
	struct vfio_eventfd *eventfd = NULL;
	int ret = 0;

	if (fd >= 0)
		ret = get_eventfd(fd, &eventfd);
	if (ret)
		return ret;
	vfio_irq_replace(irqs, index, 0, eventfd);
	if (irqs->active == VFIO_IRQ_NONE)
		activate(irqs, index, 1);
	/* A line that went up before there was anybody to tell. */
	pthread_mutex_lock(&irqs->lock);
	ret = irqs->line && !irqs->masked;
	pthread_mutex_unlock(&irqs->lock);
	if (ret)
		vfio_irq_unmask(irqs);
	return 0;
}

static int intx_trigger(struct vfio_irqs *irqs, const struct irq_request *req)
{
	unsigned int index = req->hdr.index;
	bool active = irqs->active == (int)index;

	if (active && !req->hdr.count && is_none(req)) {
		vfio_irq_disable_active(irqs);
		return 0;
	}
	if ((!active && irqs->active != VFIO_IRQ_NONE) || req->hdr.start ||
	    req->hdr.count != 1)
		return -EINVAL;
	if (is_eventfd(req))
		return intx_set_eventfd(irqs, index, req->fds[0]);
	if (!active)
		return -EINVAL;
	if (chosen(req, 0) && !irqs->intx_disabled)
		vfio_irq_signal(irqs, index, 0);
	return 0;
}

/*
 * vfio_msi_set_vector_signal(): the old eventfd is gone even when the new
 * one is refused. Only an index that can be resized gets more vectors than
 * it was enabled with.
 */
static int msi_set_vector(struct vfio_irqs *irqs, unsigned int index,
			  unsigned int vector, int fd)
{
	const struct vfiod_irq *irq = &irqs->type->irqs[index];
	struct vfio_eventfd *eventfd;
	int ret;

	vfio_irq_replace(irqs, index, vector, NULL);
	if (fd < 0)
		return 0;
	if (vector >= irqs->nr_vectors && (irq->flags & VFIO_IRQ_INFO_NORESIZE))
		return -EINVAL;
	ret = get_eventfd(fd, &eventfd);
	if (!ret)
		vfio_irq_replace(irqs, index, vector, eventfd);
	return ret;
}

/* All or none; none includes what the vectors had before. */
static int msi_set_block(struct vfio_irqs *irqs, const struct irq_request *req)
{
	unsigned int index = req->hdr.index;

	for (uint32_t i = 0; i < req->hdr.count; i++) {
		int ret = msi_set_vector(irqs, index, req->hdr.start + i,
					 req->fds[i]);

		if (!ret)
			continue;
		for (uint32_t j = 0; j <= i; j++)
			vfio_irq_replace(irqs, index, req->hdr.start + j, NULL);
		return ret;
	}
	return 0;
}

static int msi_set_eventfds(struct vfio_irqs *irqs,
			    const struct irq_request *req)
{
	int ret;

	if (irqs->active == (int)req->hdr.index)
		return msi_set_block(irqs, req);
	/* What the kernel's PCI code says to an enable with no vector. */
	if (!req->hdr.start && !req->hdr.count)
		return -ERANGE;
	activate(irqs, req->hdr.index, req->hdr.start + req->hdr.count);
	ret = msi_set_block(irqs, req);
	if (ret)
		vfio_irq_disable_active(irqs);
	return ret;
}

static int msi_trigger(struct vfio_irqs *irqs, const struct irq_request *req)
{
	unsigned int index = req->hdr.index;
	bool active = irqs->active == (int)index;

	if (active && !req->hdr.count && is_none(req)) {
		vfio_irq_disable_active(irqs);
		return 0;
	}
	if (!active && irqs->active != VFIO_IRQ_NONE)
		return -EINVAL;
	if (is_eventfd(req))
		return msi_set_eventfds(irqs, req);
	if (!active)
		return -EINVAL;
	for (uint32_t i = 0; i < req->hdr.count; i++)
		if (chosen(req, i))
			vfio_irq_signal(irqs, index, req->hdr.start + i);
	return 0;
}

static int single_set_eventfd(struct vfio_irqs *irqs, unsigned int index,
			      int fd)
{
	struct vfio_eventfd *eventfd = NULL;
	int ret;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		ret = get_eventfd(fd, &eventfd);
		if (ret)
			return ret;
	}
	vfio_irq_replace(irqs, index, 0, eventfd);
	return 0;
}

/* vfio_pci_set_ctx_trigger_single(): count 0 takes the eventfd away. */
static int single_trigger(struct vfio_irqs *irqs, const struct irq_request *req)
{
	unsigned int index = req->hdr.index;

	if (req->hdr.start || req->hdr.count > 1)
		return -EINVAL;
	if (is_none(req)) {
		if (!irqs->triggers[index][0])
			return -EINVAL;
		if (req->hdr.count)
			vfio_irq_signal(irqs, index, 0);
		else
			vfio_irq_replace(irqs, index, 0, NULL);
		return 0;
	}
	if (!req->hdr.count)
		return -EINVAL;
	if (is_eventfd(req))
		return single_set_eventfd(irqs, index, req->fds[0]);
	if (req->bools[0])
		vfio_irq_signal(irqs, index, 0);
	return 0;
}

/* vfio_pci_set_irqs_ioctl(): exactly one action, and one that exists. */
static int dispatch(struct vfio_irqs *irqs, const struct irq_request *req)
{
	uint32_t kind = irqs->type->irqs[req->hdr.index].kind;
	bool mask = action(req) == VFIO_IRQ_SET_ACTION_MASK ||
		    action(req) == VFIO_IRQ_SET_ACTION_UNMASK;

	if (kind == VFIOD_IRQ_INTX && mask)
		return intx_mask(irqs, req);
	if (action(req) != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -ENOTTY;
	switch (kind) {
	case VFIOD_IRQ_INTX:
		return intx_trigger(irqs, req);
	case VFIOD_IRQ_MSI:
		return msi_trigger(irqs, req);
	default:
		return single_trigger(irqs, req);
	}
}

static int read_request(const struct vfiod_type *type, uint64_t arg,
			struct irq_request *req)
{
	const struct vfiod_irq *irq;
	size_t size;
	int ret;

	if (vfio_copy_from_user(&req->hdr, arg, IRQ_SET_MINSZ))
		return -EFAULT;
	irq = req->hdr.index < type->nr_irqs ? &type->irqs[req->hdr.index] :
					       NULL;
	ret = vfiod_set_irqs_validate(&req->hdr,
				      irq && !irq->absent ? irq->count : 0,
				      type->nr_irqs, &size);
	if (ret || !size)
		return ret;
	req->data = malloc(size);
	if (!req->data)
		return -ENOMEM;
	return vfio_copy_from_user(req->data, arg + IRQ_SET_MINSZ, size);
}

int vfio_irqs_set(struct vfio_irqs *irqs, uint64_t arg)
{
	struct irq_request req = { .data = NULL };
	int ret;

	ret = read_request(irqs->type, arg, &req);
	if (!ret) {
		pthread_mutex_lock(&irqs->set_lock);
		ret = dispatch(irqs, &req);
		pthread_mutex_unlock(&irqs->set_lock);
	}
	free(req.data);
	return ret;
}

int vfiod_set_irqs_validate(const struct vfio_irq_set *hdr,
			    unsigned int num_irqs, unsigned int max_index,
			    size_t *data_size)
{
	size_t each;

	if (hdr->argsz < IRQ_SET_MINSZ || hdr->index >= max_index ||
	    hdr->count >= UINT32_MAX - hdr->start ||
	    (hdr->flags &
	     ~(VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK)))
		return -EINVAL;
	*data_size = 0;
	if (hdr->start >= num_irqs || hdr->start + hdr->count > num_irqs)
		return -EINVAL;
	switch (hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		each = 0;
		break;
	case VFIO_IRQ_SET_DATA_BOOL:
		each = sizeof(uint8_t);
		break;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		each = sizeof(int32_t);
		break;
	default:
		return -EINVAL;
	}
	if ((hdr->argsz - IRQ_SET_MINSZ) / (each ? each : 1) < hdr->count &&
	    each)
		return -EINVAL;
	*data_size = each * hdr->count;
	return 0;
}
