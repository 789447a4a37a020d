// SPDX-License-Identifier: BSD-3-Clause
#include <check.h>
#include <string.h>

#include "rig.h"

static const char *const names[RIG_DEVICES] = { "dev0", "dev1", "dev2" };

#define BASE 0x10000000ULL

/* Where the device's name is for GET_DEVICE_FD, behind the arguments. */
static uint64_t name_address(const struct rig *rig)
{
	return rig->args + (RIG_ARGS - 1) * PAGE;
}

static void add_device(struct rig *rig, int i, enum vfio_group_type kind)
{
	const struct vfio_device_desc desc = {
		.plugin = &recorder_plugin,
		.type = &rig->recorder.type,
		.name = names[i],
	};

	rig->groups[i] = vfio_group_create(i, kind);
	ck_assert_int_eq(
		vfio_device_create(rig->groups[i], &desc, &rig->devs[i]), 0);
	ck_assert_int_eq(vfio_group_open(rig->groups[i]), 0);
}

int rig_set_container(struct rig *rig, int i)
{
	int32_t fd = rig->container_fd;

	memcpy(host_mm_ptr(rig->mm, rig->args), &fd, sizeof(fd));
	return vfio_group_ioctl(rig->groups[i], VFIO_GROUP_SET_CONTAINER,
				rig->args);
}

int rig_unset_container(struct rig *rig, int i)
{
	return vfio_group_ioctl(rig->groups[i], VFIO_GROUP_UNSET_CONTAINER, 0);
}

void rig_setup_kinds(struct rig *rig, const enum vfio_group_type *kinds,
		     int ndevs)
{
	memset(rig, 0, sizeof(*rig));
	host_log_clear();
	rig->mm = host_mm_create(BASE, RIG_PAGES + RIG_ARGS);
	rig->args = BASE;
	rig->mem = BASE + RIG_ARGS * PAGE;
	host_client_init(&rig->client, rig->mm);
	vfio_set_current(&rig->client.client);
	recorder_init(&rig->recorder);
	ck_assert_int_eq(vfio_register_iommu_driver(&rig->drivers,
						    &vfio_iommu_type1),
			 0);
	rig->container = vfio_container_create(&rig->drivers);
	rig->container_fd =
		host_client_add_container(&rig->client, rig->container);
	for (int i = 0; i < ndevs; i++)
		add_device(rig, i, kinds[i]);
}

void rig_setup(struct rig *rig, unsigned long type, int ndevs)
{
	static const enum vfio_group_type kinds[RIG_DEVICES] = {
		VFIO_EMULATED_IOMMU, VFIO_EMULATED_IOMMU, VFIO_EMULATED_IOMMU
	};

	rig_setup_kinds(rig, kinds, ndevs);
	for (int i = 0; i < ndevs; i++)
		ck_assert_int_eq(rig_set_container(rig, i), 0);
	ck_assert_int_eq(
		vfio_container_ioctl(rig->container, VFIO_SET_IOMMU, type), 0);
}

void rig_teardown(struct rig *rig)
{
	for (int i = 0; i < RIG_DEVICES && rig->groups[i]; i++) {
		if (rig->files[i])
			rig_close(rig, i);
		vfio_group_close(rig->groups[i]);
		vfio_device_destroy(rig->devs[i]);
		vfio_group_destroy(rig->groups[i]);
	}
	vfio_container_put(rig->container);
	vfio_unregister_iommu_drivers(&rig->drivers);
	vfio_set_current(NULL);
	host_mm_destroy(rig->mm);
	ck_assert_uint_eq(host_log_count(3) + host_log_count(4), 0);
}

void rig_open(struct rig *rig, int i)
{
	strcpy(host_mm_ptr(rig->mm, name_address(rig)), names[i]);
	ck_assert_int_eq(vfio_group_get_device(rig->groups[i],
					       name_address(rig),
					       &rig->files[i]),
			 0);
}

void rig_close(struct rig *rig, int i)
{
	vfio_device_file_release(rig->files[i]);
	rig->files[i] = NULL;
}

int rig_ioctl(struct rig *rig, unsigned int cmd, void *arg, size_t size)
{
	void *user = host_mm_ptr(rig->mm, rig->args);
	int ret;

	memcpy(user, arg, size);
	ret = vfio_container_ioctl(rig->container, cmd, rig->args);
	memcpy(arg, user, size);
	return ret;
}

int rig_map(struct rig *rig, uint64_t iova, uint64_t size, uint64_t vaddr,
	    uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = vaddr,
		.iova = iova,
		.size = size,
	};

	return rig_ioctl(rig, VFIO_IOMMU_MAP_DMA, &map, sizeof(map));
}

int rig_unmap(struct rig *rig, uint64_t iova, uint64_t size, uint32_t flags,
	      uint64_t *unmapped)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = flags,
		.iova = iova,
		.size = size,
	};
	int ret;

	ret = rig_ioctl(rig, VFIO_IOMMU_UNMAP_DMA, &unmap, sizeof(unmap));
	*unmapped = unmap.size;
	return ret;
}

int64_t rig_unmapped(struct rig *rig, uint64_t iova, uint64_t size)
{
	uint64_t unmapped;
	int ret = rig_unmap(rig, iova, size, 0, &unmapped);

	return ret ? ret : (int64_t)unmapped;
}

int64_t rig_unmap_all(struct rig *rig)
{
	uint64_t unmapped;
	int ret = rig_unmap(rig, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, &unmapped);

	return ret ? ret : (int64_t)unmapped;
}

unsigned int rig_dma_avail(struct rig *rig)
{
	struct {
		struct vfio_iommu_type1_info info;
		struct vfio_iommu_type1_info_cap_migration migration;
		struct vfio_iommu_type1_info_dma_avail avail;
		uint8_t others[128];
	} arg = { .info.argsz = sizeof(arg) };

	ck_assert_int_eq(rig_ioctl(rig, VFIO_IOMMU_GET_INFO, &arg, sizeof(arg)),
			 0);
	ck_assert_uint_eq(arg.avail.header.id, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	return arg.avail.avail;
}

uint64_t rig_locked(const struct rig *rig)
{
	return host_mm_locked(rig->mm);
}

void rig_assert_calls(struct rig *rig, const struct rig_call *calls, size_t n)
{
	ck_assert_uint_eq(rig->recorder.n, n);
	for (size_t i = 0; i < n; i++) {
		const struct recorder_call *call = &rig->recorder.calls[i];

		ck_assert_str_eq(call->vdev->name, names[calls[i].dev]);
		ck_assert_uint_eq(call->iova, calls[i].iova);
		ck_assert_uint_eq(call->length, calls[i].length);
	}
	recorder_clear(&rig->recorder);
}

void rig_assert_rounds(struct rig *rig, int ndevs, size_t rounds, uint64_t iova,
		       uint64_t length)
{
	struct rig_call calls[RECORDER_CALLS];
	size_t n = 0;

	for (size_t round = 0; round < rounds; round++) {
		for (int i = ndevs - 1; i >= 0; i--)
			calls[n++] = (struct rig_call){ i, iova, length };
	}
	rig_assert_calls(rig, calls, n);
}
