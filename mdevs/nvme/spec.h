/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What NVM Express Base Specification 1.4 lays down, as far as it is used
 * here. All is little-endian, as are the machines that vfiod runs on.
 */
#ifndef MDEVS_NVME_SPEC_H
#define MDEVS_NVME_SPEC_H

#include <stdint.h>

/* Registers: byte offsets in BAR 0. */
#define REG_CAP 0x00 /* 8 bytes */
#define REG_VS 0x08
#define REG_INTMS 0x0c
#define REG_INTMC 0x10
#define REG_CC 0x14
#define REG_CSTS 0x1c
#define REG_AQA 0x24
#define REG_ASQ 0x28 /* 8 bytes */
#define REG_ACQ 0x30 /* 8 bytes */
#define REG_DOORBELLS 0x1000

#define VERSION_1_4 0x00010400U

#define CAP_CQR (1ULL << 16)
#define CAP_TO_SHIFT 24 /* in units of 500 ms */
#define CAP_CSS_NVM (1ULL << 37)
#define CAP_MPSMAX_SHIFT 52

#define CC_EN 0x1U
#define CC_CSS(cc) ((cc) >> 4 & 0x7)
#define CC_MPS(cc) ((cc) >> 7 & 0xf)
#define CC_AMS(cc) ((cc) >> 11 & 0x7)
#define CC_SHN(cc) ((cc) >> 14 & 0x3)
#define CC_IOSQES(cc) ((cc) >> 16 & 0xf)
#define CC_IOCQES(cc) ((cc) >> 20 & 0xf)

#define CSTS_RDY 0x1U
#define CSTS_CFS 0x2U
#define CSTS_SHST_DONE 0x8U

#define SQES 6 /* entries of 1 << 6 bytes */
#define CQES 4

struct nvme_cmd {
	uint8_t opcode;
	uint8_t flags; /* FUSE 1:0, PSDT 7:6 */
	uint16_t cid;
	uint32_t nsid;
	uint32_t cdw2;
	uint32_t cdw3;
	uint64_t mptr;
	uint64_t prp1;
	uint64_t prp2;
	uint32_t cdw10;
	uint32_t cdw11;
	uint32_t cdw12;
	uint32_t cdw13;
	uint32_t cdw14;
	uint32_t cdw15;
};

_Static_assert(sizeof(struct nvme_cmd) == 1 << SQES, "");

#define CMD_FUSE 0x03
#define CMD_PSDT 0xc0

struct nvme_cqe {
	uint32_t result;
	uint32_t reserved;
	uint16_t sq_head;
	uint16_t sq_id;
	uint16_t cid;
	uint16_t status; /* bit 0: phase */
};

_Static_assert(sizeof(struct nvme_cqe) == 1 << CQES, "");

/* Status: SC 7:0, SCT 10:8, DNR 14; a completion has it shifted by one. */
#define DNR 0x4000U
#define SUCCESS 0x0000U
#define INVALID_OPCODE (DNR | 0x01)
#define INVALID_FIELD (DNR | 0x02)
#define DATA_TRANSFER_ERROR 0x04U
#define ABORT_REQUESTED 0x07U
#define INVALID_NAMESPACE (DNR | 0x0b)
#define SEQUENCE_ERROR (DNR | 0x0c)
#define PRP_OFFSET_INVALID (DNR | 0x13)
#define WRITE_PROTECTED (DNR | 0x20)
#define LBA_OUT_OF_RANGE (DNR | 0x80)
#define CAPACITY_EXCEEDED (DNR | 0x81)
#define CQ_INVALID (DNR | 0x100)
#define INVALID_QID (DNR | 0x101)
#define INVALID_QUEUE_SIZE (DNR | 0x102)
#define TOO_MANY_EVENT_REQUESTS (DNR | 0x105)
#define INVALID_VECTOR (DNR | 0x108)
#define INVALID_LOG_PAGE (DNR | 0x109)
#define INVALID_QUEUE_DELETION (DNR | 0x10c)
#define NOT_SAVEABLE (DNR | 0x10d)
#define NOT_NAMESPACE_SPECIFIC (DNR | 0x10f)
#define WRITE_FAULT 0x280U
#define READ_ERROR 0x281U
#define COMPARE_FAILURE (DNR | 0x285)

