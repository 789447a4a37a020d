// SPDX-License-Identifier: BSD-3-Clause
#include "fake_params.h"

#include <check.h>
#include <string.h>

#include <vfiod/plugin.h>

#define MAX_PARAMS 8

static struct {
	const char *name;
	const char *value;
} params[MAX_PARAMS];
static size_t nr_params;

void fake_param(const char *name, const char *value)
{
	nr_params = 0;
	if (name)
		fake_param_more(name, value);
}

void fake_param_more(const char *name, const char *value)
{
	ck_assert_uint_lt(nr_params, MAX_PARAMS);
	params[nr_params].name = name;
	params[nr_params++].value = value;
}

const char *vfiod_device_param(const struct vfio_device *vdev, const char *name)
{
	(void)vdev;
	for (size_t i = 0; i < nr_params; i++)
		if (!strcmp(params[i].name, name))
			return params[i].value;
	return NULL;
}
