// SPDX-License-Identifier: BSD-3-Clause
/* The DMA engine, driven by calls and by stores to its mapped registers. */
#include <check.h>
#include <string.h>

#include "../../mdevs/ioat/regs.h"
#include "fake_dma.h"
#include "fake_pci.h"
#include "fake_region.h"
#include "fake_services.h"
#include "fake_timer.h"
#include "fake_poll.h"
#include "suites.h"

#define RING FAKE_DMA_BASE
#define NR_DESCRIPTORS 8
#define STATUS (FAKE_DMA_BASE + 0x1000)
#define SOURCE (FAKE_DMA_BASE + 0x2000)
#define TARGET (FAKE_DMA_BASE + 0x8000)
#define UNMAPPED 0x1000
#define LENGTH 100

#define FILL (OP_FILL << CONTROL_OP_SHIFT)

static struct vfio_device *vdev;
static uint8_t *bar;

/* What pread and pwrite do. */
static void rw(uint64_t offset, void *value, unsigned int len, bool write)
{
	ck_assert_int_eq(vfiod_plugin_entry()->access(vdev, 0, offset, value,
						      len, write),
			 0);
}

static uint64_t read_reg(uint64_t offset, unsigned int len)
{
	uint64_t value = 0;

	rw(offset, &value, len, false);
	return value;
}

static void write_reg(uint64_t offset, uint64_t value, unsigned int len)
{
	rw(offset, &value, len, true);
}

/* Until the device has nothing more to do. */
static void let_it_work(void)
{
	while (fake_polls_run())
		;
}

/* And until it has recovered from an error. */
static void let_it_recover(void)
{
	let_it_work();
	ck_assert_uint_eq(fake_timers_run(), 1);
	let_it_work();
}

static uint64_t desc_at(unsigned int i)
{
	return RING + (uint64_t)(i % NR_DESCRIPTORS) * DESCRIPTOR_SIZE;
}

static struct descriptor *desc(unsigned int i)
{
	return fake_dma_at(desc_at(i));
}

static uint64_t *status(void)
{
	return fake_dma_at(STATUS);
}

static void put(unsigned int i, uint32_t control, uint64_t source, uint64_t to,
		uint32_t size)
{
	*desc(i) = (struct descriptor){
		.size = size,
		.control = control | CONTROL_COMPLETION,
		.source = source,
		.destination = to,
		.next = desc_at(i + 1),
	};
}

/* A ring of copies of LENGTH bytes, each from and to a page of its own. */
static void put_copies(void)
{
	for (unsigned int i = 0; i < NR_DESCRIPTORS / 2; i++) {
		put(i, 0, SOURCE + i * FAKE_PAGE, TARGET + i * FAKE_PAGE,
		    LENGTH);
		memset(fake_dma_at(SOURCE + i * FAKE_PAGE), 'a' + i, LENGTH);
	}
}

static void assert_copied(unsigned int i)
{
	const uint8_t *at = fake_dma_at(TARGET + i * FAKE_PAGE);

	for (size_t j = 0; j < LENGTH; j++)
		ck_assert_int_eq(at[j], 'a' + i);
	ck_assert_int_eq(at[LENGTH], 0);
}

static void assert_not_copied(unsigned int i)
{
	ck_assert_int_eq(*(uint8_t *)fake_dma_at(TARGET + i * FAKE_PAGE), 0);
}

static void setup(void)
{
	fake_dma_reset();
	fake_pci_reset();
	fake_region_reset();
	ck_assert_int_eq(fake_device_new("1", &vdev), 0);
	ck_assert_int_eq(vfiod_plugin_entry()->open_device(vdev), 0);
	bar = vfiod_region_memory(vdev, 0);
	put_copies();
}

static void teardown(void)
{
	vfiod_plugin_entry()->close_device(vdev);
	fake_device_free(vdev);
	ck_assert_uint_eq(fake_polls_held(), 0);
}

/* By calls. */
static void begin(uint64_t chain, uint16_t count)
{
	write_reg(CHANCTRL, CHANCTRL_ERR_COMPLETION, 2);
	write_reg(CHANCMP, STATUS, 8);
	write_reg(CHAINADDR, chain, 8);
	write_reg(DMACOUNT, count, 2);
}

