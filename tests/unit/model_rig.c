// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <string.h>

#include "model_rig.h"

static const char *const names[MODEL_DEVICES] = { "dev0", "dev1", "dev2" };

#define BASE 0x10000000ULL

int model_init(struct vfio_device *vdev)
{
	(void)vdev;
	return 0;
}

void model_dma_unmap(struct vfio_device *vdev, uint64_t iova, uint64_t length)
{
	(void)vdev;
	(void)iova;
	(void)length;
}

const struct vfiod_plugin model_plugin = {
	.name = "model",
	.init = model_init,
	.dma_unmap = model_dma_unmap,
};

const struct vfiod_type model_type = {
	.name = "1",
};

void model_setup(struct model *m)
{
	memset(m, 0, sizeof(*m));
	host_log_clear();
	m->mm = host_mm_create(BASE, MODEL_PAGES);
	m->args = BASE;
	m->hole = BASE + PAGE;
	m->mem = BASE + 2 * PAGE;
	host_mm_protect(m->mm, 1, 1, 0);
	host_client_init(&m->client, m->mm);
	vfio_set_current(&m->client.client);
	ck_assert_int_eq(
		vfio_register_iommu_driver(&m->drivers, &vfio_iommu_type1), 0);
	m->container = vfio_container_create(&m->drivers);
	m->container_fd = host_client_add_container(&m->client, m->container);
}

void model_teardown(struct model *m)
{
	for (int i = 0; i < MODEL_DEVICES; i++) {
		if (m->devs[i].file)
			model_close(m, i);
		if (m->devs[i].group_open)
			model_group_close(m, i);
	}
	for (int i = 0; i < MODEL_DEVICES; i++) {
		if (!m->devs[i].group)
			continue;
		vfio_device_destroy(m->devs[i].vdev);
		vfio_group_destroy(m->devs[i].group);
	}
	if (m->container)
		model_container_close(m);
	vfio_unregister_iommu_drivers(&m->drivers);
	vfio_set_current(NULL);
	host_mm_destroy(m->mm);
	ck_assert_uint_eq(host_log_count(3) + host_log_count(4), 0);
}

void model_add(struct model *m, int i, enum vfio_group_type group_type,
	       const struct vfiod_plugin *plugin, const struct vfiod_type *type)
{
	const struct vfio_device_desc desc = {
		.plugin = plugin,
		.type = type,
		.name = names[i],
		.slot = m->devs[i].slot,
	};
	struct model_device *dev = &m->devs[i];

	dev->group = vfio_group_create(i, group_type);
	ck_assert_int_eq(vfio_device_create(dev->group, &desc, &dev->vdev), 0);
}

void model_attach(struct model *m, int i, const struct vfiod_plugin *plugin,
		  const struct vfiod_type *type)
{
	model_add(m, i, VFIO_EMULATED_IOMMU, plugin, type);
	ck_assert_int_eq(model_group_open(m, i), 0);
	ck_assert_int_eq(model_set_container(m, i, m->container_fd), 0);
}

void model_ready(struct model *m, const struct vfiod_plugin *plugin,
		 const struct vfiod_type *type)
{
	model_setup(m);
	model_attach(m, 0, plugin, type);
	ck_assert_int_eq(model_set_iommu(m, VFIO_TYPE1v2_IOMMU), 0);
	model_open(m, 0);
}

int model_group_open(struct model *m, int i)
{
	int ret = vfio_group_open(m->devs[i].group);

	if (!ret)
		m->devs[i].group_open = true;
	return ret;
}

void model_group_close(struct model *m, int i)
{
	vfio_group_close(m->devs[i].group);
	m->devs[i].group_open = false;
}

int model_set_container(struct model *m, int i, int32_t fd)
{
	return model_group_ioctl(m, i, VFIO_GROUP_SET_CONTAINER, &fd,
				 sizeof(fd));
}

int model_unset_container(struct model *m, int i)
{
	return vfio_group_ioctl(m->devs[i].group, VFIO_GROUP_UNSET_CONTAINER,
				0);
}

void model_container_close(struct model *m)
{
	m->client.fds[m->container_fd].kind = HOST_FD_FREE;
	vfio_container_put(m->container);
	m->container = NULL;
}

int model_set_iommu(struct model *m, uint64_t type)
{
	return vfio_container_ioctl(m->container, VFIO_SET_IOMMU, type);
}

int model_get_device(struct model *m, int i, const char *name,
		     struct vfio_device_file **file)
{
	return vfio_group_get_device(
		m->devs[i].group, model_put(m, name, strlen(name) + 1), file);
}

void model_open(struct model *m, int i)
{
	ck_assert_int_eq(model_get_device(m, i, names[i], &m->devs[i].file), 0);
	ck_assert_ptr_eq(m->devs[i].file->vdev, m->devs[i].vdev);
}

void model_close(struct model *m, int i)
{
	vfio_device_file_release(m->devs[i].file);
	m->devs[i].file = NULL;
}

uint64_t model_put(struct model *m, const void *data, size_t size)
{
	ck_assert_uint_le(size, PAGE);
	memcpy(host_mm_ptr(m->mm, m->args), data, size);
	return m->args;
}

uint64_t model_put_at_hole(struct model *m, const void *data, size_t size)
{
	ck_assert_uint_le(size, PAGE);
	memcpy(host_mm_ptr(m->mm, m->hole - size), data, size);
	return m->hole - size;
}

/* What the client finds in its memory after the call. */
static int read_back(struct model *m, void *arg, size_t size, int ret)
{
	memcpy(arg, host_mm_ptr(m->mm, m->args), size);
	return ret;
}

int model_container_ioctl(struct model *m, unsigned int cmd, void *arg,
			  size_t size)
{
	uint64_t at = model_put(m, arg, size);

	return read_back(m, arg, size,
			 vfio_container_ioctl(m->container, cmd, at));
}

int model_group_ioctl(struct model *m, int i, unsigned int cmd, void *arg,
		      size_t size)
{
	uint64_t at = model_put(m, arg, size);

	return read_back(m, arg, size,
			 vfio_group_ioctl(m->devs[i].group, cmd, at));
}

int model_device_ioctl(struct model *m, unsigned int cmd, void *arg,
		       size_t size)
{
	uint64_t at = model_put(m, arg, size);

	return read_back(m, arg, size,
			 vfio_device_file_ioctl(m->devs[0].file, cmd, at));
}

int model_map(struct model *m, uint64_t iova, unsigned int page)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = m->mem + page * PAGE,
		.iova = iova,
		.size = PAGE,
	};

	return model_container_ioctl(m, VFIO_IOMMU_MAP_DMA, &map, sizeof(map));
}

int64_t model_unmap(struct model *m, uint64_t iova)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = PAGE,
	};
	int ret = model_container_ioctl(m, VFIO_IOMMU_UNMAP_DMA, &unmap,
					sizeof(unmap));

	return ret ? ret : (int64_t)unmap.size;
}
