// SPDX-License-Identifier: BSD-3-Clause
/* The admin command set. */
#include <string.h>

#include "nvme_rig.h"
#include "suites.h"

static uint16_t identify(uint8_t cns, uint32_t nsid)
{
	struct nvme_cmd cmd = data_cmd(ADMIN_IDENTIFY, nsid, DATA);

	cmd.cdw10 = cns;
	memset(fake_dma_at(DATA), 0xee, IDENTIFY_BYTES);
	return submit(0, cmd);
}

/* A number in what was read. */
static uint64_t data_at(size_t offset, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, fake_dma_at(DATA + offset), size);
	return value;
}

static void assert_text(size_t offset, const char *text, size_t size)
{
	const char *bytes = fake_dma_at(DATA + offset);

	ck_assert_int_eq(memcmp(bytes, text, strlen(text)), 0);
	for (size_t i = strlen(text); i < size; i++)
		ck_assert_int_eq(bytes[i], ' ');
}

START_TEST(identify_controller)
{
	const char *nqn = fake_dma_at(DATA + 768);

	ck_assert_uint_eq(identify(CNS_CONTROLLER, 0), SUCCESS);
	ck_assert_uint_eq(data_at(0, 2), rig.plugin->types[0].pci->vendor);
	assert_text(4, "c9a1e2a053d14f0c8f0c", 20);
	assert_text(24, "vfiod NVMe controller", 40);
	assert_text(64, "1", 8);
	ck_assert_uint_eq(data_at(77, 1), NVME_MDTS);
	ck_assert_uint_eq(data_at(80, 4), 0x10400);
	ck_assert_uint_eq(data_at(111, 1), 1);
	ck_assert_uint_eq(data_at(259, 1), NVME_EVENT_REQUESTS - 1);
	ck_assert_uint_eq(data_at(266, 2), 343);
	ck_assert_uint_eq(data_at(512, 1), 0x66);
	ck_assert_uint_eq(data_at(513, 1), 0x44);
	ck_assert_uint_eq(data_at(516, 4), 1);
	ck_assert_uint_eq(data_at(520, 2), 0x1d);
	ck_assert_uint_eq(data_at(525, 1), 6);
	ck_assert_uint_eq(data_at(526, 2), 1023);
	ck_assert_uint_eq(data_at(536, 4), 0);
	ck_assert_int_eq(strncmp(nqn, "nqn.2014-08.org.nvmexpress:uuid:", 32),
			 0);
	ck_assert_uint_eq(strlen(nqn), 68);
}
END_TEST

START_TEST(identify_namespace)
{
	ck_assert_uint_eq(identify(CNS_NAMESPACE, 1), SUCCESS);
	ck_assert_uint_eq(data_at(0, 8), RIG_BLOCKS);
	ck_assert_uint_eq(data_at(8, 8), RIG_BLOCKS);
	ck_assert_uint_eq(data_at(16, 8), RIG_BLOCKS);
	ck_assert_uint_eq(data_at(25, 1), 0);
	ck_assert_uint_eq(data_at(26, 1), 0);
	ck_assert_uint_eq(data_at(33, 1), 1);
	ck_assert_uint_eq(data_at(99, 1), 0);
	ck_assert_uint_eq(data_at(128, 4), 9 << 16);
	ck_assert_uint_eq(identify(CNS_NAMESPACE, 0), INVALID_NAMESPACE);
	ck_assert_uint_eq(identify(CNS_NAMESPACE, 2), INVALID_NAMESPACE);
	ck_assert_uint_eq(identify(CNS_NAMESPACE, NSID_ALL), INVALID_NAMESPACE);
	ck_assert_uint_eq(data_at(0, 4), 0xeeeeeeee);
}
END_TEST