/* The same after an error, when it is not done at once. */
static void begin_again(uint64_t chain, uint16_t count)
{
	begin(chain, count);
	let_it_recover();
}

/* By stores, which the device may see all at once. */
static void store_begin(uint64_t chain, uint16_t count)
{
	set64(bar, CHAINADDR, chain);
	set16(bar, CHANCTRL, CHANCTRL_ERR_COMPLETION);
	set64(bar, CHANCMP, STATUS);
	set16(bar, DMACOUNT, count);
}

START_TEST(registers_say_what_it_is)
{
	ck_assert_uint_eq(read_reg(CHANCNT, 1), 1);
	ck_assert_uint_eq(read_reg(XFERCAP, 1), XFERCAP_BITS);
	ck_assert_uint_eq(read_reg(CBVER, 1), VERSION_3_4);
	ck_assert_uint_eq(read_reg(DMACAPABILITY, 4), CAPABILITY_FILL);
	ck_assert_uint_eq(read_reg(CHANSTS, 8), CHANSTS_HALTED);
	/* They are the device's. */
	write_reg(CBVER, 0, 1);
	set8(bar, CHANCNT, 9);
	let_it_work();
	ck_assert_uint_eq(read_reg(CBVER, 1), VERSION_3_4);
	ck_assert_uint_eq(get8(bar, CHANCNT), 1);
}
END_TEST

START_TEST(copies_by_calls)
{
	begin(RING, 2);
	assert_copied(0);
	assert_copied(1);
	assert_not_copied(2);
	ck_assert_uint_eq(*status(), desc_at(1) | CHANSTS_IDLE);
	ck_assert_uint_eq(read_reg(CHANSTS, 8), *status());
	write_reg(DMACOUNT, 3, 2);
	assert_copied(2);
	ck_assert_uint_eq(*status(), desc_at(2) | CHANSTS_IDLE);
}
END_TEST

START_TEST(copies_by_stores)
{
	store_begin(RING, 2);
	assert_not_copied(0);
	let_it_work();
	assert_copied(1);
	assert_not_copied(2);
	ck_assert_uint_eq(*status(), desc_at(1) | CHANSTS_IDLE);
	set16(bar, DMACOUNT, 4);
	let_it_work();
	assert_copied(3);
	ck_assert_uint_eq(get64(bar, CHANSTS), desc_at(3) | CHANSTS_IDLE);
}
END_TEST

START_TEST(count_wraps)
{
	for (unsigned int i = 0; i < NR_DESCRIPTORS; i++)
		put(i, CONTROL_NULL, 0, 0, 1);
	begin(RING, 0xffff);
	while (read_reg(CHANSTS, 8) % 8 == CHANSTS_ACTIVE)
		fake_polls_run();
	ck_assert_uint_eq(*status(), desc_at(0xfffe) | CHANSTS_IDLE);
	put(0xffff, 0, SOURCE, TARGET, LENGTH);
	set16(bar, DMACOUNT, 0);
	let_it_work();
	assert_copied(0);
	ck_assert_uint_eq(*status(), desc_at(0xffff) | CHANSTS_IDLE);
}
END_TEST

START_TEST(fill_repeats_eight_bytes)
{
	uint64_t pattern = 0xfedcba9876543210;
	uint8_t *at = fake_dma_at(TARGET + 1);

	put(0, FILL, pattern, TARGET + 1, 89);
	begin(RING, 1);
	for (size_t i = 0; i < 89; i++)
		ck_assert_uint_eq(at[i], ((uint8_t *)&pattern)[i % 8]);
	ck_assert_uint_eq(at[89], 0);
	ck_assert_uint_eq(at[-1], 0);
}
END_TEST

START_TEST(long_copy)
{
	const size_t size = 5 * FAKE_PAGE - 7;
	uint8_t *from = fake_dma_at(SOURCE);

	for (size_t i = 0; i < size; i++)
		from[i] = i / 3;
	put(0, 0, SOURCE, TARGET, size);
	begin(RING, 1);
	ck_assert_mem_eq(from, fake_dma_at(TARGET), size);
}
END_TEST

/* Only those that ask for it: the address of the last one that did not is in
 * CHANSTS all the same. */
