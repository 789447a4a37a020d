// SPDX-License-Identifier: BSD-3-Clause
/* The admin command set. */
#include "nvme.h"

/*
 * Commands are done one after the other, so what is aborted is done already,
 * or has not been fetched yet. Only requests for events wait.
 */
static uint16_t abort_command(struct nvme *nvme, const struct nvme_cmd *cmd,
			      uint32_t *result)
{
	uint16_t sqid = cmd->cdw10 & 0xffff, cid = cmd->cdw10 >> 16;

	*result = sqid || !nvme_event_abort(nvme, cid);
	return SUCCESS;
}

uint16_t nvme_admin(struct nvme *nvme, const struct nvme_cmd *cmd,
		    uint32_t *result)
{
	switch (cmd->opcode) {
	case ADMIN_DELETE_SQ:
		return nvme_delete_sq(nvme, cmd);
	case ADMIN_CREATE_SQ:
		return nvme_create_sq(nvme, cmd);
	case ADMIN_GET_LOG_PAGE:
		return nvme_get_log_page(nvme, cmd);
	case ADMIN_DELETE_CQ:
		return nvme_delete_cq(nvme, cmd);
	case ADMIN_CREATE_CQ:
		return nvme_create_cq(nvme, cmd);
	case ADMIN_IDENTIFY:
		return nvme_identify(nvme, cmd);
	case ADMIN_ABORT:
		return abort_command(nvme, cmd, result);
	case ADMIN_SET_FEATURES:
		return nvme_set_feature(nvme, cmd, result);
	case ADMIN_GET_FEATURES:
		return nvme_get_feature(nvme, cmd, result);
	case ADMIN_ASYNC_EVENT:
		return nvme_event_request(nvme, cmd);
	default:
		return INVALID_OPCODE;
	}
}
