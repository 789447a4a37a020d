/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers and descriptors, and how registers in shared memory are used. */
#ifndef MDEVS_IOAT_REGS_H
#define MDEVS_IOAT_REGS_H

#include <stdbool.h>
#include <stdint.h>

#define CHANCNT 0x00 /* 8 bits: channels */
#define XFERCAP 0x01 /* 8: the largest transfer, as a power of two */
#define INTRCTRL 0x03 /* 8 */
#define ATTNSTATUS 0x04 /* 32: channels that have interrupted */
#define CBVER 0x08 /* 8: 4 bits major, 4 minor version */
#define DMACAPABILITY 0x10 /* 32 */
#define CHANCTRL 0x80 /* 16 */
#define CHANCMD 0x84 /* 8 */
#define DMACOUNT 0x86 /* 16: descriptors there are since CHAINADDR was set */
#define CHANSTS 0x88 /* 64: address of the last one done, and a state */
#define CHAINADDR 0x90 /* 64: the first descriptor */
#define CHANCMP 0x98 /* 64: where CHANSTS is written at completions */
#define CHANERR 0xa8 /* 32: written ones clear */
#define REGISTERS_END 0xb0

#define VERSION_3_4 0x34
#define XFERCAP_BITS 20
#define CAPABILITY_FILL 0x40

#define INTRCTRL_ENABLE 0x01
#define CHANCTRL_INT_REARM 0x0001
#define CHANCTRL_ERR_COMPLETION 0x0004
#define CHANCTRL_ERR_INT 0x0010
#define CHANCMD_SUSPEND 0x04
#define CHANCMD_RESET 0x20

#define CHANSTS_ACTIVE 0
#define CHANSTS_IDLE 1
#define CHANSTS_SUSPENDED 2
#define CHANSTS_HALTED 3
#define CHANSTS_ARMED 4

#define ERR_SOURCE 0x0001
#define ERR_DESTINATION 0x0002
#define ERR_NEXT 0x0004
#define ERR_NEXT_ALIGN 0x0008
#define ERR_CHAIN 0x0010
#define ERR_CONTROL 0x0400
#define ERR_LENGTH 0x0800
#define ERR_COMPLETION 0x1000

#define DESCRIPTOR_SIZE 64

/* A descriptor of a copy; a fill has its eight bytes in @source. */
struct descriptor {
	uint32_t size;
	uint32_t control;
	uint64_t source;
	uint64_t destination;
	uint64_t next;
	uint64_t reserved[4];
};

#define CONTROL_INT 0x01
#define CONTROL_COMPLETION 0x08 /* write CHANSTS to CHANCMP */
#define CONTROL_NULL 0x20 /* of copies: nothing is copied */
#define CONTROL_PAGE_BREAKS 0xc0
#define CONTROL_OP_SHIFT 24
#define OP_COPY 0
#define OP_FILL 1

#define REG_FUNCTIONS(bits)                                                  \
	static inline uint##bits##_t get##bits(const uint8_t *regs,          \
					       unsigned int reg)             \
	{                                                                    \
		return __atomic_load_n((const uint##bits##_t *)(regs + reg), \
				       __ATOMIC_ACQUIRE);                    \
	}                                                                    \
	static inline void set##bits(uint8_t *regs, unsigned int reg,        \
				     uint##bits##_t value)                   \
	{                                                                    \
		__atomic_store_n((uint##bits##_t *)(regs + reg), value,      \
				 __ATOMIC_RELEASE);                          \
	}                                                                    \
	/* Unless the client has stored something else meanwhile. */         \
	static inline void replace##bits(uint8_t *regs, unsigned int reg,    \
					 uint##bits##_t from,                \
					 uint##bits##_t to)                  \
	{                                                                    \
		__atomic_compare_exchange_n((uint##bits##_t *)(regs + reg),  \
					    &from, to, false,                \
					    __ATOMIC_ACQ_REL,                \
					    __ATOMIC_ACQUIRE);               \
	}

REG_FUNCTIONS(8)
REG_FUNCTIONS(16)
REG_FUNCTIONS(32)
REG_FUNCTIONS(64)

#endif
