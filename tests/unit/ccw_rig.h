/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ccw device, open, with a disk of RIG_BLOCKS blocks in an unlinked file,
 * and memory to put channel programs into.
 */
#ifndef TESTS_UNIT_CCW_RIG_H
#define TESTS_UNIT_CCW_RIG_H

#include <check.h>

#include <vfiod/plugin.h>

#include "../../mdevs/ccw/channel.h"
#include "fake_dma.h"
#include "fake_services.h"
#include "fake_timer.h"

#define RIG_BLOCKS 64
#define BLOCK 512

/* Where tests put things: programs, orders to the disk, data. */
#define PROGRAM (FAKE_DMA_BASE + 0x0000)
#define PROGRAM2 (FAKE_DMA_BASE + 0x1000)
#define ORDERS (FAKE_DMA_BASE + 0x2000)
#define IDAL (FAKE_DMA_BASE + 0x3000)
#define DATA (FAKE_DMA_BASE + 0x8000)

/* Flags in byte 5 of an ORB. */
#define FORMAT1 0x80
#define IDAW64 0x02
#define IDAW2K 0x01
#define TRANSPORT 0x04

#define CC CCW_FLAG_CC
#define DC CCW_FLAG_DC
#define SLI CCW_FLAG_SLI
#define SKIP CCW_FLAG_SKIP
#define IDA CCW_FLAG_IDA

enum {
	NOP = CCW_CMD_NOP,
	SENSE = CCW_CMD_SENSE,
	TIC = CCW_CMD_TIC,
	WRITE = 0x41,
	READ = 0x42,
	LOCATE = 0x43,
	DEFINE_EXTENT = 0x63,
	RDC = CCW_CMD_RDC,
	SENSE_ID = CCW_CMD_SENSE_ID,
};

struct ccw_rig {
	const struct vfiod_plugin *plugin;
	struct vfio_device *vdev;
	int disk; /* an fd of the file */
	uint64_t next; /* where the next CCW goes */
	int io_irq; /* eventfd */
};

extern struct ccw_rig rig;

void ccw_rig_setup(void);
/* Closes the device: no pin, eventfd or timer may be left. */
void ccw_rig_teardown(void);

/* Put CCWs from @iova on; then one after the other. */
void at(uint64_t iova);
void ccw1(uint8_t cmd, uint8_t flags, uint16_t count, uint32_t cda);
void ccw0(uint8_t cmd, uint8_t flags, uint16_t count, uint32_t cda);
/* DEFINE EXTENT of the whole disk, and LOCATE of @nr blocks from @block on;
 * @command is READ or WRITE. */
void locate(uint8_t command, uint32_t block, uint16_t nr);
void put32(uint64_t iova, uint32_t value);
void put64(uint64_t iova, uint64_t value);

/* START the program at @iova: 0 or the errno. */
int start(uint64_t iova, uint8_t orb_flags);
/* HALT, CLEAR by the async region, likewise. */
int async_command(uint32_t command);
/* Let the device run until an I/O interrupt comes. */
struct scsw finish(void);
/* The same, of the program that begins at PROGRAM; START must not fail. */
struct scsw run(uint8_t orb_flags);
/* The status that the I/O region holds. */
struct scsw last_status(void);

/* CE and DE, nothing else, and the address behind the last CCW. */
#define assert_good(status) \
	assert_status(status, DSTAT_CHANNEL_END | DSTAT_DEVICE_END, 0)
#define assert_status(status, dstat_, cstat_)               \
	do {                                                \
		struct scsw status_ = (status);             \
		ck_assert_uint_eq(status_.dstat, (dstat_)); \
		ck_assert_uint_eq(status_.cstat, (cstat_)); \
		ck_assert_uint_eq(fake_dma_pins(), 0);      \
	} while (0)

/* The disk holds byte i % 251 at i; so do these @n bytes from @from on. */
void assert_disk_bytes(const void *bytes, size_t from, size_t n);

#endif
