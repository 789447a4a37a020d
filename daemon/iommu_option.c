// SPDX-License-Identifier: BSD-3-Clause
#include "iommu_option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"

/* One hexadecimal number: where it ends, or NULL. */
static const char *parse_number(const char *text, uint64_t *number)
{
	unsigned long long value;
	char *end;

	if (*text == '-' || *text == '+' || *text == ' ')
		return NULL;
	errno = 0;
	value = strtoull(text, &end, 16);
	*number = value;
	return end == text || errno ? NULL : end;
}

/* START-END: where it ends, or NULL. */
static const char *parse_range(const char *text, struct vfio_iova_range *range)
{
	uint64_t start, last;

	text = parse_number(text, &start);
	if (!text || *text != '-')
		return NULL;
	text = parse_number(text + 1, &last);
	if (!text || last < start)
		return NULL;
	range->start = start;
	range->end = last;
	return text;
}

static bool parse_type(const char *text, enum vfio_iommu_resv_type *type)
{
	for (int i = 0; i < VFIO_RESV_TYPES; i++) {
		if (strcmp(text, vfio_iommu_resv_names[i]))
			continue;
		*type = i;
		return true;
	}
	return false;
}

static int bad_value(const char *key, const char *value, struct why *why)
{
	snprintf(why->line, why->size,
		 "--pci: %s: \"%s\" is not a range like fee00000-feefffff", key,
		 value);
	return -EINVAL;
}

static int take_aperture(struct iommu_option *option, const char *value,
			 struct why *why)
{
	const char *end = parse_range(value, &option->geometry.aperture);

	return end && !*end ? 0 : bad_value("aperture", value, why);
}

/* In order of their addresses, as sysfs shows them. */
static void add_reserved(struct iommu_option *option,
			 const struct vfio_iommu_reserved *added)
{
	struct vfio_iommu_geometry *geometry = &option->geometry;
	size_t i;

	if (geometry->reserved != option->reserved) {
		geometry->reserved = option->reserved;
		geometry->nr_reserved = 0;
	}
	for (i = geometry->nr_reserved++; i > 0; i--) {
		if (option->reserved[i - 1].range.start <= added->range.start)
			break;
		option->reserved[i] = option->reserved[i - 1];
	}
	option->reserved[i] = *added;
}

static int take_reserved(struct iommu_option *option, const char *value,
			 struct why *why)
{
	struct vfio_iommu_reserved added = { .type = VFIO_RESV_RESERVED };
	const char *end = parse_range(value, &added.range);

	if (!end ||
	    (*end && (*end != ':' || !parse_type(end + 1, &added.type))))
		return bad_value("reserved", value, why);
	if (option->geometry.reserved == option->reserved &&
	    option->geometry.nr_reserved == IOMMU_OPTION_RESERVED) {
		snprintf(why->line, why->size,
			 "--pci: more than %d reserved ranges",
			 IOMMU_OPTION_RESERVED);
		return -ENOSPC;
	}
	add_reserved(option, &added);
	return 0;
}

/* A power of two, with k, m or g behind it: where it ends, or NULL. */
static const char *parse_size(const char *text, uint64_t *size)
{
	static const char units[] = "kmg";
	const char *unit;
	uint64_t number;
	char *end;

	if (*text < '1' || *text > '9')
		return NULL;
	errno = 0;
	*size = number = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		*size = number << 10 * (unit - units + 1);
		end++;
	}
	/* Of a power of two nothing is left where it does not fit. */
	return errno || !*size || (number & (number - 1)) ? NULL : end;
}

static int take_pgsizes(struct iommu_option *option, const char *value,
			struct why *why)
{
	uint64_t *bitmap = &option->geometry.pgsize_bitmap, size;
	const char *at = value;

	*bitmap = 0;
	while ((at = parse_size(at, &size))) {
		*bitmap |= size;
		if (!*at)
			return 0;
		if (*at++ != '+')
			break;
	}
	snprintf(why->line, why->size,
		 "--pci: pgsizes: \"%s\" is not like 4k+2m+1g", value);
	return -EINVAL;
}

static const struct {
	const char *key;
	int (*take)(struct iommu_option *option, const char *value,
		    struct why *why);
} keys[] = {
	{ "aperture", take_aperture },
	{ "reserved", take_reserved },
	{ "pgsizes", take_pgsizes },
};

int iommu_option_take(struct device *device, const char *key, const char *value,
		      struct why *why)
{
	size_t i = 0, nr = sizeof(keys) / sizeof(keys[0]);

	while (i < nr && strcmp(key, keys[i].key))
		i++;
	if (i == nr)
		return 1;
	if (!device->iommu) {
		device->iommu = calloc(1, sizeof(*device->iommu));
		if (!device->iommu)
			return -ENOMEM;
		device->iommu->geometry = vfio_iommu_vtd;
	}
	return keys[i].take(device->iommu, value, why);
}
