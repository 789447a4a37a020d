// SPDX-License-Identifier: BSD-3-Clause
#include "plugin_layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vfiod/pci.h>

/*
 * A table of @nr entries of @stride bytes each, as one of entries of @size
 * bytes. NULL with no entries, or no memory (*@failed).
 */
static void *copy_table(const void *table, size_t nr, size_t stride,
			size_t size, bool *failed)
{
	char *copy;

	if (!nr)
		return NULL;
	copy = calloc(nr, size);
	if (!copy) {
		*failed = true;
		return NULL;
	}
	for (size_t i = 0; i < nr; i++)
		memcpy(copy + i * size, (const char *)table + i * stride,
		       stride < size ? stride : size);
	return copy;
}

#define COPY_TABLE(table, nr, stride, failed) \
	copy_table(table, nr, stride, sizeof(*(table)), failed)

static void copy_region(struct vfiod_region *region,
			const struct vfiod_plugin *binary, bool *failed)
{
	region->caps = COPY_TABLE(region->caps, region->nr_caps,
				  binary->cap_size, failed);
	if (!region->caps)
		region->nr_caps = 0;
}

/* The description of a PCI function knows its own size. */
static struct vfiod_pci *copy_pci(const struct vfiod_pci *binary, bool *failed)
{
	struct vfiod_pci *pci;

	if (!binary)
		return NULL;
	pci = copy_table(binary, 1, binary->struct_size, sizeof(*pci), failed);
	if (!pci)
		return NULL;
	pci->caps = COPY_TABLE(pci->caps, pci->nr_caps, pci->cap_size, failed);
	if (!pci->caps)
		pci->nr_caps = 0;
	return pci;
}

static void copy_type(struct vfiod_type *type,
		      const struct vfiod_plugin *binary, bool *failed)
{
	struct vfiod_region *regions;

	regions = COPY_TABLE(type->regions, type->nr_regions,
			     binary->region_size, failed);
	for (uint32_t i = 0; regions && i < type->nr_regions; i++)
		copy_region(&regions[i], binary, failed);
	type->regions = regions;
	if (!regions)
		type->nr_regions = 0;
	type->irqs =
		COPY_TABLE(type->irqs, type->nr_irqs, binary->irq_size, failed);
	type->caps =
		COPY_TABLE(type->caps, type->nr_caps, binary->cap_size, failed);
	type->pci = copy_pci(type->pci, failed);
}

int plugin_layout_copy(struct vfiod_plugin *desc,
		       const struct vfiod_plugin *binary)
{
	struct vfiod_type *types;
	size_t size = binary->struct_size;
	bool failed = false;

	memset(desc, 0, sizeof(*desc));
	memcpy(desc, binary, size < sizeof(*desc) ? size : sizeof(*desc));
	types = COPY_TABLE(desc->types, desc->nr_types, binary->type_size,
			   &failed);
	for (uint32_t i = 0; types && i < desc->nr_types; i++)
		copy_type(&types[i], binary, &failed);
	desc->types = types;
	if (!types)
		desc->nr_types = 0;
	desc->params = COPY_TABLE(desc->params, desc->nr_params,
				  binary->param_size, &failed);
	desc->attributes = COPY_TABLE(desc->attributes, desc->nr_attributes,
				      binary->attribute_size, &failed);
	if (!failed)
		return 0;
	plugin_layout_free(desc);
	return -ENOMEM;
}

static void free_const(const void *p)
{
	free((void *)(uintptr_t)p);
}

void plugin_layout_free(struct vfiod_plugin *desc)
{
	for (uint32_t i = 0; i < desc->nr_types; i++) {
		const struct vfiod_type *type = &desc->types[i];

		for (uint32_t r = 0; r < type->nr_regions; r++)
			free_const(type->regions[r].caps);
		free_const(type->regions);
		free_const(type->irqs);
		free_const(type->caps);
		if (type->pci)
			free_const(type->pci->caps);
		free_const(type->pci);
	}
	free_const(desc->types);
	free_const(desc->params);
	free_const(desc->attributes);
}
