// SPDX-License-Identifier: BSD-3-Clause
/*
 * The channel, driven by what clients have left in its registers.
 *
 * A client that maps the BAR is not waited for, and its stores are seen some
 * time later. What is seen in one look can be several stores: a reset, a new
 * chain and the count of its descriptors, say. They were made in the order in
 * which a driver makes them, so they are read in the opposite order: who sees
 * a store also sees those before it. That a register has been stored to with
 * the value it had cannot be seen; so what has been taken is changed:
 * CHANCMD to 0, the lowest bit of CHAINADDR to 1, DMACOUNT to 0 when it is
 * about a chain that has ended.
 */
#include "ioat.h"
#include "regs.h"

#define TAKEN 1 /* in CHAINADDR, whose addresses are aligned */
#define BATCH 16 /* descriptors, before the registers are looked at again */

/*
 * After an error a new chain begins that much later. DPDK's driver sets it when
 * it finds the error, and loses count when the next descriptors are done before
 * the error has been asked for.
 */
#define RECOVERY_NS 20000000

static bool is_active(const struct ioat *ioat)
{
	return ioat->state == IOAT_IDLE && ioat->done != ioat->count;
}

/* Has a chain been set that has not begun? */
static bool is_armed(const struct ioat *ioat, uint64_t chain)
{
	return chain && chain != (ioat->chain | TAKEN);
}

static uint64_t status_bits(const struct ioat *ioat)
{
	if (is_armed(ioat, get64(ioat->regs, CHAINADDR)))
		return CHANSTS_ARMED;
	switch (ioat->state) {
	case IOAT_SUSPENDED:
		return CHANSTS_SUSPENDED;
	case IOAT_HALTED:
		return CHANSTS_HALTED;
	default:
		return is_active(ioat) ? CHANSTS_ACTIVE : CHANSTS_IDLE;
	}
}

uint64_t ioat_channel_status(const struct ioat *ioat)
{
	uint64_t bits = status_bits(ioat);

	/* Of the new chain none has been done; drivers wait for just this. */
	return bits == CHANSTS_ARMED ? bits : ioat->completed | bits;
}

/*
 * In memory a channel that has halted is armed already. Drivers give it a few
 * microseconds to become so after they have reset it and set a new chain,
 * which is less than it takes to look.
 */
static uint64_t mapped_status(const struct ioat *ioat)
{
	uint64_t status = ioat_channel_status(ioat);

	return (status & 7) == CHANSTS_HALTED ? CHANSTS_ARMED : status;
}

/* What clients are to find, also where they have stored something. */
static void publish(const struct ioat *ioat)
{
	set8(ioat->regs, CHANCNT, 1);
	set8(ioat->regs, XFERCAP, XFERCAP_BITS);
	set8(ioat->regs, CBVER, VERSION_3_4);
	set32(ioat->regs, DMACAPABILITY, CAPABILITY_FILL);
	set32(ioat->regs, CHANERR, ioat->chanerr);
	set64(ioat->regs, CHANSTS, mapped_status(ioat));
}

void ioat_channel_clear_errors(struct ioat *ioat, uint32_t errors)
{
	ioat->chanerr &= ~errors;
	publish(ioat);
}

/* The count that was seen is no longer about anything. */
static void forget_count(struct ioat *ioat)
{
	replace16(ioat->regs, DMACOUNT, ioat->count, 0);
	ioat->count = 0;
	ioat->done = 0;
}

void ioat_channel_reset(struct ioat *ioat)
{
	for (unsigned int at = 0; at < IOAT_BAR_SIZE; at += 8)
		set64(ioat->regs, at, 0);
	ioat->state = IOAT_HALTED;
	ioat->chain = 0;
	ioat->completed = 0;
	ioat->count = 0;
	ioat->done = 0;
	ioat->chanerr = 0;
	ioat->failed = false;
	ioat->waits = false;
	ioat->interrupt = false;
	publish(ioat);
}

static void command(struct ioat *ioat, uint8_t cmd)
{
	if (cmd & CHANCMD_RESET) {
		ioat->state = IOAT_HALTED;
		ioat->completed = 0;
		ioat->chanerr = 0;
		ioat->interrupt = false;
		forget_count(ioat);
	} else if (cmd & CHANCMD_SUSPEND && ioat->state == IOAT_IDLE) {
		ioat->state = IOAT_SUSPENDED;
		forget_count(ioat);
	}
}