START_TEST(completions_as_asked_for)
{
	desc(1)->control = 0;
	begin(RING, 2);
	assert_copied(1);
	ck_assert_uint_eq(*status(), desc_at(0) | CHANSTS_ACTIVE);
	ck_assert_uint_eq(read_reg(CHANSTS, 8), desc_at(1) | CHANSTS_IDLE);
}
END_TEST

struct fault {
	uint32_t chanerr;
	uint32_t control;
	uint64_t source;
	uint64_t to;
	uint32_t size;
};

static const struct fault faults[] = {
	{ ERR_SOURCE, 0, UNMAPPED, TARGET, LENGTH },
	{ ERR_DESTINATION, 0, SOURCE, UNMAPPED, LENGTH },
	{ ERR_DESTINATION, FILL, 0, UNMAPPED, LENGTH },
	{ ERR_LENGTH, 0, SOURCE, TARGET, 0 },
	{ ERR_LENGTH, 0, SOURCE, TARGET, (1 << XFERCAP_BITS) + 1 },
	{ ERR_CONTROL, 0x40, SOURCE, TARGET, LENGTH },
	{ ERR_CONTROL, 0x87U << CONTROL_OP_SHIFT, SOURCE, TARGET, LENGTH },
};

START_TEST(faults_halt)
{
	const struct fault *fault = &faults[_i];

	put(1, fault->control, fault->source, fault->to, fault->size);
	begin(RING, 3);
	assert_copied(0);
	assert_not_copied(2);
	ck_assert_uint_eq(read_reg(CHANERR, 4), fault->chanerr);
	ck_assert_uint_eq(*status(), desc_at(0) | CHANSTS_HALTED);
	ck_assert_uint_eq(read_reg(CHANSTS, 8), *status());
	/* For who maps it, as if it had been armed at once. */
	ck_assert_uint_eq(get64(bar, CHANSTS), CHANSTS_ARMED);
	/* It stays so. */
	write_reg(DMACOUNT, 4, 2);
	let_it_work();
	assert_not_copied(2);
	write_reg(CHANERR, 0x2, 4);
	ck_assert_uint_eq(read_reg(CHANERR, 4), fault->chanerr & ~0x2U);
	write_reg(CHANERR, fault->chanerr, 4);
	ck_assert_uint_eq(read_reg(CHANERR, 4), 0);
}
END_TEST

START_TEST(wild_chains)
{
	begin(RING + 8, 1);
	ck_assert_uint_eq(read_reg(CHANERR, 4), ERR_CHAIN);
	begin_again(UNMAPPED, 1);
	ck_assert_uint_eq(read_reg(CHANERR, 4), ERR_CHAIN);
	desc(0)->next = UNMAPPED;
	begin_again(RING, 2);
	assert_copied(0);
	ck_assert_uint_eq(read_reg(CHANERR, 4), ERR_NEXT);
	desc(0)->next = RING + 4;
	begin_again(RING, 2);
	ck_assert_uint_eq(read_reg(CHANERR, 4), ERR_NEXT_ALIGN);
	/* No chain at all. */
	write_reg(CHANCMD, CHANCMD_RESET, 1);
	write_reg(CHAINADDR, 0, 8);
	write_reg(DMACOUNT, 3, 2);
	ck_assert_uint_eq(read_reg(CHANSTS, 8), CHANSTS_HALTED);
	ck_assert_uint_eq(read_reg(CHANERR, 4), 0);
}
END_TEST

START_TEST(completion_that_cannot_be_written)
{
	write_reg(CHANCMP, STATUS + 4, 8);
	write_reg(CHAINADDR, RING, 8);
	write_reg(DMACOUNT, 2, 2);
	ck_assert_uint_eq(read_reg(CHANERR, 4), ERR_COMPLETION);
	ck_assert_uint_eq(read_reg(CHANSTS, 8), desc_at(0) | CHANSTS_HALTED);
	assert_not_copied(1);
}
END_TEST

START_TEST(not_without_bus_master)
{
	fake_pci_set_bus_master(false);
	begin(RING, 1);
	assert_not_copied(0);
	ck_assert_uint_eq(*status(), 0);
	ck_assert_uint_eq(read_reg(CHANERR, 4) & ERR_CHAIN, ERR_CHAIN);
}
END_TEST

