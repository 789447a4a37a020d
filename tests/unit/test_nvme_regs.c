// SPDX-License-Identifier: BSD-3-Clause
/* Parameters, registers, doorbells, interrupts, and asynchronous events. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nvme_rig.h"
#include "suites.h"

#define EN_ONLY (CQES << 20 | SQES << 16 | CC_EN)

static struct nvme_cmd nop(void)
{
	return (struct nvme_cmd){ .opcode = IO_FLUSH, .nsid = 1 };
}

START_TEST(parameters)
{
	char path[] = "/tmp/vfiod-nvme-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_eq(nvme_rig_try(NULL, NULL), -EINVAL);
	ck_assert_int_eq(nvme_rig_try("size", "64k"), 0);
	ck_assert_int_eq(nvme_rig_try("size", "2g"), 0);
	ck_assert_int_eq(nvme_rig_try("size", "512"), 0);
	ck_assert_int_eq(nvme_rig_try("size", "513"), -EINVAL);
	ck_assert_int_eq(nvme_rig_try("size", "0"), -EINVAL);
	ck_assert_int_eq(nvme_rig_try("size", "-512"), -EINVAL);
	ck_assert_int_eq(nvme_rig_try("size", ""), -EINVAL);
	ck_assert_int_eq(nvme_rig_try("size", "1x"), -EINVAL);
	ck_assert_int_eq(nvme_rig_try("size", "1kk"), -EINVAL);
	ck_assert_int_eq(nvme_rig_try("size", "99999999999g"), -EINVAL);
	ck_assert_int_eq(nvme_rig_try("file", "/nonexistent/disk"), -ENOENT);
	ck_assert_int_eq(nvme_rig_try("file", path), -EINVAL);
	ck_assert_int_eq(ftruncate(fd, 1000), 0);
	ck_assert_int_eq(nvme_rig_try("file", path), -EINVAL);
	ck_assert_int_eq(ftruncate(fd, 1024), 0);
	ck_assert_int_eq(nvme_rig_try("file", path), 0);
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(more_parameters)
{
	static const struct {
		const char *name, *value;
		int ret;
	} cases[] = {
		{ "queues", "1", 0 },
		{ "queues", "63", 0 },
		{ "queues", "0", -EINVAL },
		{ "queues", "64", -EINVAL },
		{ "queues", "", -EINVAL },
		{ "queues", "3x", -EINVAL },
		{ "block", "4096", 0 },
		{ "block", "1024", -EINVAL },
		{ "readonly", "on", 0 },
		{ "readonly", "off", 0 },
		{ "readonly", "yes", -EINVAL },
		{ "serial", "12345678901234567890", 0 },
		{ "serial", "123456789012345678901", -EINVAL },
		{ "serial", "", -EINVAL },
		{ "serial", "a\tb", -EINVAL },
		{ "file", "/dev/zero", -EINVAL }, /* and size */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct vfio_device *vdev;
		int ret;

		fake_param("size", "64k");
		fake_param_more(cases[i].name, cases[i].value);
		ret = fake_device_new("1", &vdev);
		ck_assert_msg(ret == cases[i].ret, "%s=%s: %d", cases[i].name,
			      cases[i].value, ret);
		if (!ret)
			fake_device_free(vdev);
		ck_assert_uint_eq(fake_polls_held(), 0);
	}
}
END_TEST

START_TEST(constants)
{
	uint64_t cap = reg_read64(REG_CAP);
	uint16_t half;

	ck_assert_uint_eq(cap & 0xffff, NVME_QUEUE_ENTRIES - 1);
	ck_assert_uint_eq(cap >> 16 & 1, 1);
	ck_assert_uint_eq(cap >> 32 & 0xf, 0);
	ck_assert_uint_eq(cap >> 37 & 0xff, 1);
	ck_assert_uint_eq(cap >> 48 & 0xf, 0);
	ck_assert_uint_eq(cap >> 52 & 0xf, NVME_MPS_MAX);
	ck_assert_uint_eq(reg_read(REG_VS), 0x10400);
	reg_write64(REG_CAP, 0);
	reg_write(REG_VS, 0);
	reg_write(REG_CSTS, 0xff);
	ck_assert_uint_eq(reg_read64(REG_CAP), cap);
	ck_assert_uint_eq(reg_read(REG_VS), 0x10400);
	ck_assert_uint_eq(reg_read(REG_CSTS), CSTS_RDY);
	ck_assert_int_eq(rig.plugin->access(rig.vdev, 0, REG_CAP + 2, &half,
					    sizeof(half), false),
			 0);
	ck_assert_uint_eq(half, cap >> 16 & 0xffff);
}
END_TEST

