// SPDX-License-Identifier: BSD-3-Clause
/* The interrupts of a device: their life and their delivery. */
#include <errno.h>
#include <stdlib.h>

#include "device.h"
#include "irq_state.h"

static void free_triggers(struct vfio_irqs *irqs)
{
	for (unsigned int i = 0; i < irqs->type->nr_irqs; i++)
		free(irqs->triggers[i]);
	free(irqs->triggers);
}

static int alloc_triggers(struct vfio_irqs *irqs)
{
	const struct vfiod_type *type = irqs->type;

	irqs->triggers = calloc(type->nr_irqs + 1, sizeof(*irqs->triggers));
	if (!irqs->triggers)
		return -ENOMEM;
	for (unsigned int i = 0; i < type->nr_irqs; i++) {
		irqs->triggers[i] = calloc(type->irqs[i].count + 1UL,
					   sizeof(**irqs->triggers));
		if (!irqs->triggers[i]) {
			free_triggers(irqs);
			return -ENOMEM;
		}
	}
	return 0;
}

struct vfio_irqs *vfio_irqs_create(const struct vfio_device *vdev)
{
	struct vfio_irqs *irqs = calloc(1, sizeof(*irqs));

	if (!irqs)
		return NULL;
	irqs->type = vdev->type;
	irqs->active = VFIO_IRQ_NONE;
	if (alloc_triggers(irqs)) {
		free(irqs);
		return NULL;
	}
	pthread_mutex_init(&irqs->set_lock, NULL);
	pthread_mutex_init(&irqs->lock, NULL);
	return irqs;
}

void vfio_irqs_destroy(struct vfio_irqs *irqs)
{
	vfio_irqs_disable(irqs);
	free_triggers(irqs);
	pthread_mutex_destroy(&irqs->set_lock);
	pthread_mutex_destroy(&irqs->lock);
	free(irqs);
}

void vfio_irq_replace(struct vfio_irqs *irqs, unsigned int index,
		      unsigned int vector, struct vfio_eventfd *eventfd)
{
	struct vfio_eventfd *old;

	pthread_mutex_lock(&irqs->lock);
	old = irqs->triggers[index][vector];
	irqs->triggers[index][vector] = eventfd;
	pthread_mutex_unlock(&irqs->lock);
	vfio_eventfd_put(old);
}

static bool signal_locked(struct vfio_irqs *irqs, unsigned int index,
			  unsigned int vector)
{
	struct vfio_eventfd *eventfd = irqs->triggers[index][vector];

	if (!eventfd)
		return false;
	eventfd->ops->signal(eventfd);
	return true;
}

bool vfio_irq_signal(struct vfio_irqs *irqs, unsigned int index,
		     unsigned int vector)
{
	bool ret;

	pthread_mutex_lock(&irqs->lock);
	ret = signal_locked(irqs, index, vector);
	pthread_mutex_unlock(&irqs->lock);
	return ret;
}

void vfio_irq_disable_active(struct vfio_irqs *irqs)
{
	int index = irqs->active;

	if (irqs->unmask) {
		irqs->unmask->ops->unwatch(irqs->unmask);
		vfio_eventfd_put(irqs->unmask);
		irqs->unmask = NULL;
	}
	if (index == VFIO_IRQ_NONE)
		return;
	for (unsigned int i = 0; i < irqs->type->irqs[index].count; i++)
		vfio_irq_replace(irqs, index, i, NULL);
	pthread_mutex_lock(&irqs->lock);
	irqs->active = VFIO_IRQ_NONE;
	irqs->nr_vectors = 0;
	irqs->masked = false;
	pthread_mutex_unlock(&irqs->lock);
}

void vfio_irqs_disable(struct vfio_irqs *irqs)
{
	pthread_mutex_lock(&irqs->set_lock);
	vfio_irq_disable_active(irqs);
	for (unsigned int i = 0; i < irqs->type->nr_irqs; i++)
		for (unsigned int v = 0; v < irqs->type->irqs[i].count; v++)
			vfio_irq_replace(irqs, i, v, NULL);
	pthread_mutex_unlock(&irqs->set_lock);
}

/* vfio_intx_handler(): deliver, and mask until the client has looked. */
static bool deliver_intx(struct vfio_irqs *irqs, unsigned int index)
{
	if (irqs->active != (int)index || irqs->masked)
		return false;
	irqs->masked = true;
	return signal_locked(irqs, index, 0);
}

