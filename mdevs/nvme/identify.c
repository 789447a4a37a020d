// SPDX-License-Identifier: BSD-3-Clause
/* Identify: what the controller and its namespace are. */
#include <stdio.h>
#include <string.h>

#include "nvme.h"
#include "version.h"

#define UUID_BYTES 16
#define NID_UUID 3

/* Identify Controller, as far as it is not zero. */
struct controller {
	uint16_t vid;
	uint16_t ssvid;
	char sn[20];
	char mn[40];
	char fr[8];
	uint8_t rab;
	uint8_t ieee[3];
	uint8_t cmic;
	uint8_t mdts;
	uint16_t cntlid;
	uint32_t ver;
	uint8_t to_111[27];
	uint8_t cntrltype;
	uint8_t to_256[144];
	uint16_t oacs;
	uint8_t acl;
	uint8_t aerl;
	uint8_t frmw;
	uint8_t lpa;
	uint8_t elpe;
	uint8_t npss;
	uint8_t avscc;
	uint8_t apsta;
	uint16_t wctemp;
	uint16_t cctemp;
	uint8_t to_512[242];
	uint8_t sqes;
	uint8_t cqes;
	uint16_t maxcmd;
	uint32_t nn;
	uint16_t oncs;
	uint16_t fuses;
	uint8_t fna;
	uint8_t vwc;
	uint16_t awun;
	uint16_t awupf;
	uint8_t to_768[238];
	char subnqn[256];
	uint8_t to_2048[1024];
	uint16_t max_power; /* of power state 0, in 0.01 W */
	uint8_t rest[2046];
};

_Static_assert(sizeof(struct controller) == IDENTIFY_BYTES, "");
_Static_assert(offsetof(struct controller, cntrltype) == 111, "");
_Static_assert(offsetof(struct controller, oacs) == 256, "");
_Static_assert(offsetof(struct controller, sqes) == 512, "");
_Static_assert(offsetof(struct controller, subnqn) == 768, "");
_Static_assert(offsetof(struct controller, max_power) == 2048, "");

#define CONTROLLER_FOR_IO 1
#define FRMW_ONE_FIXED_SLOT 0x03
#define LPA_COMMANDS 0x2
#define LPA_OFFSETS 0x4
#define ONCS_COMPARE 0x01
#define ONCS_DSM 0x04
#define ONCS_WRITE_ZEROES 0x08
#define ONCS_SELECT 0x10
#define VWC_PRESENT 0x1
#define VWC_FLUSH_ALL 0x6
#define CRITICAL_KELVINS 353

/* Identify Namespace, likewise. */
struct namespace
{
	uint64_t nsze;
	uint64_t ncap;
	uint64_t nuse;
	uint8_t to_33[9];
	uint8_t dlfeat;
	uint8_t to_99[65];
	uint8_t nsattr;
	uint8_t to_128[28];
	uint32_t lbaf0;
	uint8_t rest[3964];
};

_Static_assert(sizeof(struct namespace) == IDENTIFY_BYTES, "");
_Static_assert(offsetof(struct namespace, dlfeat) == 33, "");
_Static_assert(offsetof(struct namespace, nsattr) == 99, "");
_Static_assert(offsetof(struct namespace, lbaf0) == 128, "");

#define DLFEAT_READS_ZERO 0x1
#define NSATTR_WRITE_PROTECTED 0x1
#define LBAF_SIZE_SHIFT 16

/* One of the descriptors of CNS 3. */
struct namespace_id {
	uint8_t type;
	uint8_t len;
	uint8_t reserved[2];
	uint8_t id[UUID_BYTES];
};

static void put_text(char *field, size_t size, const char *text)
{
	size_t len = strlen(text);

	memset(field, ' ', size);
	memcpy(field, text, len < size ? len : size);
}

static uint64_t hash(const char *text, uint64_t seed)
{
	uint64_t h = 0xcbf29ce484222325ULL ^ seed; /* FNV-1a */

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3ULL;
	return h;
}

