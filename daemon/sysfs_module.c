// SPDX-License-Identifier: BSD-3-Clause
/*
 * VFIO's modules in sysfs, with those of their parameters that have a file
 * there. Programs look for these before they try anything.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../backend/type1.h"
#include "devices.h"
#include "sysfs_parts.h"
#include "tree.h"

struct parameter {
	bool is_bool;
	unsigned int value;
};

static const struct parameter no = { .is_bool = true, .value = false };
static const struct parameter yes = { .is_bool = true, .value = true };
static const struct parameter entry_limit = { .value = VFIO_DMA_ENTRY_LIMIT };

static ssize_t show(void *object, const void *what, char *buf, size_t size)
{
	const struct parameter *parameter = what;

	(void)object;
	if (parameter->is_bool)
		return snprintf(buf, size, "%c\n",
				parameter->value ? 'Y' : 'N');
	return snprintf(buf, size, "%u\n", parameter->value);
}

/* As kstrtobool() has it: the rest of the text is of no account. */
static int parse_bool(const char *text, unsigned int *value)
{
	static const char *const words[] = { "0", "n", "f", "of",
					     "1", "y", "t", "on" };
	const size_t nr = sizeof(words) / sizeof(*words);

	for (size_t i = 0; i < nr; i++) {
		if (strncasecmp(text, words[i], strlen(words[i])))
			continue;
		*value = i >= nr / 2;
		return 0;
	}
	return -EINVAL;
}

static int parse_number(const char *text, unsigned int *value)
{
	unsigned long number;
	char *end;

	number = strtoul(text, &end, 0);
	if (end == text || end[strspn(end, "\n")] || number > UINT32_MAX)
		return -EINVAL;
	*value = number;
	return 0;
}

/* A value is a fact here: setting it to what it is succeeds. */
static ssize_t store(void *object, const void *what, const char *buf,
		     size_t size)
{
	const struct parameter *parameter = what;
	unsigned int value = 0;
	char text[32] = "";
	int ret;

	(void)object;
	if (size >= sizeof(text))
		return -EINVAL;
	memcpy(text, buf, size);
	ret = parameter->is_bool ? parse_bool(text, &value) :
				   parse_number(text, &value);
	if (ret)
		return ret;
	return value == parameter->value ? (ssize_t)size : -EPERM;
}

static void add_writable(struct tree *tree, struct tree_node *module,
			 const char *name, const struct parameter *parameter)
{
	tree_attribute(tree, tree_dir(tree, module, "parameters"), name, show,
		       store, NULL, parameter);
}

static void add_read_only(struct tree *tree, struct tree_node *module,
			  const char *name, const struct parameter *parameter)
{
	tree_attribute(tree, tree_dir(tree, module, "parameters"), name, show,
		       NULL, NULL, parameter);
}

static struct tree_node *add_module(struct tree *tree, struct tree_node *sys,
				    const char *name)
{
	struct tree_node *dir = tree_dir(tree, sys, "module/%s", name);

	tree_text(tree, dir, "initstate", "live\n");
	tree_text(tree, dir, "refcnt", "0\n");
	return dir;
}

/* vfio is one that was built with noiommu (CONFIG_VFIO_NOIOMMU). */
void sysfs_add_modules(struct tree *tree, struct tree_node *sys,
		       const struct devices *devices)
{
	bool noiommu = devices_have(devices, VFIO_NO_IOMMU);
	struct tree_node *dir;

	dir = add_module(tree, sys, "vfio");
	add_writable(tree, dir, "enable_unsafe_noiommu_mode",
		     noiommu ? &yes : &no);
	dir = add_module(tree, sys, "vfio_iommu_type1");
	add_writable(tree, dir, "allow_unsafe_interrupts", &no);
	add_writable(tree, dir, "disable_hugepages", &no);
	add_writable(tree, dir, "dma_entry_limit", &entry_limit);
}

void sysfs_add_pci_module(struct tree *tree, struct tree_node *sys)
{
	struct tree_node *dir = add_module(tree, sys, "vfio_pci");

	add_read_only(tree, dir, "disable_denylist", &no);
	add_writable(tree, dir, "disable_idle_d3", &no);
	add_read_only(tree, dir, "disable_vga", &no);
	add_writable(tree, dir, "enable_sriov", &no);
	add_writable(tree, dir, "nointxmask", &no);
	tree_link(tree, tree_dir(tree, sys, "bus/pci/drivers/vfio-pci"),
		  "module", "../../../../module/vfio_pci");
}
