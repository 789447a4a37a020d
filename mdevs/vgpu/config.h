/* SPDX-License-Identifier: BSD-3-Clause */
/* The PCI configuration space. The owner locks. */
#ifndef VGPU_CONFIG_H
#define VGPU_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "types.h"

struct vgpu_config {
	uint8_t bytes[VGPU_CONFIG_SIZE];
};

/* As after a reset. */
void vgpu_config_init(struct vgpu_config *config);
/* @len is 1, 2 or 4. 0, or -EINVAL: over the end. */
int vgpu_config_read(const struct vgpu_config *config, uint64_t offset,
		     void *buf, unsigned int len);
/*
 * Likewise; -EINVAL also for a part of a BAR that is not its beginning, and
 * for COMMAND together with STATUS.
 */
int vgpu_config_write(struct vgpu_config *config, uint64_t offset,
		      const void *buf, unsigned int len);
bool vgpu_config_msi_enabled(const struct vgpu_config *config);

#endif
