// SPDX-License-Identifier: BSD-3-Clause
#include "attribute.h"

#include <check.h>
#include <string.h>

#include "fake_services.h"

#define PAGE_SIZE 4096

static const struct vfiod_attribute *find(const char *name)
{
	const struct vfiod_plugin *plugin = vfiod_plugin_entry();

	for (uint32_t i = 0; i < plugin->nr_attributes; i++)
		if (!strcmp(plugin->attributes[i].name, name))
			return &plugin->attributes[i];
	ck_abort_msg("no attribute %s", name);
	return NULL;
}

int attribute_store(struct vfio_device *vdev, const char *name,
		    const char *text)
{
	ssize_t ret = find(name)->store(vdev, text, strlen(text));

	if (ret < 0)
		return (int)ret;
	ck_assert_uint_eq((size_t)ret, strlen(text));
	return 0;
}

const char *attribute_show(struct vfio_device *vdev, const char *name)
{
	static char text[PAGE_SIZE];
	ssize_t len = find(name)->show(vdev, text, sizeof(text));

	ck_assert_int_ge(len, 0);
	ck_assert_int_lt(len, PAGE_SIZE);
	text[len] = '\0';
	return text;
}