START_TEST(identify_others)
{
	ck_assert_uint_eq(identify(CNS_ACTIVE_NAMESPACES, 0), SUCCESS);
	ck_assert_uint_eq(data_at(0, 8), 1);
	ck_assert_uint_eq(identify(CNS_ACTIVE_NAMESPACES, 1), SUCCESS);
	ck_assert_uint_eq(data_at(0, 8), 0);
	ck_assert_uint_eq(identify(CNS_ACTIVE_NAMESPACES, NSID_ALL - 1),
			  INVALID_NAMESPACE);
	ck_assert_uint_eq(identify(CNS_NAMESPACE_IDS, 1), SUCCESS);
	ck_assert_uint_eq(data_at(0, 4), 16 << 8 | 3);
	ck_assert_uint_ne(data_at(4, 8), 0);
	ck_assert_uint_eq(data_at(20, 2), 0);
	ck_assert_uint_eq(identify(CNS_NAMESPACE_IDS, 2), INVALID_NAMESPACE);
	ck_assert_uint_eq(identify(0x06, 0), INVALID_FIELD);
	ck_assert_uint_eq(identify(0x13, 0), INVALID_FIELD);
	fake_dma_prot(DATA, 0);
	ck_assert_uint_eq(submit(0, data_cmd(ADMIN_IDENTIFY, 1, DATA)),
			  DATA_TRANSFER_ERROR);
	/* Over a page's end. */
	ck_assert_uint_eq(
		submit(0, (struct nvme_cmd){ .opcode = ADMIN_IDENTIFY,
					     .nsid = 1,
					     .prp1 = DATA + 2 * FAKE_PAGE - 8,
					     .prp2 = DATA + 4 * FAKE_PAGE }),
		SUCCESS);
	ck_assert_uint_eq(data_at(2 * FAKE_PAGE - 8, 8), RIG_BLOCKS);
	ck_assert_uint_eq(data_at(4 * FAKE_PAGE, 8), RIG_BLOCKS);
}
END_TEST

START_TEST(unknown_commands)
{
	/* Firmware commit, namespace management, keep alive, format. */
	static const uint8_t opcodes[] = { 0x10, 0x0d, 0x18, 0x80, 0xff };

	for (size_t i = 0; i < sizeof(opcodes); i++)
		ck_assert_uint_eq(
			submit(0, (struct nvme_cmd){ .opcode = opcodes[i] }),
			INVALID_OPCODE);
	ck_assert_uint_eq(submit(0, (struct nvme_cmd){ .opcode = ADMIN_IDENTIFY,
						       .flags = 0x80,
						       .prp1 = DATA }),
			  INVALID_FIELD);
}
END_TEST

static uint16_t queue_cmd(uint8_t opcode, uint32_t qid, uint32_t size,
			  uint32_t cdw11, uint64_t prp1)
{
	return submit(0, (struct nvme_cmd){ .opcode = opcode,
					    .prp1 = prp1,
					    .cdw10 = (size - 1) << 16 | qid,
					    .cdw11 = cdw11 });
}

START_TEST(create_cq)
{
	const uint8_t op = ADMIN_CREATE_CQ;
	const uint64_t at = RIG_CQ(2);

	ck_assert_uint_eq(queue_cmd(op, 0, 8, 1, at), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(op, 1, 8, 1, at), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(op, NVME_QUEUES_DEFAULT + 1, 8, 1, at),
			  INVALID_QID);
	ck_assert_uint_eq(queue_cmd(op, 2, 1, 1, at), INVALID_QUEUE_SIZE);
	ck_assert_uint_eq(queue_cmd(op, 2, NVME_QUEUE_ENTRIES + 1, 1, at),
			  INVALID_QUEUE_SIZE);
	ck_assert_uint_eq(queue_cmd(op, 2, 65536, 1, at), INVALID_QUEUE_SIZE);
	ck_assert_uint_eq(queue_cmd(op, 2, 8, 0, at), INVALID_FIELD);
	ck_assert_uint_eq(queue_cmd(op, 2, 8, 1, at + 16), PRP_OFFSET_INVALID);
	ck_assert_uint_eq(queue_cmd(op, 2, 8, NVME_VECTORS << 16 | 1, at),
			  INVALID_VECTOR);
	ck_assert_uint_eq(queue_cmd(op, 2, NVME_QUEUE_ENTRIES, 1, at), SUCCESS);
	ck_assert_uint_eq(queue_cmd(op, 2, 8, 1, at), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(op, NVME_QUEUES_DEFAULT, 2,
				    (NVME_VECTORS - 1) << 16 | 3, at),
			  SUCCESS);
}
END_TEST

