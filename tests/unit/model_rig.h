/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of container, group and device start from: a process, its
 * container, and devices of whatever plugin the test brings, each in a group
 * of its own. Nothing is opened or attached that the test does not ask for.
 */
#ifndef TESTS_UNIT_MODEL_RIG_H
#define TESTS_UNIT_MODEL_RIG_H

#include <check.h>

#include <vfiod/plugin.h>

#include "../../backend/container.h"
#include "../../backend/device.h"
#include "../../backend/group.h"
#include "host.h"

#define MODEL_DEVICES 3
#define MODEL_PAGES 16
#define PAGE VFIO_PAGE_SIZE

struct model {
	struct vfio_iommu_drivers drivers; /* type1 alone */
	struct host_mm *mm;
	struct host_client client;
	struct vfio_container *container; /* NULL: its file is closed */
	int container_fd;
	/* User addresses: a page for arguments, one that nobody can access,
	 * and behind it the memory to map. */
	uint64_t args;
	uint64_t hole;
	uint64_t mem;
	struct model_device {
		const struct vfio_pci_slot *slot; /* set before it is added */
		struct vfio_group *group; /* NULL: there is none */
		bool group_open;
		struct vfio_device *vdev;
		struct vfio_device_file *file; /* NULL: not open */
	} devs[MODEL_DEVICES];
};

/* init and dma_unmap that do nothing: the ops that a plugin cannot lack. */
int model_init(struct vfio_device *vdev);
void model_dma_unmap(struct vfio_device *vdev, uint64_t iova, uint64_t length);
/* A plugin of just these, and a type without regions and interrupts. */
extern const struct vfiod_plugin model_plugin;
extern const struct vfiod_type model_type;

/*
 * The calling thread serves the client from then on. Teardown closes what is
 * open, and looks that nobody refers to the process, that nothing is charged
 * to it, and that the log has no warning but those the test has cleared.
 */
void model_setup(struct model *m);
void model_teardown(struct model *m);

/* Group @i of @type and the device "dev@i" in it. */
void model_add(struct model *m, int i, enum vfio_group_type group_type,
	       const struct vfiod_plugin *plugin,
	       const struct vfiod_type *type);
/* Two of them in one: the emulated kind, opened, SET_CONTAINER. */
void model_attach(struct model *m, int i, const struct vfiod_plugin *plugin,
		  const struct vfiod_type *type);
/* And the whole way to device 0 open, in a type1v2 container. */
void model_ready(struct model *m, const struct vfiod_plugin *plugin,
		 const struct vfiod_type *type);

int model_group_open(struct model *m, int i);
void model_group_close(struct model *m, int i);
/* SET_CONTAINER with an fd number. */
int model_set_container(struct model *m, int i, int32_t fd);
int model_unset_container(struct model *m, int i);
/* The client closes its container. */
void model_container_close(struct model *m);
int model_set_iommu(struct model *m, uint64_t type);

/* GET_DEVICE_FD, of any name; of the one that is right, without fail. */
int model_get_device(struct model *m, int i, const char *name,
		     struct vfio_device_file **file);
void model_open(struct model *m, int i);
void model_close(struct model *m, int i);

/* @size bytes to the client's memory: at @args, or before the hole. */
uint64_t model_put(struct model *m, const void *data, size_t size);
uint64_t model_put_at_hole(struct model *m, const void *data, size_t size);

/* ioctl with @size bytes of @arg in the client's memory, then read back. */
int model_container_ioctl(struct model *m, unsigned int cmd, void *arg,
			  size_t size);
int model_group_ioctl(struct model *m, int i, unsigned int cmd, void *arg,
		      size_t size);
int model_device_ioctl(struct model *m, unsigned int cmd, void *arg,
		       size_t size);

/* A page of m->mem, by its number, at @iova. */
int model_map(struct model *m, uint64_t iova, unsigned int page);
/* The bytes unmapped, or the errno. */
int64_t model_unmap(struct model *m, uint64_t iova);

#endif