enum nvme_admin_opcode {
	ADMIN_DELETE_SQ = 0x00,
	ADMIN_CREATE_SQ = 0x01,
	ADMIN_GET_LOG_PAGE = 0x02,
	ADMIN_DELETE_CQ = 0x04,
	ADMIN_CREATE_CQ = 0x05,
	ADMIN_IDENTIFY = 0x06,
	ADMIN_ABORT = 0x08,
	ADMIN_SET_FEATURES = 0x09,
	ADMIN_GET_FEATURES = 0x0a,
	ADMIN_ASYNC_EVENT = 0x0c,
};

enum nvme_io_opcode {
	IO_FLUSH = 0x00,
	IO_WRITE = 0x01,
	IO_READ = 0x02,
	IO_COMPARE = 0x05,
	IO_WRITE_ZEROES = 0x08,
	IO_DSM = 0x09,
};

#define QUEUE_PC 0x1U /* cdw11 of both creations: physically contiguous */
#define CQ_IEN 0x2U

#define RW_FUA (1U << 30) /* cdw12 */
#define DSM_DEALLOCATE (1U << 2) /* cdw11 */

struct nvme_dsm_range {
	uint32_t attributes;
	uint32_t blocks;
	uint64_t slba;
};

enum nvme_cns {
	CNS_NAMESPACE = 0x00,
	CNS_CONTROLLER = 0x01,
	CNS_ACTIVE_NAMESPACES = 0x02,
	CNS_NAMESPACE_IDS = 0x03,
};

#define IDENTIFY_BYTES 4096
#define NSID_ALL UINT32_MAX

enum nvme_feature {
	FEATURE_ARBITRATION = 0x01,
	FEATURE_POWER = 0x02,
	FEATURE_TEMPERATURE = 0x04,
	FEATURE_ERROR_RECOVERY = 0x05,
	FEATURE_WRITE_CACHE = 0x06,
	FEATURE_QUEUES = 0x07,
	FEATURE_COALESCING = 0x08,
	FEATURE_VECTOR = 0x09,
	FEATURE_ATOMICITY = 0x0a,
	FEATURE_ASYNC_EVENTS = 0x0b,
};

#define FEATURE_SAVE (1U << 31) /* cdw10 of Set Features */
#define FEATURE_SEL(cdw10) ((cdw10) >> 8 & 0x7)
#define SEL_CURRENT 0
#define SEL_DEFAULT 1
#define SEL_SAVED 2
#define SEL_CAPABILITIES 3
#define FEATURE_PER_NAMESPACE 0x2U /* of the capabilities */
#define FEATURE_CHANGEABLE 0x4U

enum nvme_log_page {
	LOG_ERRORS = 0x01,
	LOG_SMART = 0x02,
	LOG_FIRMWARE = 0x03,
	LOG_COMMANDS = 0x05,
};

#define LOG_RETAIN_EVENT (1U << 15) /* cdw10 */

struct nvme_error_entry {
	uint64_t count;
	uint16_t sq_id;
	uint16_t cid;
	uint16_t status;
	uint16_t parameter;
	uint64_t lba;
	uint32_t nsid;
	uint8_t vendor;
	uint8_t transport;
	uint8_t reserved[34];
};

_Static_assert(sizeof(struct nvme_error_entry) == 64, "");

/* Asynchronous events: type, and what an event of it says more. */
enum nvme_event_type {
	EVENT_ERROR = 0,
	EVENT_SMART = 1,
	EVENT_TYPES = 2,
};

#define ERROR_INVALID_DOORBELL 0x00
#define ERROR_INVALID_DOORBELL_VALUE 0x01
#define SMART_TEMPERATURE 0x01
#define WARNING_TEMPERATURE 0x02 /* SMART's critical warnings, bit 1 */

#endif
