// SPDX-License-Identifier: BSD-3-Clause
/* Get Log Page, and what the logs are filled with. */
#include <string.h>

#include "nvme.h"
#include "version.h"

#define NO_PARAMETER 0xffff /* which byte of the command was wrong: unsaid */
#define COMMAND_SUPPORTED 0x1U
#define COMMAND_WRITES 0x2U

struct smart {
	uint8_t warnings;
	uint8_t temperature[2];
	uint8_t spare;
	uint8_t spare_threshold;
	uint8_t reserved[27];
	uint64_t counters[10][2]; /* 128 bits each */
	uint8_t rest[320];
};

_Static_assert(sizeof(struct smart) == 512, "");

enum smart_counter {
	UNITS_READ,
	UNITS_WRITTEN,
	READS,
	WRITES,
	BUSY_MINUTES,
	POWER_CYCLES,
	POWER_ON_HOURS,
	UNSAFE_SHUTDOWNS,
	MEDIA_ERRORS,
	ERRORS,
};

struct firmware {
	uint8_t active;
	uint8_t reserved[7];
	char slots[7][8];
	uint8_t rest[448];
};

_Static_assert(sizeof(struct firmware) == 512, "");

struct commands {
	uint32_t admin[256];
	uint32_t io[256];
	uint8_t rest[2048];
};

_Static_assert(sizeof(struct commands) == 4096, "");

void nvme_log_error(struct nvme *nvme, const struct nvme_sq *sq,
		    const struct nvme_cmd *cmd, uint16_t status)
{
	struct nvme_error_entry *entry;

	entry = &nvme->errors[nvme->nr_errors++ % NVME_ERRORS];
	*entry = (struct nvme_error_entry){
		.count = nvme->nr_errors,
		.sq_id = sq->id,
		.cid = cmd->cid,
		.status = (uint16_t)(status << 1 | sq->cq->phase),
		.parameter = NO_PARAMETER,
		.nsid = cmd->nsid,
	};
	if (sq->id)
		entry->lba = cmd->cdw10 | (uint64_t)cmd->cdw11 << 32;
}

uint8_t nvme_warnings(const struct nvme *nvme)
{
	const struct nvme_features *f = &nvme->features;

	return NVME_TEMPERATURE >= f->over || NVME_TEMPERATURE <= f->under ?
		       WARNING_TEMPERATURE :
		       0;
}

/* The newest first. */
static size_t make_errors(const struct nvme *nvme, void *page)
{
	struct nvme_error_entry *entries = page;

	for (uint64_t i = 0; i < NVME_ERRORS && i < nvme->nr_errors; i++)
		entries[i] =
			nvme->errors[(nvme->nr_errors - 1 - i) % NVME_ERRORS];
	return NVME_ERRORS * sizeof(*entries);
}

/* In thousands, rounded up. */
static uint64_t thousands(uint64_t n)
{
	return (n + 999) / 1000;
}

static size_t make_smart(const struct nvme *nvme, void *page)
{
	const struct nvme_stats *stats = &nvme->stats;
	struct smart *smart = page;

	smart->warnings = nvme_warnings(nvme);
	smart->temperature[0] = NVME_TEMPERATURE & 0xff;
	smart->temperature[1] = NVME_TEMPERATURE >> 8;
	smart->spare = 100;
	smart->spare_threshold = 10;
	smart->counters[UNITS_READ][0] = thousands(stats->units_read);
	smart->counters[UNITS_WRITTEN][0] = thousands(stats->units_written);
	smart->counters[READS][0] = stats->reads;
	smart->counters[WRITES][0] = stats->writes;
	smart->counters[POWER_CYCLES][0] = stats->power_cycles;
	smart->counters[UNSAFE_SHUTDOWNS][0] = stats->unsafe_shutdowns;
	smart->counters[MEDIA_ERRORS][0] = stats->media_errors;
	smart->counters[ERRORS][0] = nvme->nr_errors;
	return sizeof(*smart);
}

static size_t make_firmware(void *page)
{
	struct firmware *firmware = page;

	firmware->active = 1;
	memcpy(firmware->slots[0], NVME_FIRMWARE, sizeof(firmware->slots[0]));
	return sizeof(*firmware);
}

static size_t make_commands(void *page)
{
	static const uint8_t admin[] = {
		ADMIN_DELETE_SQ,   ADMIN_CREATE_SQ,    ADMIN_GET_LOG_PAGE,
		ADMIN_DELETE_CQ,   ADMIN_CREATE_CQ,    ADMIN_IDENTIFY,
		ADMIN_ABORT,	   ADMIN_SET_FEATURES, ADMIN_GET_FEATURES,
		ADMIN_ASYNC_EVENT,
	};
	struct commands *commands = page;

	for (size_t i = 0; i < sizeof(admin); i++)
		commands->admin[admin[i]] = COMMAND_SUPPORTED;
	commands->io[IO_FLUSH] = COMMAND_SUPPORTED;
	commands->io[IO_READ] = COMMAND_SUPPORTED;
	commands->io[IO_COMPARE] = COMMAND_SUPPORTED;
	commands->io[IO_WRITE] = COMMAND_SUPPORTED | COMMAND_WRITES;
	commands->io[IO_WRITE_ZEROES] = COMMAND_SUPPORTED | COMMAND_WRITES;
	commands->io[IO_DSM] = COMMAND_SUPPORTED | COMMAND_WRITES;
	return sizeof(*commands);
}

/* The size; 0: there is no such page. */
static size_t make_page(const struct nvme *nvme, uint8_t id, void *page)
{
	switch (id) {
	case LOG_ERRORS:
		return make_errors(nvme, page);
	case LOG_SMART:
		return make_smart(nvme, page);
	case LOG_FIRMWARE:
		return make_firmware(page);
	case LOG_COMMANDS:
		return make_commands(page);
	default:
		return 0;
	}
}

/* What is beyond the page's end is not transferred. */
uint16_t nvme_get_log_page(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	uint64_t dwords =
		(cmd->cdw10 >> 16 | (uint64_t)(cmd->cdw11 & 0xffff) << 16) + 1;
	uint64_t offset = cmd->cdw12 | (uint64_t)cmd->cdw13 << 32;
	uint8_t id = cmd->cdw10 & 0xff;
	_Alignas(8) uint8_t page[4096] = { 0 };
	size_t size = make_page(nvme, id, page);
	uint16_t status;

	if (!size)
		return INVALID_LOG_PAGE;
	if (offset % 4 || offset >= size || dwords * 4 > NVME_TRANSFER_MAX)
		return INVALID_FIELD;
	if (id == LOG_SMART && cmd->nsid && cmd->nsid != NSID_ALL)
		return INVALID_FIELD;
	size -= offset;
	if (size > dwords * 4)
		size = dwords * 4;
	status = nvme_prp_give(nvme, cmd, page + offset, (uint32_t)size);
	if (!status && !(cmd->cdw10 & LOG_RETAIN_EVENT))
		nvme_event_seen(nvme, id);
	return status;
}