START_TEST(enable_wrongly)
{
	static const struct {
		uint32_t cc, aqa;
		uint64_t asq, acq;
	} cases[] = {
		{ EN_ONLY | 1 << 4, 0x70007, RIG_SQ(0), RIG_CQ(0) },
		{ EN_ONLY | 5 << 7, 0x70007, RIG_SQ(0), RIG_CQ(0) },
		{ EN_ONLY | 1 << 11, 0x70007, RIG_SQ(0), RIG_CQ(0) },
		{ EN_ONLY, 0x70000, RIG_SQ(0), RIG_CQ(0) },
		{ EN_ONLY, 0x00007, RIG_SQ(0), RIG_CQ(0) },
		{ EN_ONLY, 0x70007, RIG_SQ(0) + 64, RIG_CQ(0) },
		{ EN_ONLY, 0x70007, RIG_SQ(0), RIG_CQ(0) + 16 },
		{ EN_ONLY | 1 << 7, 0x70007, RIG_SQ(0), RIG_CQ(0) },
	};

	disable();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		reg_write(REG_AQA, cases[i].aqa);
		reg_write64(REG_ASQ, cases[i].asq);
		reg_write64(REG_ACQ, cases[i].acq);
		reg_write(REG_CC, cases[i].cc);
		ck_assert_msg(reg_read(REG_CSTS) == CSTS_CFS, "case %zu", i);
		disable();
	}
	enable();
	ck_assert_uint_eq(submit(0, nop()), INVALID_QID);
}
END_TEST

START_TEST(reset_forgets)
{
	push(1, nop());
	ring_sq(1);
	disable();
	let_run();
	ck_assert(!has_completion(1));
	ck_assert_uint_eq(reg_read(REG_AQA), 0x70007);
	ck_assert_uint_eq(reg_read(REG_DOORBELLS), 0);
	enable();
	push(1, nop());
	ring_sq(1);
	let_run();
	ck_assert(!has_completion(1));
	create_pair(1);
	ck_assert_uint_eq(submit(1, nop()), SUCCESS);
	fake_polls_take_kicks();
	ck_assert_int_eq(rig.plugin->reset(rig.vdev), 0);
	ck_assert_uint_eq(fake_polls_take_kicks(), 1);
	ck_assert_uint_eq(reg_read(REG_CC), 0);
	ck_assert_uint_eq(reg_read(REG_AQA), 0);
	ck_assert_uint_eq(reg_read(REG_CSTS), 0);
}
END_TEST

START_TEST(shutdown)
{
	reg_write(REG_CC, reg_read(REG_CC) | 1 << 14);
	ck_assert_uint_eq(reg_read(REG_CSTS), CSTS_RDY | CSTS_SHST_DONE);
	push(1, nop());
	ring_sq(1);
	let_run();
	ck_assert(!has_completion(1));
	disable();
	reg_write(REG_CC, 0);
	enable();
	create_pair(1);
	ck_assert_uint_eq(submit(1, nop()), SUCCESS);
}
END_TEST

/* Queues in memory that is not there any more. */
START_TEST(queue_unmapped)
{
	fake_dma_prot(RIG_SQ(1), 0);
	push(1, nop());
	ring_sq(1);
	let_run();
	ck_assert_uint_eq(reg_read(REG_CSTS), CSTS_RDY | CSTS_CFS);
	fake_dma_prot(RIG_SQ(1), 3);
	ring_sq(1);
	let_run();
	ck_assert(!has_completion(1));
	disable();
	enable();
	create_pair(1);
	fake_dma_prot(RIG_CQ(1), VFIO_DMA_MAP_FLAG_READ);
	push(1, nop());
	ring_sq(1);
	let_run();
	ck_assert_uint_eq(reg_read(REG_CSTS), CSTS_RDY | CSTS_CFS);
	ck_assert(!has_completion(1));
}
END_TEST

START_TEST(no_bus_master)
{
	fake_pci_set_bus_master(false);
	push(1, nop());
	ring_sq(1);
	let_run();
	ck_assert(!has_completion(1));
	ck_assert_uint_eq(reg_read(REG_CSTS), CSTS_RDY);
	fake_pci_set_bus_master(true);
	push(1, nop());
	ring_sq(1);
	let_run();
	reap(1);
	reap(1);
}
END_TEST

/* One entry of eight stays free: the eighth command waits for room. */
START_TEST(queue_full)
{
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < RIG_DEPTH - 1; i++)
			push(1, nop());
		ring_sq(1);
		let_run();
		push(1, nop());
		ring_sq(1);
		let_run();
		for (int i = 0; i < RIG_DEPTH - 1; i++)
			ck_assert_uint_eq(reap(1).status >> 1, SUCCESS);
		ck_assert(!has_completion(1));
		ring_cq(1);
		let_run();
		ck_assert_uint_eq(reap(1).cid, rig.cid);
		ring_cq(1);
	}
}
END_TEST