/* Of the serial number, so that it is the same each time: version 8. */
static void make_uuid(const struct nvme *nvme, uint8_t *uuid)
{
	uint64_t halves[2] = { hash(nvme->serial, 0), hash(nvme->serial, 1) };

	memcpy(uuid, halves, UUID_BYTES);
	uuid[6] = (uuid[6] & 0x0f) | 0x80;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

static void make_nqn(const struct nvme *nvme, char *nqn, size_t size)
{
	uint8_t u[UUID_BYTES];

	make_uuid(nvme, u);
	snprintf(nqn, size,
		 "nqn.2014-08.org.nvmexpress:uuid:%02x%02x%02x%02x-%02x%02x-"
		 "%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9],
		 u[10], u[11], u[12], u[13], u[14], u[15]);
}

/* Commands are done one after the other: the largest is atomic. */
static uint16_t atomic_blocks(const struct nvme *nvme)
{
	return (NVME_TRANSFER_MAX >> nvme->ns.shift) - 1;
}

static void fill_controller(const struct nvme *nvme, struct controller *c)
{
	c->vid = NVME_VENDOR;
	c->ssvid = NVME_VENDOR;
	put_text(c->sn, sizeof(c->sn), nvme->serial);
	put_text(c->mn, sizeof(c->mn), NVME_MODEL);
	put_text(c->fr, sizeof(c->fr), NVME_FIRMWARE);
	c->mdts = NVME_MDTS;
	c->ver = VERSION_1_4;
	c->cntrltype = CONTROLLER_FOR_IO;
	c->acl = 3;
	c->aerl = NVME_EVENT_REQUESTS - 1;
	c->frmw = FRMW_ONE_FIXED_SLOT;
	c->lpa = LPA_COMMANDS | LPA_OFFSETS;
	c->elpe = NVME_ERRORS - 1;
	c->wctemp = NVME_WARNING_KELVINS;
	c->cctemp = CRITICAL_KELVINS;
	c->sqes = SQES << 4 | SQES;
	c->cqes = CQES << 4 | CQES;
	c->nn = 1;
	c->oncs = ONCS_COMPARE | ONCS_DSM | ONCS_WRITE_ZEROES | ONCS_SELECT;
	c->vwc = VWC_FLUSH_ALL | (nvme->ns.fd >= 0 ? VWC_PRESENT : 0);
	c->awun = atomic_blocks(nvme);
	c->max_power = 2500;
	make_nqn(nvme, c->subnqn, sizeof(c->subnqn));
}

static uint16_t identify_controller(struct nvme *nvme,
				    const struct nvme_cmd *cmd)
{
	struct controller c = { 0 };

	fill_controller(nvme, &c);
	return nvme_prp_give(nvme, cmd, &c, sizeof(c));
}

static uint16_t identify_namespace(struct nvme *nvme,
				   const struct nvme_cmd *cmd)
{
	struct namespace ns = {
		.nsze = nvme->ns.blocks,
		.ncap = nvme->ns.blocks,
		.nuse = nvme->ns.blocks,
		.dlfeat = DLFEAT_READS_ZERO,
		.nsattr = nvme->ns.readonly ? NSATTR_WRITE_PROTECTED : 0,
		.lbaf0 = nvme->ns.shift << LBAF_SIZE_SHIFT,
	};

	if (cmd->nsid != 1)
		return INVALID_NAMESPACE;
	return nvme_prp_give(nvme, cmd, &ns, sizeof(ns));
}

/* Those above the one that is given. */
static uint16_t identify_active(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	uint32_t list[IDENTIFY_BYTES / sizeof(uint32_t)] = { 0 };

	if (cmd->nsid >= NSID_ALL - 1)
		return INVALID_NAMESPACE;
	if (cmd->nsid < 1)
		list[0] = 1;
	return nvme_prp_give(nvme, cmd, list, sizeof(list));
}

static uint16_t identify_ids(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	uint8_t page[IDENTIFY_BYTES] = { 0 };
	struct namespace_id id = { .type = NID_UUID, .len = UUID_BYTES };

	if (cmd->nsid != 1)
		return INVALID_NAMESPACE;
	make_uuid(nvme, id.id);
	memcpy(page, &id, sizeof(id));
	return nvme_prp_give(nvme, cmd, page, sizeof(page));
}

uint16_t nvme_identify(struct nvme *nvme, const struct nvme_cmd *cmd)
{
	switch (cmd->cdw10 & 0xff) {
	case CNS_NAMESPACE:
		return identify_namespace(nvme, cmd);
	case CNS_CONTROLLER:
		return identify_controller(nvme, cmd);
	case CNS_ACTIVE_NAMESPACES:
		return identify_active(nvme, cmd);
	case CNS_NAMESPACE_IDS:
		return identify_ids(nvme, cmd);
	default:
		return INVALID_FIELD;
	}
}
