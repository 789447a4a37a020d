// SPDX-License-Identifier: BSD-3-Clause
#include "fake_params.h"

#include <string.h>

#include <vfiod/plugin.h>

static const char *param_name, *param_value;

void fake_param(const char *name, const char *value)
{
	param_name = name;
	param_value = value;
}

const char *vfiod_device_param(const struct vfio_device *vdev, const char *name)
{
	(void)vdev;
	return param_name && !strcmp(param_name, name) ? param_value : NULL;
}
