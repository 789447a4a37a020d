// SPDX-License-Identifier: BSD-3-Clause
/* Get Features and Set Features. */
#include "nvme.h"

#define VALUE 0xffffU
#define NO_BURST_LIMIT 7U

#define OVER 0U /* the kind of a temperature threshold */
#define UNDER 1U
#define THRESHOLD_KIND(cdw11) ((cdw11) >> 20 & 0x3)
#define THRESHOLD_SENSOR(cdw11) ((cdw11) >> 16 & 0xf)
#define ALL_SENSORS 0xf

#define VECTOR_UNCOALESCED (1U << 16)
#define WARNINGS_KNOWN 0xffU

static const struct nvme_features defaults = {
	.arbitration = NO_BURST_LIMIT,
	.over = NVME_WARNING_KELVINS,
	.write_cache = 1,
};

void nvme_features_reset(struct nvme *nvme)
{
	nvme->features = defaults;
}

static bool has_write_cache(const struct nvme *nvme)
{
	return nvme->ns.fd >= 0;
}

/* Of where it belongs: 0 when there is no such feature. */
static uint32_t capabilities_of(const struct nvme *nvme, uint8_t id)
{
	if (id == FEATURE_WRITE_CACHE)
		return has_write_cache(nvme) ? FEATURE_CHANGEABLE : 0;
	if (id == FEATURE_ERROR_RECOVERY)
		return FEATURE_CHANGEABLE | FEATURE_PER_NAMESPACE;
	if (id < FEATURE_ARBITRATION || id > FEATURE_ASYNC_EVENTS || id == 3)
		return 0;
	return FEATURE_CHANGEABLE;
}

static uint16_t get_threshold(const struct nvme_features *f, uint32_t cdw11,
			      uint32_t *result)
{
	if (THRESHOLD_SENSOR(cdw11) || THRESHOLD_KIND(cdw11) > UNDER)
		return INVALID_FIELD;
	*result = THRESHOLD_KIND(cdw11) == OVER ? f->over : f->under;
	return SUCCESS;
}

static uint16_t get_vector(const struct nvme_features *f, uint32_t cdw11,
			   uint32_t *result)
{
	uint32_t vector = cdw11 & VALUE;

	if (vector >= NVME_VECTORS)
		return INVALID_FIELD;
	*result = vector |
		  (f->uncoalesced >> vector & 1 ? VECTOR_UNCOALESCED : 0);
	return SUCCESS;
}

static uint16_t get(const struct nvme *nvme, const struct nvme_features *f,
		    const struct nvme_cmd *cmd, uint32_t *result)
{
	uint32_t queues = nvme->nr_queues - 1;

	switch (cmd->cdw10 & 0xff) {
	case FEATURE_ARBITRATION:
		*result = f->arbitration;
		break;
	case FEATURE_TEMPERATURE:
		return get_threshold(f, cmd->cdw11, result);
	case FEATURE_ERROR_RECOVERY:
		*result = f->error_recovery;
		break;
	case FEATURE_WRITE_CACHE:
		*result = f->write_cache;
		break;
	case FEATURE_QUEUES:
		*result = queues << 16 | queues;
		break;
	case FEATURE_COALESCING:
		*result = f->coalescing;
		break;
	case FEATURE_VECTOR:
		return get_vector(f, cmd->cdw11, result);
	case FEATURE_ATOMICITY:
		*result = f->atomicity;
		break;
	case FEATURE_ASYNC_EVENTS:
		*result = f->async_events;
		break;
	}
	/* The one power state is 0. */
	return SUCCESS;
}

uint16_t nvme_get_feature(struct nvme *nvme, const struct nvme_cmd *cmd,
			  uint32_t *result)
{
	uint32_t capabilities = capabilities_of(nvme, cmd->cdw10 & 0xff);

	if (!capabilities)
		return INVALID_FIELD;
	if (capabilities & FEATURE_PER_NAMESPACE && cmd->nsid != 1)
		return INVALID_NAMESPACE;
	switch (FEATURE_SEL(cmd->cdw10)) {
	case SEL_CURRENT:
		return get(nvme, &nvme->features, cmd, result);
	case SEL_DEFAULT:
	case SEL_SAVED: /* none is, so it is the default */
		return get(nvme, &defaults, cmd, result);
	case SEL_CAPABILITIES:
		*result = capabilities;
		return SUCCESS;
	default:
		return INVALID_FIELD;
	}
}