START_TEST(create_sq)
{
	const uint8_t op = ADMIN_CREATE_SQ;
	const uint64_t at = RIG_SQ(2);
	const uint32_t to_1 = 1 << 16 | QUEUE_PC;

	ck_assert_uint_eq(queue_cmd(op, 0, 8, to_1, at), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(op, 1, 8, to_1, at), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(op, NVME_QUEUES_DEFAULT + 1, 8, to_1, at),
			  INVALID_QID);
	ck_assert_uint_eq(queue_cmd(op, 2, 8, QUEUE_PC, at), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(op, 2, 8, 99 << 16 | QUEUE_PC, at),
			  INVALID_QID);
	ck_assert_uint_eq(queue_cmd(op, 2, 8, 2 << 16 | QUEUE_PC, at),
			  CQ_INVALID);
	ck_assert_uint_eq(queue_cmd(op, 2, 1, to_1, at), INVALID_QUEUE_SIZE);
	ck_assert_uint_eq(queue_cmd(op, 2, 1025, to_1, at), INVALID_QUEUE_SIZE);
	ck_assert_uint_eq(queue_cmd(op, 2, 8, 1 << 16, at), INVALID_FIELD);
	ck_assert_uint_eq(queue_cmd(op, 2, 8, to_1, at + 64),
			  PRP_OFFSET_INVALID);
	/* Two submission queues of one completion queue. */
	ck_assert_uint_eq(queue_cmd(op, 2, 8, to_1, at), SUCCESS);
	push(2, (struct nvme_cmd){ .opcode = IO_FLUSH, .nsid = 1 });
	ring_sq(2);
	let_run();
	ck_assert_uint_eq(reap(1).sq_id, 2);
}
END_TEST

START_TEST(delete)
{
	ck_assert_uint_eq(queue_cmd(ADMIN_DELETE_CQ, 1, 1, 0, 0),
			  INVALID_QUEUE_DELETION);
	ck_assert_uint_eq(queue_cmd(ADMIN_DELETE_SQ, 0, 1, 0, 0), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(ADMIN_DELETE_CQ, 0, 1, 0, 0), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(ADMIN_DELETE_SQ, 2, 1, 0, 0), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(ADMIN_DELETE_CQ, 2, 1, 0, 0), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(ADMIN_DELETE_CQ, 999, 1, 0, 0),
			  INVALID_QID);
	ck_assert_uint_eq(queue_cmd(ADMIN_DELETE_SQ, 1, 1, 0, 0), SUCCESS);
	ck_assert_uint_eq(queue_cmd(ADMIN_DELETE_SQ, 1, 1, 0, 0), INVALID_QID);
	ck_assert_uint_eq(queue_cmd(ADMIN_DELETE_CQ, 1, 1, 0, 0), SUCCESS);
	create_pair(1);
	ck_assert_uint_eq(
		submit(1, (struct nvme_cmd){ .opcode = IO_FLUSH, .nsid = 1 }),
		SUCCESS);
}
END_TEST

/* Entry sizes in CC are looked at when queues for I/O are made. */
START_TEST(entry_sizes)
{
	disable();
	enable();
	reg_write(REG_CC, 5 << 20 | 7 << 16 | CC_EN);
	ck_assert_uint_eq(queue_cmd(ADMIN_CREATE_CQ, 1, 8, 1, RIG_CQ(1)),
			  INVALID_FIELD);
	reg_write(REG_CC, CQES << 20 | 7 << 16 | CC_EN);
	ck_assert_uint_eq(queue_cmd(ADMIN_CREATE_CQ, 1, 8, 1, RIG_CQ(1)),
			  SUCCESS);
	ck_assert_uint_eq(queue_cmd(ADMIN_CREATE_SQ, 1, 8, 1 << 16 | 1,
				    RIG_SQ(1)),
			  INVALID_FIELD);
}
END_TEST

static uint16_t set_feature(uint32_t cdw10, uint32_t cdw11, uint32_t nsid,
			    uint32_t *result)
{
	return submit_for(0,
			  (struct nvme_cmd){ .opcode = ADMIN_SET_FEATURES,
					     .nsid = nsid,
					     .cdw10 = cdw10,
					     .cdw11 = cdw11 },
			  result);
}

static uint16_t get_feature(uint32_t cdw10, uint32_t cdw11, uint32_t nsid,
			    uint32_t *result)
{
	return submit_for(0,
			  (struct nvme_cmd){ .opcode = ADMIN_GET_FEATURES,
					     .nsid = nsid,
					     .cdw10 = cdw10,
					     .cdw11 = cdw11 },
			  result);
}