static uint16_t read_error_log(void)
{
	struct nvme_cmd cmd = data_cmd(ADMIN_GET_LOG_PAGE, 0, DATA);

	cmd.cdw10 = LOG_ERRORS | 15 << 16;
	return submit(0, cmd);
}

static void assert_event(uint32_t result)
{
	struct nvme_cqe cqe;

	ck_assert(has_completion(0));
	cqe = reap(0);
	ck_assert_uint_eq(cqe.status >> 1, SUCCESS);
	ck_assert_uint_eq(cqe.result, result);
	ring_cq(0);
	let_run();
}

static void request_event(void)
{
	push(0, (struct nvme_cmd){ .opcode = ADMIN_ASYNC_EVENT });
	ring_sq(0);
	let_run();
}

START_TEST(wrong_doorbells)
{
	request_event();
	ck_assert(!has_completion(0));
	/* No such entry. */
	reg_write(REG_DOORBELLS + 8, RIG_DEPTH);
	let_run();
	assert_event(0x010100);
	/* Not again before the log page has been read. */
	request_event();
	reg_write(REG_DOORBELLS + 8, RIG_DEPTH + 1);
	let_run();
	ck_assert(!has_completion(0));
	ck_assert_uint_eq(read_error_log(), SUCCESS);
	/* Nothing has been completed there. */
	reg_write(REG_DOORBELLS + 12, 1);
	let_run();
	assert_event(0x010100);
	ck_assert_uint_eq(read_error_log(), SUCCESS);
	/* No such queue: one that could be, one that could not. It waits. */
	reg_write(REG_DOORBELLS + 16, 1);
	let_run();
	ck_assert(!has_completion(0));
	request_event();
	assert_event(0x010000);
	ck_assert_uint_eq(read_error_log(), SUCCESS);
	request_event();
	reg_write(NVME_BAR_SIZE - 4, 1);
	let_run();
	assert_event(0x010000);
	/* The controller goes on. */
	ck_assert_uint_eq(reg_read(REG_CSTS), CSTS_RDY);
	ck_assert_uint_eq(submit(1, nop()), SUCCESS);
}
END_TEST

START_TEST(event_requests)
{
	struct nvme_cmd abort = { .opcode = ADMIN_ABORT };
	uint32_t result;

	for (int i = 0; i < NVME_EVENT_REQUESTS; i++)
		request_event();
	ck_assert(!has_completion(0));
	ck_assert_uint_eq(
		submit(0, (struct nvme_cmd){ .opcode = ADMIN_ASYNC_EVENT }),
		TOO_MANY_EVENT_REQUESTS);
	/* Abort one. */
	abort.cdw10 = (uint32_t)(rig.cid - 1) << 16;
	push(0, abort);
	ring_sq(0);
	let_run();
	ck_assert_uint_eq(reap(0).status >> 1, ABORT_REQUESTED);
	ck_assert_uint_eq(reap(0).result, 0);
	ring_cq(0);
	/* What is not there cannot be. */
	ck_assert_uint_eq(submit_for(0, abort, &result), SUCCESS);
	ck_assert_uint_eq(result, 1);
	abort.cdw10 |= 1;
	ck_assert_uint_eq(submit_for(0, abort, &result), SUCCESS);
	ck_assert_uint_eq(result, 1);
	/* They do not outlive a reset. */
	disable();
	enable();
	reg_write(NVME_BAR_SIZE - 4, 2);
	let_run();
	ck_assert(!has_completion(0));
}
END_TEST

START_TEST(messages)
{
	for (int i = 0; i < 3; i++)
		push(1, nop());
	ck_assert_uint_eq(fake_pci_take_messages(RIG_VECTOR), 0);
	ring_sq(1);
	let_run();
	/* One for the burst, to that queue's vector. */
	ck_assert_uint_eq(fake_pci_take_messages(RIG_VECTOR), 1);
	ck_assert_uint_gt(fake_pci_take_messages(0), 0);
	ck_assert(!fake_pci_line());
	/* A queue without interrupts. */
	ck_assert_uint_eq(
		submit(0, (struct nvme_cmd){ .opcode = ADMIN_CREATE_CQ,
					     .prp1 = RIG_CQ(2),
					     .cdw10 = 7 << 16 | 2,
					     .cdw11 = 5 << 16 | QUEUE_PC }),
		SUCCESS);
	ck_assert_uint_eq(
		submit(0, (struct nvme_cmd){ .opcode = ADMIN_CREATE_SQ,
					     .prp1 = RIG_SQ(2),
					     .cdw10 = 7 << 16 | 2,
					     .cdw11 = 2 << 16 | QUEUE_PC }),
		SUCCESS);
	rig.phase[2] = true;
	ck_assert_uint_eq(submit(2, nop()), SUCCESS);
	ck_assert_uint_eq(fake_pci_take_messages(5), 0);
}
END_TEST

