// SPDX-License-Identifier: BSD-3-Clause
/* The registers. */
#include <string.h>

#include "edu.h"

#define VERSION_1_0 0x010000edU

void edu_raise(struct edu *edu, uint32_t bits)
{
	edu->irq_status |= bits;
	if (edu->irq_status && !vfiod_pci_interrupt(edu->vdev, 0))
		vfiod_irq_line(edu->vdev, VFIO_PCI_INTX_IRQ_INDEX, true);
}

static void acknowledge(struct edu *edu, uint32_t bits)
{
	edu->irq_status &= ~bits;
	if (!edu->irq_status)
		vfiod_irq_line(edu->vdev, VFIO_PCI_INTX_IRQ_INDEX, false);
}

static uint64_t read_locked(const struct edu *edu, uint64_t offset)
{
	switch (offset) {
	case EDU_ID:
		return VERSION_1_0;
	case EDU_LIVE:
		return edu->live;
	case EDU_FACTORIAL:
		return edu->factorial;
	case EDU_STATUS:
		return edu->status;
	case EDU_IRQ_STATUS:
		return edu->irq_status;
	case EDU_DMA_SOURCE:
		return edu->source;
	case EDU_DMA_TARGET:
		return edu->target;
	case EDU_DMA_COUNT:
		return edu->count;
	case EDU_DMA_COMMAND:
		return edu->command;
	default:
		return ~0ULL;
	}
}

uint64_t edu_read(struct edu *edu, uint64_t offset)
{
	uint64_t value;

	pthread_mutex_lock(&edu->lock);
	value = read_locked(edu, offset);
	pthread_mutex_unlock(&edu->lock);
	return value;
}

/* A computation or a transfer that runs keeps what it was given. */
static void start_factorial(struct edu *edu, uint32_t value)
{
	if (edu->status & EDU_STATUS_COMPUTING)
		return;
	edu->factorial = value;
	edu->status |= EDU_STATUS_COMPUTING;
	vfiod_timer_arm(edu->compute, 0);
}

static void set_dma(struct edu *edu, uint64_t *reg, uint64_t value)
{
	if (!(edu->command & EDU_DMA_START))
		*reg = value;
}

static void start_dma(struct edu *edu, uint64_t command)
{
	if (edu->command & EDU_DMA_START || !(command & EDU_DMA_START))
		return;
	edu->command = command;
	vfiod_timer_arm(edu->transfer, 0);
}

static void write_locked(struct edu *edu, uint64_t offset, uint64_t value)
{
	switch (offset) {
	case EDU_LIVE:
		edu->live = ~value;
		break;
	case EDU_FACTORIAL:
		start_factorial(edu, value);
		break;
	case EDU_STATUS:
		edu->status &= ~EDU_STATUS_IRQ;
		edu->status |= value & EDU_STATUS_IRQ;
		break;
	case EDU_IRQ_RAISE:
		edu_raise(edu, value);
		break;
	case EDU_IRQ_ACK:
		acknowledge(edu, value);
		break;
	case EDU_DMA_SOURCE:
		set_dma(edu, &edu->source, value);
		break;
	case EDU_DMA_TARGET:
		set_dma(edu, &edu->target, value);
		break;
	case EDU_DMA_COUNT:
		set_dma(edu, &edu->count, value);
		break;
	case EDU_DMA_COMMAND:
		start_dma(edu, value);
		break;
	}
}

void edu_write(struct edu *edu, uint64_t offset, uint64_t value)
{
	pthread_mutex_lock(&edu->lock);
	write_locked(edu, offset, value);
	pthread_mutex_unlock(&edu->lock);
}

void edu_config_access(struct edu *edu, uint64_t offset, void *buf,
		       unsigned int len, bool write)
{
	pthread_mutex_lock(&edu->lock);
	if (write)
		memcpy(edu->config + offset, buf, len);
	else
		memcpy(buf, edu->config + offset, len);
	pthread_mutex_unlock(&edu->lock);
}