/* What can be set, reads back, and is gone with a reset. */
START_TEST(features)
{
	static const struct {
		uint8_t id;
		uint32_t nsid, initial, value, bad;
	} cases[] = {
		{ FEATURE_ARBITRATION, 0, 7, 0x01020303, 0 },
		{ FEATURE_TEMPERATURE, 0, 343, 400, 1 << 16 },
		{ FEATURE_ERROR_RECOVERY, 1, 0, 5, 1 << 16 },
		{ FEATURE_COALESCING, 0, 0, 0x1203, 1 << 16 },
		{ FEATURE_ATOMICITY, 0, 0, 1, 2 },
		{ FEATURE_ASYNC_EVENTS, 0, 0, 0x1f, 1 << 8 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t id = cases[i].id, nsid = cases[i].nsid, result;

		ck_assert_uint_eq(get_feature(id, 0, nsid, &result), SUCCESS);
		ck_assert_uint_eq(result, cases[i].initial);
		ck_assert_uint_eq(set_feature(id, cases[i].value, nsid,
					      &result),
				  SUCCESS);
		ck_assert_uint_eq(get_feature(id, 0, nsid, &result), SUCCESS);
		ck_assert_uint_eq(result, cases[i].value);
		ck_assert_uint_eq(get_feature(id | SEL_DEFAULT << 8, 0, nsid,
					      &result),
				  SUCCESS);
		ck_assert_uint_eq(result, cases[i].initial);
		ck_assert_uint_eq(get_feature(id | SEL_SAVED << 8, 0, nsid,
					      &result),
				  SUCCESS);
		ck_assert_uint_eq(result, cases[i].initial);
		ck_assert_uint_eq(get_feature(id | SEL_CAPABILITIES << 8, 0,
					      nsid, &result),
				  SUCCESS);
		ck_assert_uint_eq(result, nsid ? 6 : 4);
		ck_assert_uint_eq(get_feature(id | 4 << 8, 0, nsid, &result),
				  INVALID_FIELD);
		if (cases[i].bad)
			ck_assert_uint_eq(set_feature(id, cases[i].bad, nsid,
						      &result),
					  INVALID_FIELD);
		ck_assert_uint_eq(set_feature(id | FEATURE_SAVE, 0, nsid,
					      &result),
				  NOT_SAVEABLE);
	}
	disable();
	enable();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t result;

		ck_assert_uint_eq(get_feature(cases[i].id, 0, cases[i].nsid,
					      &result),
				  SUCCESS);
		ck_assert_uint_eq(result, cases[i].initial);
	}
}
END_TEST

START_TEST(other_features)
{
	const uint32_t queues = (NVME_QUEUES_DEFAULT - 1) << 16 |
				(NVME_QUEUES_DEFAULT - 1);
	uint32_t r;

	ck_assert_uint_eq(get_feature(FEATURE_QUEUES, 0, 0, &r), SUCCESS);
	ck_assert_uint_eq(r, queues);
	/* There are queues already. */
	ck_assert_uint_eq(set_feature(FEATURE_QUEUES, 0, 0, &r),
			  SEQUENCE_ERROR);
	ck_assert_uint_eq(set_feature(FEATURE_QUEUES, 0xffff, 0, &r),
			  INVALID_FIELD);
	disable();
	enable();
	ck_assert_uint_eq(set_feature(FEATURE_QUEUES, 0x00ff00ff, 0, &r),
			  SUCCESS);
	ck_assert_uint_eq(r, queues);
	ck_assert_uint_eq(get_feature(FEATURE_VECTOR, 63, 0, &r), SUCCESS);
	ck_assert_uint_eq(r, 63);
	ck_assert_uint_eq(set_feature(FEATURE_VECTOR, 63 | 1 << 16, 0, &r),
			  SUCCESS);
	ck_assert_uint_eq(get_feature(FEATURE_VECTOR, 63, 0, &r), SUCCESS);
	ck_assert_uint_eq(r, 63 | 1 << 16);
	ck_assert_uint_eq(get_feature(FEATURE_VECTOR, 64, 0, &r),
			  INVALID_FIELD);
	ck_assert_uint_eq(set_feature(FEATURE_VECTOR, 64, 0, &r),
			  INVALID_FIELD);
	ck_assert_uint_eq(get_feature(FEATURE_POWER, 0, 0, &r), SUCCESS);
	ck_assert_uint_eq(r, 0);
	ck_assert_uint_eq(set_feature(FEATURE_POWER, 1, 0, &r), INVALID_FIELD);
	/* A namespace in memory has no cache. */
	ck_assert_uint_eq(get_feature(FEATURE_WRITE_CACHE, 0, 0, &r),
			  INVALID_FIELD);
	/* LBA range type; what is not defined. */
	ck_assert_uint_eq(get_feature(0x03, 0, 0, &r), INVALID_FIELD);
	ck_assert_uint_eq(set_feature(0, 0, 0, &r), INVALID_FIELD);
	ck_assert_uint_eq(set_feature(0xc0, 0, 0, &r), INVALID_FIELD);
	ck_assert_uint_eq(set_feature(FEATURE_ARBITRATION, 0, 1, &r),
			  NOT_NAMESPACE_SPECIFIC);
	ck_assert_uint_eq(set_feature(FEATURE_ERROR_RECOVERY, 0, 2, &r),
			  INVALID_NAMESPACE);
	ck_assert_uint_eq(get_feature(FEATURE_ERROR_RECOVERY, 0, 0, &r),
			  INVALID_NAMESPACE);
}
END_TEST