/* What DPDK's driver does, and the device sees it in one look. */
START_TEST(recovery_in_one_look)
{
	desc(1)->source = UNMAPPED;
	store_begin(RING, 3);
	let_it_work();
	ck_assert_uint_eq(*status(), desc_at(0) | CHANSTS_HALTED);
	ck_assert_uint_eq(get32(bar, CHANERR), ERR_SOURCE);

	set32(bar, CHANERR, get32(bar, CHANERR));
	set8(bar, CHANCMD, CHANCMD_RESET);
	store_begin(desc_at(2), 1);
	let_it_work();
	ck_assert_uint_eq(get64(bar, CHANSTS), CHANSTS_ACTIVE);
	assert_not_copied(2);
	let_it_recover();
	ck_assert_uint_eq(get8(bar, CHANCMD), 0);
	ck_assert_uint_eq(get32(bar, CHANERR), 0);
	assert_copied(2);
	assert_not_copied(3);
	ck_assert_uint_eq(*status(), desc_at(2) | CHANSTS_IDLE);
}
END_TEST

/* The first one after it fails: no descriptor is the last that was done. */
START_TEST(recovery_fails_at_once)
{
	desc(0)->source = UNMAPPED;
	begin(RING, 1);
	ck_assert_uint_eq(*status(), CHANSTS_HALTED);
	write_reg(CHANCMD, CHANCMD_RESET, 1);
	desc(1)->source = UNMAPPED;
	*status() = 0;
	begin_again(desc_at(1), 1);
	ck_assert_uint_eq(*status(), CHANSTS_HALTED);
}
END_TEST

START_TEST(suspend_and_start_again)
{
	begin(RING, 2);
	set8(bar, CHANCMD, CHANCMD_SUSPEND);
	let_it_work();
	ck_assert_uint_eq(get8(bar, CHANCMD), 0);
	ck_assert_uint_eq(get64(bar, CHANSTS), desc_at(1) | CHANSTS_SUSPENDED);
	/* Nothing is done until there is a chain. */
	set16(bar, DMACOUNT, 3);
	let_it_work();
	assert_not_copied(2);
	/* The same chain as before, and as many descriptors. */
	memset(fake_dma_at(TARGET), 0, LENGTH);
	set64(bar, CHAINADDR, RING);
	let_it_work();
	ck_assert_uint_eq(get64(bar, CHANSTS), CHANSTS_ARMED);
	set16(bar, DMACOUNT, 2);
	let_it_work();
	assert_copied(0);
	ck_assert_uint_eq(get64(bar, CHANSTS), desc_at(1) | CHANSTS_IDLE);
}
END_TEST

/* An old count says nothing about a new chain. */
START_TEST(new_chain_without_suspend)
{
	begin(RING, 2);
	write_reg(CHAINADDR, desc_at(2), 8);
	let_it_work();
	assert_not_copied(2);
	write_reg(DMACOUNT, 2, 2);
	assert_copied(2);
	assert_copied(3);
}
END_TEST

START_TEST(interrupts_one_at_a_time)
{
	write_reg(INTRCTRL, INTRCTRL_ENABLE, 1);
	desc(0)->control |= CONTROL_INT;
	desc(1)->control |= CONTROL_INT;
	write_reg(CHANCMP, STATUS, 8);
	write_reg(CHANCTRL, CHANCTRL_INT_REARM, 2);
	write_reg(CHAINADDR, RING, 8);
	write_reg(DMACOUNT, 1, 2);
	ck_assert_uint_eq(fake_pci_take_messages(0), 1);
	ck_assert_uint_eq(read_reg(ATTNSTATUS, 4), 1);
	write_reg(DMACOUNT, 2, 2);
	ck_assert_uint_eq(fake_pci_take_messages(0), 0);
	write_reg(CHANCTRL, CHANCTRL_INT_REARM, 2);
	ck_assert_uint_eq(fake_pci_take_messages(0), 1);
	write_reg(CHANCTRL, CHANCTRL_INT_REARM, 2);
	ck_assert_uint_eq(fake_pci_take_messages(0), 0);
}
END_TEST