static uint16_t set_threshold(struct nvme *nvme, uint32_t cdw11)
{
	struct nvme_features *f = &nvme->features;
	uint32_t sensor = THRESHOLD_SENSOR(cdw11);

	if ((sensor && sensor != ALL_SENSORS) || THRESHOLD_KIND(cdw11) > UNDER)
		return INVALID_FIELD;
	if (THRESHOLD_KIND(cdw11) == OVER)
		f->over = cdw11 & VALUE;
	else
		f->under = cdw11 & VALUE;
	if (nvme_warnings(nvme) & f->async_events)
		nvme_event(nvme, EVENT_SMART, SMART_TEMPERATURE, LOG_SMART);
	return SUCCESS;
}

static uint16_t set_queues(const struct nvme *nvme, uint32_t cdw11,
			   uint32_t *result)
{
	uint32_t queues = nvme->nr_queues - 1;

	if ((cdw11 & VALUE) == VALUE || cdw11 >> 16 == VALUE)
		return INVALID_FIELD;
	if (nvme_has_io_queues(nvme))
		return SEQUENCE_ERROR;
	*result = queues << 16 | queues;
	return SUCCESS;
}

static uint16_t set_vector(struct nvme_features *f, uint32_t cdw11)
{
	uint32_t vector = cdw11 & VALUE;

	if (vector >= NVME_VECTORS)
		return INVALID_FIELD;
	f->uncoalesced &= ~(1ULL << vector);
	if (cdw11 & VECTOR_UNCOALESCED)
		f->uncoalesced |= 1ULL << vector;
	return SUCCESS;
}

static uint16_t set_to(uint32_t *value, uint32_t cdw11, uint32_t known)
{
	if (cdw11 & ~known)
		return INVALID_FIELD;
	*value = cdw11;
	return SUCCESS;
}

static uint16_t set(struct nvme *nvme, const struct nvme_cmd *cmd,
		    uint32_t *result)
{
	struct nvme_features *f = &nvme->features;
	uint32_t cdw11 = cmd->cdw11;

	switch (cmd->cdw10 & 0xff) {
	case FEATURE_ARBITRATION:
		return set_to(&f->arbitration, cdw11, UINT32_MAX);
	case FEATURE_POWER: /* a state that there is */
		return cdw11 & 0x1f ? INVALID_FIELD : SUCCESS;
	case FEATURE_TEMPERATURE:
		return set_threshold(nvme, cdw11);
	case FEATURE_ERROR_RECOVERY: /* no errors of deallocated blocks */
		return set_to(&f->error_recovery, cdw11, VALUE);
	case FEATURE_WRITE_CACHE:
		return set_to(&f->write_cache, cdw11, 1);
	case FEATURE_QUEUES:
		return set_queues(nvme, cdw11, result);
	case FEATURE_COALESCING:
		return set_to(&f->coalescing, cdw11, VALUE);
	case FEATURE_VECTOR:
		return set_vector(f, cdw11);
	case FEATURE_ATOMICITY:
		return set_to(&f->atomicity, cdw11, 1);
	case FEATURE_ASYNC_EVENTS:
		return set_to(&f->async_events, cdw11, WARNINGS_KNOWN);
	default:
		return INVALID_FIELD;
	}
}

uint16_t nvme_set_feature(struct nvme *nvme, const struct nvme_cmd *cmd,
			  uint32_t *result)
{
	uint32_t capabilities = capabilities_of(nvme, cmd->cdw10 & 0xff);
	bool all = !cmd->nsid || cmd->nsid == NSID_ALL;

	if (!capabilities)
		return INVALID_FIELD;
	if (cmd->cdw10 & FEATURE_SAVE)
		return NOT_SAVEABLE;
	if (!(capabilities & FEATURE_PER_NAMESPACE) && !all)
		return NOT_NAMESPACE_SPECIFIC;
	if (capabilities & FEATURE_PER_NAMESPACE && cmd->nsid != 1 &&
	    cmd->nsid != NSID_ALL)
		return INVALID_NAMESPACE;
	return set(nvme, cmd, result);
}