static struct nvme_cmd log_cmd(uint8_t id, uint32_t bytes, uint64_t offset)
{
	struct nvme_cmd cmd = data_cmd(ADMIN_GET_LOG_PAGE, NSID_ALL, DATA);

	cmd.cdw10 = id | (bytes / 4 - 1) << 16;
	cmd.cdw12 = (uint32_t)offset;
	cmd.cdw13 = (uint32_t)(offset >> 32);
	return cmd;
}

START_TEST(temperature)
{
	uint32_t r;

	ck_assert_uint_eq(set_feature(FEATURE_ASYNC_EVENTS, 0x1f, 0, &r),
			  SUCCESS);
	push(0, (struct nvme_cmd){ .opcode = ADMIN_ASYNC_EVENT });
	ring_sq(0);
	let_run();
	ck_assert(!has_completion(0));
	/* Under it, both ways: nothing yet; then over. */
	ck_assert_uint_eq(set_feature(FEATURE_TEMPERATURE, NVME_TEMPERATURE + 1,
				      0, &r),
			  SUCCESS);
	push(0, (struct nvme_cmd){ .opcode = ADMIN_SET_FEATURES,
				   .cdw10 = FEATURE_TEMPERATURE,
				   .cdw11 = NVME_TEMPERATURE });
	ring_sq(0);
	let_run();
	ck_assert_uint_eq(reap(0).status >> 1, SUCCESS);
	ck_assert_uint_eq(reap(0).result, 0x020101);
	ring_cq(0);
	ck_assert_uint_eq(submit(0, log_cmd(LOG_SMART, 512, 0)), SUCCESS);
	ck_assert_uint_eq(data_at(0, 1), 2);
	ck_assert_uint_eq(data_at(1, 2), NVME_TEMPERATURE);
}
END_TEST

START_TEST(error_log)
{
	struct nvme_cmd wrong = {
		.opcode = IO_READ, .nsid = 1, .cdw10 = RIG_BLOCKS, .prp1 = DATA
	};

	ck_assert_uint_eq(submit(0, log_cmd(LOG_ERRORS, 64, 0)), SUCCESS);
	ck_assert_uint_eq(data_at(0, 8), 0);
	for (int i = 0; i < NVME_ERRORS + 1; i++)
		ck_assert_uint_eq(submit(1, wrong), LBA_OUT_OF_RANGE);
	wrong.cdw10 = RIG_BLOCKS + 1;
	ck_assert_uint_eq(submit(1, wrong), LBA_OUT_OF_RANGE);
	ck_assert_uint_eq(submit(0, log_cmd(LOG_ERRORS, 1024, 0)), SUCCESS);
	ck_assert_uint_eq(data_at(0, 8), NVME_ERRORS + 2);
	ck_assert_uint_eq(data_at(8, 2), 1);
	ck_assert_uint_eq(data_at(10, 2), rig.cid - 1);
	ck_assert_uint_eq(data_at(12, 2) >> 1, LBA_OUT_OF_RANGE);
	ck_assert_uint_eq(data_at(14, 2), 0xffff);
	ck_assert_uint_eq(data_at(16, 8), RIG_BLOCKS + 1);
	ck_assert_uint_eq(data_at(24, 4), 1);
	ck_assert_uint_eq(data_at(64 * 15, 8), 3);
	/* From an offset on, and not over the end. */
	memset(fake_dma_at(DATA), 0xee, 2048);
	ck_assert_uint_eq(submit(0, log_cmd(LOG_ERRORS, 128, 64 * 15)),
			  SUCCESS);
	ck_assert_uint_eq(data_at(0, 8), 3);
	ck_assert_uint_eq(data_at(64, 8), 0xeeeeeeeeeeeeeeee);
}
END_TEST

