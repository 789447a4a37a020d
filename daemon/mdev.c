// SPDX-License-Identifier: BSD-3-Clause
#include "mdev.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "devices.h"

#define UUID_LENGTH 36

/* 8-4-4-4-12 hexadecimal digits, made lower case as the kernel's mdev does. */
static bool parse_uuid(char *uuid, const char *text)
{
	if (strlen(text) != UUID_LENGTH)
		return false;
	for (int i = 0; i < UUID_LENGTH; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
		uuid[i] = tolower((unsigned char)text[i]);
	}
	uuid[UUID_LENGTH] = '\0';
	return true;
}

/* A random one: version 4, variant 1. */
static int make_uuid(char *uuid)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return -EIO;
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(uuid, UUID_LENGTH + 1,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		 b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

static int take_uuid(struct device *device, const char *value, struct why *why)
{
	if (parse_uuid(device->name, value))
		return 0;
	snprintf(why->line, why->size,
		 "--mdev: \"%s\" is not a UUID; uuidgen makes one", value);
	return -EINVAL;
}

static int take_noiommu(struct device *device, const char *value,
			struct why *why)
{
	if (!strcmp(value, "on")) {
		device->group_type = VFIO_NO_IOMMU;
		return 0;
	}
	if (!strcmp(value, "off")) {
		device->group_type = VFIO_EMULATED_IOMMU;
		return 0;
	}
	snprintf(why->line, why->size,
		 "--mdev: noiommu is \"on\" or \"off\", not \"%s\"", value);
	return -EINVAL;
}

int mdev_take(struct device *device, const char *key, const char *value,
	      struct why *why)
{
	if (!strcmp(key, "uuid"))
		return take_uuid(device, value, why);
	if (!strcmp(key, "noiommu"))
		return take_noiommu(device, value, why);
	return 1;
}

int mdev_finish(struct device *device)
{
	return device->name[0] ? 0 : make_uuid(device->name);
}