START_TEST(line)
{
	fake_pci_set_messages(false);
	push(1, nop());
	push(1, nop());
	ring_sq(1);
	let_run();
	ck_assert(fake_pci_line());
	reap(1);
	ring_cq(1);
	let_run();
	ck_assert(fake_pci_line());
	reap(1);
	ring_cq(1);
	let_run();
	ck_assert(!fake_pci_line());
	/* Masked. */
	reg_write(REG_INTMS, 1 << RIG_VECTOR);
	push(1, nop());
	ring_sq(1);
	let_run();
	ck_assert(!fake_pci_line());
	reg_write(REG_INTMC, 1);
	ck_assert(!fake_pci_line());
	reg_write(REG_INTMC, 1 << RIG_VECTOR);
	ck_assert(fake_pci_line());
	reg_write(REG_INTMS, 1 << RIG_VECTOR);
	ck_assert(!fake_pci_line());
	ck_assert_uint_eq(reg_read(REG_INTMS), 1 << RIG_VECTOR);
	ck_assert_uint_eq(reg_read(REG_INTMC), 1 << RIG_VECTOR);
	reg_write(REG_INTMC, UINT32_MAX);
	ck_assert(fake_pci_line());
	ck_assert_uint_eq(reg_read(REG_INTMS), 0);
	disable();
	ck_assert(!fake_pci_line());
}
END_TEST

/* A client that maps BAR 0 stores without a call. */
START_TEST(stores)
{
	struct nvme *nvme = vfiod_get_drvdata(rig.vdev);

	ck_assert(!nvme_poll(nvme));
	push(1, nop());
	atomic_store(&nvme->bar[(REG_DOORBELLS + 8) / 4], rig.sq_tail[1]);
	ck_assert(nvme_poll(nvme));
	reap(1);
	atomic_store(&nvme->bar[(REG_DOORBELLS + 12) / 4], rig.cq_head[1]);
	ck_assert(nvme_poll(nvme));
	ck_assert(!nvme_poll(nvme));
	atomic_store(&nvme->bar[REG_CAP / 4], 0);
	atomic_store(&nvme->bar[REG_CC / 4], 0);
	ck_assert(nvme_poll(nvme));
	ck_assert_uint_eq(reg_read(REG_CSTS), 0);
	ck_assert_uint_eq(reg_read(REG_CAP) & 0xffff, NVME_QUEUE_ENTRIES - 1);
	ck_assert(!nvme_poll(nvme));
	atomic_store(&nvme->bar[REG_INTMC / 4], 1);
	ck_assert(nvme_poll(nvme));
	ck_assert(!nvme_poll(nvme));
}
END_TEST

START_TEST(odd_accesses)
{
	uint64_t value = UINT64_MAX;

	/* Bytes and words change nothing. */
	ck_assert_int_eq(
		rig.plugin->access(rig.vdev, 0, REG_CC, &value, 1, true), 0);
	ck_assert_int_eq(
		rig.plugin->access(rig.vdev, 0, REG_CC, &value, 2, true), 0);
	ck_assert_uint_eq(reg_read(REG_CC), EN_ONLY);
	/* The pending bits. */
	ck_assert_int_eq(rig.plugin->access(rig.vdev, 4, NVME_MSIX_PBA, &value,
					    8, true),
			 0);
	ck_assert_int_eq(rig.plugin->access(rig.vdev, 4, NVME_MSIX_PBA, &value,
					    8, false),
			 0);
	ck_assert_uint_eq(value, 0);
}
END_TEST

Suite *nvme_regs_suite(void)
{
	Suite *suite = suite_create("nvme registers");
	TCase *tc = tcase_create("parameters");

	tcase_add_test(tc, parameters);
	tcase_add_test(tc, more_parameters);
	suite_add_tcase(suite, tc);
	tc = tcase_create("controller");
	tcase_add_checked_fixture(tc, nvme_rig_setup, nvme_rig_teardown);
	tcase_add_test(tc, constants);
	tcase_add_test(tc, enable_wrongly);
	tcase_add_test(tc, reset_forgets);
	tcase_add_test(tc, shutdown);
	tcase_add_test(tc, queue_unmapped);
	tcase_add_test(tc, no_bus_master);
	tcase_add_test(tc, queue_full);
	tcase_add_test(tc, wrong_doorbells);
	tcase_add_test(tc, event_requests);
	tcase_add_test(tc, messages);
	tcase_add_test(tc, line);
	tcase_add_test(tc, stores);
	tcase_add_test(tc, odd_accesses);
	suite_add_tcase(suite, tc);
	return suite;
}