START_TEST(smart_log)
{
	ck_assert_uint_eq(submit(1, rw(IO_WRITE, 0, 8, DATA, 0)), SUCCESS);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 8, DATA, 0)), SUCCESS);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 8, DATA, 0)), SUCCESS);
	ck_assert_uint_eq(submit(1, rw(IO_READ, 0, 8, NOWHERE, 0)),
			  DATA_TRANSFER_ERROR);
	ck_assert_uint_eq(submit(0, log_cmd(LOG_SMART, 512, 0)), SUCCESS);
	ck_assert_uint_eq(data_at(0, 1), 0);
	ck_assert_uint_eq(data_at(3, 1), 100);
	ck_assert_uint_eq(data_at(32, 8), 1);
	ck_assert_uint_eq(data_at(48, 8), 1);
	ck_assert_uint_eq(data_at(64, 8), 2);
	ck_assert_uint_eq(data_at(80, 8), 1);
	ck_assert_uint_eq(data_at(112, 8), 1);
	ck_assert_uint_eq(data_at(144, 8), 0);
	ck_assert_uint_eq(data_at(176, 8), 1);
	/* Without a shutdown before. */
	disable();
	enable();
	ck_assert_uint_eq(submit(0, log_cmd(LOG_SMART, 512, 0)), SUCCESS);
	ck_assert_uint_eq(data_at(112, 8), 2);
	ck_assert_uint_eq(data_at(144, 8), 1);
}
END_TEST

START_TEST(other_logs)
{
	struct nvme_cmd cmd = log_cmd(LOG_SMART, 512, 0);

	ck_assert_uint_eq(submit(0, log_cmd(LOG_FIRMWARE, 512, 0)), SUCCESS);
	ck_assert_uint_eq(data_at(0, 1), 1);
	assert_text(8, "1", 8);
	ck_assert_uint_eq(submit(0, log_cmd(LOG_COMMANDS, 4096, 0)), SUCCESS);
	ck_assert_uint_eq(data_at(4 * ADMIN_IDENTIFY, 4), 1);
	ck_assert_uint_eq(data_at(4 * 0x18, 4), 0);
	ck_assert_uint_eq(data_at(1024 + 4 * IO_READ, 4), 1);
	ck_assert_uint_eq(data_at(1024 + 4 * IO_WRITE, 4), 3);
	ck_assert_uint_eq(data_at(1024 + 4 * 0x04, 4), 0);
	ck_assert_uint_eq(submit(0, log_cmd(0, 512, 0)), INVALID_LOG_PAGE);
	ck_assert_uint_eq(submit(0, log_cmd(0x70, 512, 0)), INVALID_LOG_PAGE);
	ck_assert_uint_eq(submit(0, log_cmd(LOG_SMART, 4, 2)), INVALID_FIELD);
	ck_assert_uint_eq(submit(0, log_cmd(LOG_SMART, 4, 512)), INVALID_FIELD);
	ck_assert_uint_eq(submit(0, log_cmd(LOG_SMART, 4, 1ULL << 32)),
			  INVALID_FIELD);
	cmd.nsid = 1;
	ck_assert_uint_eq(submit(0, cmd), INVALID_FIELD);
	cmd.nsid = 0;
	cmd.cdw11 = 0xffff;
	ck_assert_uint_eq(submit(0, cmd), INVALID_FIELD);
}
END_TEST

Suite *nvme_admin_suite(void)
{
	Suite *suite = suite_create("nvme admin");
	TCase *tc = tcase_create("commands");

	tcase_add_checked_fixture(tc, nvme_rig_setup, nvme_rig_teardown);
	tcase_add_test(tc, identify_controller);
	tcase_add_test(tc, identify_namespace);
	tcase_add_test(tc, identify_others);
	tcase_add_test(tc, unknown_commands);
	tcase_add_test(tc, create_cq);
	tcase_add_test(tc, create_sq);
	tcase_add_test(tc, delete);
	tcase_add_test(tc, entry_sizes);
	tcase_add_test(tc, features);
	tcase_add_test(tc, other_features);
	tcase_add_test(tc, temperature);
	tcase_add_test(tc, error_log);
	tcase_add_test(tc, smart_log);
	tcase_add_test(tc, other_logs);
	suite_add_tcase(suite, tc);
	return suite;
}