START_TEST(interrupt_of_an_error)
{
	write_reg(INTRCTRL, INTRCTRL_ENABLE, 1);
	write_reg(CHANCTRL, CHANCTRL_INT_REARM | CHANCTRL_ERR_INT, 2);
	write_reg(CHAINADDR, UNMAPPED, 8);
	write_reg(DMACOUNT, 1, 2);
	ck_assert_uint_eq(fake_pci_take_messages(0), 1);
	/* No completion was asked for. */
	ck_assert_uint_eq(*status(), 0);
}
END_TEST

/* Once for each store, also of the same value: so the next one is found. */
START_TEST(what_it_takes_it_tells)
{
	begin(RING, 2);
	let_it_work();
	for (unsigned int i = 0; i < 3; i++) {
		set8(bar, CHANCMD, CHANCMD_SUSPEND);
		ck_assert_uint_eq(fake_polls_run(), 1);
		ck_assert_uint_eq(fake_polls_run(), 0);
		set16(bar, DMACOUNT, 3);
		ck_assert_uint_eq(fake_polls_run(), 1);
		ck_assert_uint_eq(fake_polls_run(), 0);
		set32(bar, CHANERR, 1);
		ck_assert_uint_eq(fake_polls_run(), 1);
		ck_assert_uint_eq(fake_polls_run(), 0);
	}
	/* Taken in a call, it is a kick. */
	fake_polls_take_kicks();
	set8(bar, CHANCMD, CHANCMD_RESET);
	read_reg(CHANSTS, 8);
	ck_assert_uint_eq(fake_polls_take_kicks(), 1);
	read_reg(CHANSTS, 8);
	ck_assert_uint_eq(fake_polls_take_kicks(), 0);
	write_reg(CHANCMD, CHANCMD_RESET, 1);
	ck_assert_uint_eq(fake_polls_take_kicks(), 1);
	ck_assert_int_eq(vfiod_plugin_entry()->reset(vdev), 0);
	ck_assert_uint_eq(fake_polls_take_kicks(), 1);
}
END_TEST

START_TEST(function_reset)
{
	begin(RING, 2);
	ck_assert_int_eq(vfiod_plugin_entry()->reset(vdev), 0);
	ck_assert_uint_eq(read_reg(CHANSTS, 8), CHANSTS_HALTED);
	ck_assert_uint_eq(read_reg(CHAINADDR, 8), 0);
	ck_assert_uint_eq(read_reg(DMACOUNT, 2), 0);
	ck_assert_uint_eq(read_reg(CBVER, 1), VERSION_3_4);
}
END_TEST

START_TEST(nothing_after_close)
{
	vfiod_plugin_entry()->close_device(vdev);
	store_begin(RING, 2);
	ck_assert_uint_eq(fake_polls_run(), 0);
	assert_not_copied(0);
	ck_assert_int_eq(vfiod_plugin_entry()->open_device(vdev), 0);
	let_it_work();
	assert_not_copied(0);
}
END_TEST

Suite *ioat_suite(void)
{
	Suite *suite = suite_create("ioat");
	TCase *tcase = tcase_create("ioat");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, registers_say_what_it_is);
	tcase_add_test(tcase, copies_by_calls);
	tcase_add_test(tcase, copies_by_stores);
	tcase_add_test(tcase, count_wraps);
	tcase_add_test(tcase, fill_repeats_eight_bytes);
	tcase_add_test(tcase, long_copy);
	tcase_add_test(tcase, completions_as_asked_for);
	tcase_add_loop_test(tcase, faults_halt, 0,
			    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tcase, wild_chains);
	tcase_add_test(tcase, completion_that_cannot_be_written);
	tcase_add_test(tcase, not_without_bus_master);
	tcase_add_test(tcase, recovery_in_one_look);
	tcase_add_test(tcase, recovery_fails_at_once);
	tcase_add_test(tcase, suspend_and_start_again);
	tcase_add_test(tcase, new_chain_without_suspend);
	tcase_add_test(tcase, interrupts_one_at_a_time);
	tcase_add_test(tcase, interrupt_of_an_error);
	tcase_add_test(tcase, what_it_takes_it_tells);
	tcase_add_test(tcase, function_reset);
	tcase_add_test(tcase, nothing_after_close);
	suite_add_tcase(suite, tcase);
	return suite;
}