void vfio_irq_mask(struct vfio_irqs *irqs)
{
	pthread_mutex_lock(&irqs->lock);
	irqs->masked = true;
	pthread_mutex_unlock(&irqs->lock);
}

static bool is_intx(const struct vfio_irqs *irqs)
{
	return irqs->active != VFIO_IRQ_NONE &&
	       irqs->type->irqs[irqs->active].kind == VFIOD_IRQ_INTX;
}

static void unmask_locked(struct vfio_irqs *irqs)
{
	if (irqs->intx_disabled)
		return;
	irqs->masked = false;
	if (irqs->line && is_intx(irqs))
		deliver_intx(irqs, irqs->active);
}

void vfio_irq_unmask(struct vfio_irqs *irqs)
{
	pthread_mutex_lock(&irqs->lock);
	unmask_locked(irqs);
	pthread_mutex_unlock(&irqs->lock);
}

/* vfio_basic_config_write(): as a mask and an unmask by the client. */
void vfio_irqs_disable_intx(struct vfio_irqs *irqs, bool disabled)
{
	pthread_mutex_lock(&irqs->lock);
	irqs->intx_disabled = disabled;
	if (disabled)
		irqs->masked = true;
	else
		unmask_locked(irqs);
	pthread_mutex_unlock(&irqs->lock);
}

bool vfio_irqs_mask_intx(struct vfio_irqs *irqs)
{
	bool changes;

	pthread_mutex_lock(&irqs->lock);
	changes = is_intx(irqs) && !irqs->masked;
	if (changes)
		irqs->masked = true;
	pthread_mutex_unlock(&irqs->lock);
	return changes;
}

void vfio_irqs_unmask_intx(struct vfio_irqs *irqs)
{
	vfio_irq_unmask(irqs);
}

unsigned int vfio_irqs_vectors(struct vfio_irqs *irqs, unsigned int index)
{
	unsigned int nr = 0;

	pthread_mutex_lock(&irqs->lock);
	if (irqs->active == (int)index)
		nr = irqs->nr_vectors;
	pthread_mutex_unlock(&irqs->lock);
	return nr;
}

void vfio_irqs_disable_messages(struct vfio_irqs *irqs, bool disabled)
{
	pthread_mutex_lock(&irqs->lock);
	irqs->messages_off = disabled;
	pthread_mutex_unlock(&irqs->lock);
}

bool vfio_irqs_sends(struct vfio_irqs *irqs, unsigned int index)
{
	bool ret;

	pthread_mutex_lock(&irqs->lock);
	ret = irqs->active == (int)index && !irqs->messages_off;
	pthread_mutex_unlock(&irqs->lock);
	return ret;
}

bool vfio_irqs_line_is_up(struct vfio_irqs *irqs)
{
	bool ret;

	pthread_mutex_lock(&irqs->lock);
	ret = irqs->line;
	pthread_mutex_unlock(&irqs->lock);
	return ret;
}

static const struct vfiod_irq *find(struct vfio_irqs *irqs, unsigned int index)
{
	return index < irqs->type->nr_irqs ? &irqs->type->irqs[index] : NULL;
}

int vfio_irqs_trigger(struct vfio_irqs *irqs, unsigned int index,
		      unsigned int vector)
{
	const struct vfiod_irq *irq = find(irqs, index);
	bool ret;

	if (!irq || vector >= irq->count)
		return -EINVAL;
	pthread_mutex_lock(&irqs->lock);
	if (irq->kind == VFIOD_IRQ_INTX)
		ret = deliver_intx(irqs, index);
	else
		ret = signal_locked(irqs, index, vector);
	pthread_mutex_unlock(&irqs->lock);
	return ret;
}

int vfio_irqs_line(struct vfio_irqs *irqs, unsigned int index, bool up)
{
	const struct vfiod_irq *irq = find(irqs, index);
	bool ret = false;

	if (!irq || irq->kind != VFIOD_IRQ_INTX)
		return -EINVAL;
	pthread_mutex_lock(&irqs->lock);
	irqs->line = up;
	if (up)
		ret = deliver_intx(irqs, index);
	pthread_mutex_unlock(&irqs->lock);
	return ret;
}