/*
 * The count comes after the chain; so the whole of that is there. What was in
 * CHANERR the driver has written back by now, which cannot be seen.
 */
static void begin(struct ioat *ioat, uint64_t chain, uint16_t count)
{
	ioat->state = IOAT_IDLE;
	ioat->chain = chain;
	ioat->next = chain;
	ioat->completed = 0;
	ioat->count = count;
	ioat->done = 0;
	ioat->chanerr = 0;
	ioat->waits = ioat->failed;
	ioat->failed = false;
	if (ioat->waits)
		vfiod_timer_arm(ioat->recovery, RECOVERY_NS);
	replace64(ioat->regs, CHAINADDR, chain, chain | TAKEN);
}

bool ioat_channel_look(struct ioat *ioat)
{
	uint16_t count = get16(ioat->regs, DMACOUNT);
	uint64_t chain = get64(ioat->regs, CHAINADDR);
	uint8_t cmd =
		__atomic_exchange_n(ioat->regs + CHANCMD, 0, __ATOMIC_ACQ_REL);
	uint32_t errors = get32(ioat->regs, CHANERR);
	bool is_new = count != ioat->count;
	bool any = is_new || cmd || errors != ioat->chanerr;

	if (errors != ioat->chanerr)
		ioat->chanerr &= ~errors;
	command(ioat, cmd);
	if (is_armed(ioat, chain)) {
		if (!is_new)
			forget_count(ioat);
		else
			begin(ioat, chain, count);
	} else if (is_new) {
		ioat->count = count;
		if (ioat->state != IOAT_IDLE)
			forget_count(ioat);
	}
	publish(ioat);
	return any;
}

/* One at a time: the next when the client has armed it again. */
static void interrupt(struct ioat *ioat)
{
	uint16_t control = get16(ioat->regs, CHANCTRL);

	if (!ioat->interrupt || !(control & CHANCTRL_INT_REARM) ||
	    !(get8(ioat->regs, INTRCTRL) & INTRCTRL_ENABLE))
		return;
	ioat->interrupt = false;
	set32(ioat->regs, ATTNSTATUS, 1);
	replace16(ioat->regs, CHANCTRL, control, control & ~CHANCTRL_INT_REARM);
	vfiod_pci_interrupt(ioat->vdev, 0);
}

static uint32_t write_completion(struct ioat *ioat)
{
	uint64_t status = ioat_channel_status(ioat);
	uint64_t iova = get64(ioat->regs, CHANCMP);

	if (iova % sizeof(status) ||
	    ioat_dma(ioat, iova, &status, sizeof(status), true))
		return ERR_COMPLETION;
	return 0;
}

static void halt(struct ioat *ioat, uint32_t error)
{
	uint16_t control = get16(ioat->regs, CHANCTRL);

	vfiod_log(ioat->vdev, VFIOD_LOG_DEBUG,
		  "halted at descriptor %#lx, CHANERR %#x", ioat->next, error);
	ioat->state = IOAT_HALTED;
	ioat->failed = true;
	ioat->chanerr |= error;
	forget_count(ioat);
	/* Before the client can know. */
	publish(ioat);
	if (control & CHANCTRL_ERR_COMPLETION && error != ERR_COMPLETION)
		ioat->chanerr |= write_completion(ioat);
	ioat->interrupt |= !!(control & CHANCTRL_ERR_INT);
}

/* false: the channel has halted. */
static bool step(struct ioat *ioat)
{
	uint32_t control, error;

	error = ioat_descriptor_do(ioat, &control);
	if (!error && control & CONTROL_COMPLETION)
		error = write_completion(ioat);
	if (error) {
		halt(ioat, error);
		return false;
	}
	ioat->interrupt |= !!(control & CONTROL_INT);
	return true;
}

bool ioat_channel_run(struct ioat *ioat)
{
	bool any = ioat_channel_look(ioat);
	bool busy = is_active(ioat) && !ioat->waits;

	for (int i = 0; i < BATCH && busy && is_active(ioat); i++)
		if (!step(ioat))
			break;
	if (busy)
		publish(ioat);
	interrupt(ioat);
	return busy || any;
}
