/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the channel subsystem of z/Architecture lays down: numbers, and the
 * structures in guest memory and in the I/O region, which are big-endian.
 */
#ifndef MDEVS_CCW_CHANNEL_H
#define MDEVS_CCW_CHANNEL_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Flags of a channel command word (CCW). */
#define CCW_FLAG_DC 0x80 /* data chaining */
#define CCW_FLAG_CC 0x40 /* command chaining */
#define CCW_FLAG_SLI 0x20 /* suppress incorrect length */
#define CCW_FLAG_SKIP 0x10
#define CCW_FLAG_IDA 0x04 /* indirect data addressing */
#define CCW_FLAG_SUSPEND 0x02

/* Commands that any device has. */
#define CCW_CMD_NOP 0x03
#define CCW_CMD_SENSE 0x04
#define CCW_CMD_TIC 0x08 /* transfer in channel: the channel's own */
#define CCW_CMD_RDC 0x64 /* read device characteristics */
#define CCW_CMD_SENSE_ID 0xe4

#define CCW_SIZE 8U

/* Fields of the subchannel-status word (SCSW). */
#define SCSW_SIZE 12
#define SCSW_FCTL_START 0x4
#define SCSW_FCTL_HALT 0x2
#define SCSW_FCTL_CLEAR 0x1
#define SCSW_ACTL_DEVACT 0x02
#define SCSW_ACTL_SCHACT 0x04
#define SCSW_STCTL_PENDING 0x01
#define SCSW_STCTL_SECONDARY 0x02
#define SCSW_STCTL_PRIMARY 0x04
#define SCSW_STCTL_ALERT 0x10

/* Device status. */
#define DSTAT_CHANNEL_END 0x08
#define DSTAT_DEVICE_END 0x04
#define DSTAT_UNIT_CHECK 0x02

/* Subchannel status. */
#define CSTAT_INCORRECT_LENGTH 0x40
#define CSTAT_PROGRAM_CHECK 0x20
#define CSTAT_DATA_CHECK 0x08

static inline uint16_t get_be16(const uint8_t *from)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return be16toh(value);
}

static inline uint32_t get_be32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return be32toh(value);
}

static inline uint64_t get_be64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return be64toh(value);
}

static inline void put_be16(uint8_t *to, uint16_t value)
{
	value = htobe16(value);
	memcpy(to, &value, sizeof(value));
}

static inline void put_be32(uint8_t *to, uint32_t value)
{
	value = htobe32(value);
	memcpy(to, &value, sizeof(value));
}

/* An operation-request block (ORB), as far as it is of use here. */
struct orb {
	bool transport; /* mode, which vfio-ccw does not do */
	bool format1; /* of the CCWs */
	bool prefetch;
	bool idaw64; /* format-2 IDAWs, of 8 bytes */
	bool idaw2k; /* which stand for 2 KiB each */
	uint8_t key;
	uint32_t cpa; /* where the channel program is */
};

static inline struct orb orb_parse(const uint8_t *area)
{
	return (struct orb){
		.transport = area[5] & 0x04,
		.format1 = area[5] & 0x80,
		.prefetch = area[5] & 0x40,
		.idaw64 = area[5] & 0x02,
		.idaw2k = area[5] & 0x01,
		.key = area[4] >> 4,
		.cpa = get_be32(area + 8),
	};
}

/* A subchannel-status word. */
struct scsw {
	uint8_t key;
	bool prefetch;
	uint8_t fctl;
	uint8_t actl;
	uint8_t stctl;
	uint8_t dstat;
	uint8_t cstat;
	uint16_t count; /* residual */
	uint32_t cpa;
};

static inline uint8_t scsw_fctl(const uint8_t *area)
{
	return area[2] >> 4 & 7;
}

/* CCWs are always said to be format 1: the others are made so. */
static inline void scsw_store(const struct scsw *scsw, uint8_t *area)
{
	area[0] = (uint8_t)(scsw->key << 4);
	area[1] = scsw->prefetch ? 0xc0 : 0x80;
	put_be16(area + 2,
		 (uint16_t)(scsw->fctl << 12 | scsw->actl << 5 | scsw->stctl));
	put_be32(area + 4, scsw->cpa);
	area[8] = scsw->dstat;
	area[9] = scsw->cstat;
	put_be16(area + 10, scsw->count);
}

#endif
