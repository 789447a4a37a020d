// SPDX-License-Identifier: BSD-3-Clause
#include <stddef.h>
#include <string.h>

#include "model_irq.h"

#define RESIZABLE VFIO_IRQ_INFO_EVENTFD
#define FIXED (VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE)
#define LEVEL                                             \
	(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | \
	 VFIO_IRQ_INFO_AUTOMASKED)

static const struct vfiod_irq irqs[NR_IRQS] = {
	[INTX] = { .count = 1, .flags = LEVEL, .kind = VFIOD_IRQ_INTX },
	[MSI] = { .count = 4, .flags = FIXED, .kind = VFIOD_IRQ_MSI },
	[MSIX] = { .count = 8, .flags = RESIZABLE, .kind = VFIOD_IRQ_MSI },
	[ERR] = { .count = 1, .flags = FIXED, .kind = VFIOD_IRQ_SIGNAL },
	[REQ] = { .count = 1, .flags = FIXED, .kind = VFIOD_IRQ_SIGNAL },
	[EMPTY] = { .count = 0, .flags = FIXED, .kind = VFIOD_IRQ_MSI },
	[ABSENT] = { .count = 1, .kind = VFIOD_IRQ_SIGNAL, .absent = 1 },
};

static const struct vfiod_type irq_type = {
	.name = "1",
	.nr_irqs = NR_IRQS,
	.irqs = irqs,
};

void irq_setup(struct irq_rig *r)
{
	model_ready(&r->m, &model_plugin, &irq_type);
	for (int i = 0; i < IRQ_EVENTFDS; i++) {
		r->eventfds[i] = host_eventfd_create();
		r->fds[i] =
			host_client_add_eventfd(&r->m.client, r->eventfds[i]);
	}
	r->other_fd = host_client_add_other(&r->m.client);
}

void irq_teardown(struct irq_rig *r)
{
	model_teardown(&r->m);
	for (int i = 0; i < IRQ_EVENTFDS; i++)
		host_eventfd_destroy(r->eventfds[i]);
}

static size_t data_size(uint32_t flags, uint32_t count)
{
	if (flags & FDS)
		return count * sizeof(int32_t);
	return flags & BOOL ? count : 0;
}

int irq_set_at(struct vfio_device_file *file, uint64_t at,
	       const struct vfio_irq_set *header, const void *data)
{
	size_t head = offsetof(struct vfio_irq_set, data);
	size_t size = data_size(header->flags, header->count);
	struct vfio_irq_set with_size = *header;

	with_size.argsz = head + size;
	ck_assert_int_eq(vfio_copy_to_user(at, &with_size, head), 0);
	if (size)
		ck_assert_int_eq(vfio_copy_to_user(at + head, data, size), 0);
	return vfio_device_file_ioctl(file, VFIO_DEVICE_SET_IRQS, at);
}

int irq_set(struct irq_rig *r, uint32_t index, uint32_t flags, uint32_t start,
	    uint32_t count, const void *data)
{
	const struct vfio_irq_set header = {
		.flags = flags,
		.index = index,
		.start = start,
		.count = count,
	};

	return irq_set_at(r->m.devs[0].file, r->m.args, &header, data);
}

int irq_fd(struct irq_rig *r, uint32_t index, int fd)
{
	return irq_set(r, index, FDS | TRIGGER, 0, 1, &fd);
}

int irq_off(struct irq_rig *r, uint32_t index)
{
	return irq_set(r, index, NONE | TRIGGER, 0, 0, NULL);
}

int irq_trigger(struct irq_rig *r, uint32_t index, uint32_t vector)
{
	return vfiod_irq_trigger(r->m.devs[0].vdev, index, vector);
}

int irq_line(struct irq_rig *r, bool up)
{
	return vfiod_irq_line(r->m.devs[0].vdev, INTX, up);
}

uint64_t irq_came(struct irq_rig *r, int i)
{
	return host_eventfd_read(r->eventfds[i]);
}

unsigned int irq_refs(struct irq_rig *r, int i)
{
	return host_eventfd_refs(r->eventfds[i]);
}
