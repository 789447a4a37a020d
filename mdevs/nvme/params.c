// SPDX-License-Identifier: BSD-3-Clause
/* The parameters of a device. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvme.h"

#define SIZE_MAX_LOG2 44 /* 16 TiB */

static int refuse(const struct nvme *nvme, const char *why)
{
	vfiod_log(nvme->vdev, VFIOD_LOG_ERROR, "%s", why);
	return -EINVAL;
}

/* A number with a suffix k, m or g; 0: it is none. */
static uint64_t parse_size(const char *text)
{
	static const char suffixes[] = "kmg";
	const char *suffix;
	uint64_t size;
	char *end;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	size = strtoull(text, &end, 10);
	if (errno)
		return 0;
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix) {
		unsigned int shift = 10 * (unsigned int)(suffix - suffixes + 1);

		if (size > UINT64_MAX >> shift)
			return 0;
		size <<= shift;
		end++;
	}
	return *end ? 0 : size;
}

static int take_queues(struct nvme *nvme)
{
	const char *value = vfiod_device_param(nvme->vdev, "queues");
	char *end;
	long nr;

	nvme->nr_queues = NVME_QUEUES_DEFAULT;
	if (!value)
		return 0;
	nr = strtol(value, &end, 10);
	if (!*value || *end || nr < 1 || nr > NVME_QUEUES_MAX)
		return refuse(nvme, "queues: 1 to 63");
	nvme->nr_queues = (unsigned int)nr;
	return 0;
}

/* The device's name without its dashes, unless there is one. */
static int take_serial(struct nvme *nvme)
{
	const char *value = vfiod_device_param(nvme->vdev, "serial");
	const char *from = value ? value : vfiod_device_name(nvme->vdev);
	size_t n = 0;

	if (value && (!*value || strlen(value) > NVME_SERIAL_BYTES))
		return refuse(nvme, "serial: 1 to 20 characters");
	for (; *from && n < NVME_SERIAL_BYTES; from++) {
		if (*from < ' ' || *from > '~')
			return refuse(nvme, "serial: ASCII only");
		if (value || *from != '-')
			nvme->serial[n++] = *from;
	}
	return 0;
}

static int take_block(struct nvme *nvme)
{
	const char *value = vfiod_device_param(nvme->vdev, "block");

	nvme->ns.shift = 9;
	if (!value || !strcmp(value, "512"))
		return 0;
	if (strcmp(value, "4096"))
		return refuse(nvme, "block: 512 or 4096");
	nvme->ns.shift = 12;
	return 0;
}

static int take_readonly(struct nvme *nvme)
{
	const char *value = vfiod_device_param(nvme->vdev, "readonly");

	if (!value || !strcmp(value, "off"))
		return 0;
	if (strcmp(value, "on"))
		return refuse(nvme, "readonly: on or off");
	nvme->ns.readonly = true;
	return 0;
}

static int open_memory(struct nvme *nvme, const char *text)
{
	uint64_t size = parse_size(text);
	int ret;

	if (!size || size & ((1U << nvme->ns.shift) - 1) ||
	    size > 1ULL << SIZE_MAX_LOG2)
		return refuse(nvme, "size: bytes, or with k, m or g behind; "
				    "a multiple of the block");
	ret = nvme_ns_memory(&nvme->ns, size);
	if (ret)
		vfiod_log(nvme->vdev, VFIOD_LOG_ERROR, "size=%s: %s", text,
			  strerror(-ret));
	return ret;
}

static int open_file(struct nvme *nvme, const char *path)
{
	int ret = nvme_ns_file(&nvme->ns, path, NVME_TRANSFER_MAX);

	if (ret)
		vfiod_log(nvme->vdev, VFIOD_LOG_ERROR, "file=%s: %s", path,
			  ret == -EINVAL ? "empty, or not whole blocks" :
					   strerror(-ret));
	return ret;
}

/* Last, as it is the only one to be undone. */
static int take_namespace(struct nvme *nvme)
{
	const char *file = vfiod_device_param(nvme->vdev, "file");
	const char *size = vfiod_device_param(nvme->vdev, "size");

	if (!file == !size)
		return refuse(nvme, "either file= or size= has to be given");
	return file ? open_file(nvme, file) : open_memory(nvme, size);
}

int nvme_params(struct nvme *nvme)
{
	int ret = take_queues(nvme);

	if (!ret)
		ret = take_serial(nvme);
	if (!ret)
		ret = take_block(nvme);
	if (!ret)
		ret = take_readonly(nvme);
	return ret ? ret : take_namespace(nvme);
}
