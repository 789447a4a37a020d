/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIOD_DAEMON_PLUGIN_LAYOUT_H
#define VFIOD_DAEMON_PLUGIN_LAYOUT_H

#include <vfiod/plugin.h>

/*
 * Copy what a plugin's binary describes, in the layout it was compiled with,
 * into @desc in today's: fields that it does not know are 0. -ENOMEM.
 */
int plugin_layout_copy(struct vfiod_plugin *desc,
		       const struct vfiod_plugin *binary);
/* Frees the copies of the tables. */
void plugin_layout_free(struct vfiod_plugin *desc);

#endif
