/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MDEVS_EDU_H
#define MDEVS_EDU_H

#include <pthread.h>

#include <vfiod/pci.h>

#define EDU_BAR_SIZE 0x100000
#define EDU_BUFFER 0x40000 /* where a transfer finds the device's memory */
#define EDU_BUFFER_SIZE 4096

/* The registers in BAR 0. */
#define EDU_ID 0x00
#define EDU_LIVE 0x04
#define EDU_FACTORIAL 0x08
#define EDU_STATUS 0x20
#define EDU_IRQ_STATUS 0x24
#define EDU_IRQ_RAISE 0x60
#define EDU_IRQ_ACK 0x64
#define EDU_DMA_SOURCE 0x80
#define EDU_DMA_TARGET 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_COMMAND 0x98

#define EDU_STATUS_COMPUTING 0x01
#define EDU_STATUS_IRQ 0x80 /* raise an interrupt after a factorial */
#define EDU_IRQ_FACTORIAL 0x001
#define EDU_IRQ_DMA 0x100
#define EDU_DMA_START 0x1
#define EDU_DMA_TO_MEMORY 0x2
#define EDU_DMA_IRQ 0x4

struct edu {
	struct vfio_device *vdev;
	struct vfiod_timer *compute; /* a factorial to be computed */
	struct vfiod_timer *transfer;
	/* Guards the rest; no service but irq_trigger is called with it. */
	pthread_mutex_t lock;
	uint32_t live;
	uint32_t factorial;
	uint32_t status;
	uint32_t irq_status;
	uint64_t source;
	uint64_t target;
	uint64_t count;
	uint64_t command;
	uint8_t buffer[EDU_BUFFER_SIZE];
	uint8_t config[256];
};

/* edu.c's registers: edu_regs.c. */
uint64_t edu_read(struct edu *edu, uint64_t offset);
void edu_write(struct edu *edu, uint64_t offset, uint64_t value);
/* Bytes of configuration space that can be written and read, no more. */
void edu_config_access(struct edu *edu, uint64_t offset, void *buf,
		       unsigned int len, bool write);
/* With lock held: the interrupt line, or the message. */
void edu_raise(struct edu *edu, uint32_t bits);

/* What takes time, on the device's thread: edu_work.c. */
int edu_work_init(struct edu *edu);
void edu_work_free(struct edu *edu);
void edu_work_stop(struct edu *edu);

#endif
