// SPDX-License-Identifier: BSD-3-Clause
/* Regions with memory: what is declared, what clients hear of it. */
#include <errno.h>
#include <string.h>

#include "../../backend/region.h"
#include "model_rig.h"
#include "pci_rig.h"
#include "suites.h"

#define RW (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE)
#define MMAP VFIO_REGION_INFO_FLAG_MMAP

static struct model m;

static void teardown(void)
{
	model_teardown(&m);
}

static const struct vfio_region_sparse_mmap_area areas[] = {
	{ .offset = 0x1000, .size = 0x2000 },
	{ .offset = 0x5000, .size = 0x1000 },
};

static const struct {
	struct vfio_info_cap_header header;
	uint32_t type, subtype;
} own_cap = { { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 }, 7, 8 };

static const struct vfiod_cap caps[] = { { &own_cap.header, 16 } };

/* Plain memory in whole and in part, memory by the op, and none. */
static const struct vfiod_region regions[] = {
	{ .size = 0x2000, .flags = RW | MMAP, .plain = 1 },
	{ .size = 0x8000,
	  .flags = RW | MMAP,
	  .plain = 1,
	  .nr_areas = 2,
	  .areas = areas,
	  .nr_caps = 1,
	  .caps = caps },
	{ .size = 0x1000, .flags = RW | MMAP },
	{ .size = 0x1000, .flags = RW },
};

static const struct vfiod_type type = { .name = "1",
					.nr_regions = 4,
					.regions = regions };

/* It answers with ones. */
static int answer(struct vfio_device *vdev, unsigned int index, uint64_t offset,
		  void *buf, unsigned int len, bool write)
{
	(void)vdev, (void)index, (void)offset;
	if (!write)
		memset(buf, 0xff, len);
	return 0;
}

static void ready(bool access, bool can_map)
{
	static struct vfiod_plugin plugin;

	plugin = model_plugin;
	plugin.access = access ? answer : NULL;
	model_ready(&m, &plugin, &type);
	m.devs[0].vdev->memory->can_map = can_map;
}

union region_area {
	struct vfio_region_info info;
	uint8_t bytes[128];
};

static void get_info(uint32_t index, union region_area *area)
{
	memset(area, 0, sizeof(*area));
	area->info.argsz = sizeof(*area);
	area->info.index = index;
	ck_assert_int_eq(model_device_ioctl(&m, VFIO_DEVICE_GET_REGION_INFO,
					    area, sizeof(*area)),
			 0);
}

START_TEST(told_of)
{
	const struct vfio_region_info_cap_sparse_mmap *cap;
	const struct vfio_info_cap_header *first;
	union region_area area;

	ready(true, true);
	get_info(0, &area);
	ck_assert_uint_eq(area.info.flags, RW | MMAP);
	get_info(3, &area);
	ck_assert_uint_eq(area.info.flags, RW);
	get_info(1, &area);
	ck_assert_uint_eq(area.info.flags,
			  RW | MMAP | VFIO_REGION_INFO_FLAG_CAPS);
	first = (const void *)&area.bytes[area.info.cap_offset];
	ck_assert_uint_eq(first->id, VFIO_REGION_INFO_CAP_TYPE);
	cap = (const void *)&area.bytes[first->next];
	ck_assert_uint_eq(cap->header.id, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	ck_assert_uint_eq(cap->header.next, 0);
	ck_assert_uint_eq(cap->nr_areas, 2);
	ck_assert_mem_eq(cap->areas, areas, sizeof(areas));
}
END_TEST

START_TEST(not_told_of)
{
	union region_area area;

	ready(true, false);
	for (uint32_t i = 0; i < 4; i++) {
		get_info(i, &area);
		ck_assert_uint_eq(area.info.flags,
				  i == 1 ? RW | VFIO_REGION_INFO_FLAG_CAPS :
					   RW);
	}
	get_info(1, &area);
	ck_assert_uint_eq(area.bytes[area.info.cap_offset],
			  VFIO_REGION_INFO_CAP_TYPE);
	ck_assert_uint_eq(area.bytes[area.info.cap_offset + 4], 0);
}
END_TEST

static int check_mmap(unsigned int index, uint64_t offset, uint64_t size)
{
	return vfio_region_check_mmap(m.devs[0].vdev,
				      VFIOD_OFFSET(index) + offset, size);
}

/* Regions 2 and 3 have a page each; the parts of a sparse one are advice. */
START_TEST(range)
{
	ready(true, true);
	ck_assert_int_eq(check_mmap(2, 0, 0x1000), 0);
	ck_assert_int_eq(check_mmap(2, 0, 1), 0);
	ck_assert_int_eq(check_mmap(2, 0, 0x1001), -EINVAL);
	ck_assert_int_eq(check_mmap(2, 0x1000, 0x1000), -EINVAL);
	ck_assert_int_eq(check_mmap(2, 0, -1ULL), -EINVAL);
	ck_assert_int_eq(check_mmap(1, regions[1].size - 0x1000, 0x1000), 0);
	ck_assert_int_eq(check_mmap(1, regions[1].size - 0x1000, 0x2000),
			 -EINVAL);
	ck_assert_int_eq(check_mmap(3, 0, 0x1000), -EINVAL);
	ck_assert_int_eq(check_mmap(4, 0, 0x1000), -EINVAL);
	ck_assert_int_eq(vfio_region_check_mmap(m.devs[0].vdev, -0x1000ULL,
						0x2000),
			 -EINVAL);
	m.devs[0].vdev->memory->can_map = false;
	ck_assert_int_eq(check_mmap(2, 0, 0x1000), -EINVAL);
}
END_TEST

static ssize_t read_at(unsigned int index, uint64_t offset, void *buf, size_t n)
{
	return vfio_device_file_read(m.devs[0].file, buf, n,
				     VFIOD_OFFSET(index) + offset);
}

static ssize_t write_at(unsigned int index, uint64_t offset, const void *buf,
			size_t n)
{
	return vfio_device_file_write(m.devs[0].file, buf, n,
				      VFIOD_OFFSET(index) + offset);
}

/* The memory where it is plain, the op elsewhere, also within one read. */
START_TEST(access)
{
	uint8_t buf[32], *mem;

	ready(true, true);
	mem = vfiod_region_memory(m.devs[0].vdev, 0);
	ck_assert_int_eq(write_at(0, 1, "0123456789abcdef", 15), 15);
	ck_assert_mem_eq(mem + 1, "0123456789abcde\0", 16);
	ck_assert_int_eq(read_at(0, 3, buf, 7), 7);
	ck_assert_mem_eq(buf, "2345678", 7);
	mem = vfiod_region_memory(m.devs[0].vdev, 1);
	memset(mem, 0, 0x8000);
	ck_assert_int_eq(read_at(1, 0x1000 - 8, buf, 16), 16);
	ck_assert_mem_eq(buf, "\377\377\377\377\377\377\377\377\0\0\0\0\0\0\0",
			 16);
	ck_assert_int_eq(read_at(1, 0x3000 - 2, buf, 4), 4);
	ck_assert_mem_eq(buf, "\0\0\377\377", 4);
	ck_assert_int_eq(read_at(2, 0, buf, 1), 1);
	ck_assert_uint_eq(buf[0], 0xff);
	ck_assert_ptr_nonnull(vfiod_region_memory(m.devs[0].vdev, 2));
	ck_assert_ptr_null(vfiod_region_memory(m.devs[0].vdev, 3));
	ck_assert_ptr_null(vfiod_region_memory(m.devs[0].vdev, 4));
}
END_TEST

/* Without an op there is only the memory. */
START_TEST(access_without_op)
{
	uint8_t buf[8] = { 1 };

	ready(false, true);
	ck_assert_int_eq(write_at(0, 0, buf, 8), 8);
	ck_assert_int_eq(read_at(0, 0x2000 - 4, buf, 8), 4);
	ck_assert_int_eq(read_at(1, 0, buf, 8), -EINVAL);
	ck_assert_int_eq(read_at(3, 0, buf, 8), -EINVAL);
}
END_TEST

static const struct {
	uint64_t size;
	uint32_t nr_areas;
	struct vfio_region_sparse_mmap_area areas[2];
	uint32_t shift;
	uint64_t offset;
} unsound[] = {
	{ .size = 0x800 },
	{ .size = 0 },
	{ .size = 0x2000, .nr_areas = 1, .areas = { { 0x800, 0x1000 } } },
	{ .size = 0x2000, .nr_areas = 1, .areas = { { 0, 0x800 } } },
	{ .size = 0x2000, .nr_areas = 1, .areas = { { 0, 0 } } },
	{ .size = 0x2000, .nr_areas = 1, .areas = { { 0x1000, 0x2000 } } },
	{ .size = 0x2000, .nr_areas = 1, .areas = { { -0x1000, 0x2000 } } },
	{ .size = 0x4000,
	  .nr_areas = 2,
	  .areas = { { 0, 0x2000 }, { 0x1000, 0x1000 } } },
	{ .size = 0x4000,
	  .nr_areas = 2,
	  .areas = { { 0x2000, 0x1000 }, { 0, 0x1000 } } },
	{ .size = VFIOD_OFFSET(1) + 0x1000 },
	{ .size = 0x1000, .shift = 12 },
	{ .size = 0x1000, .shift = VFIOD_OWN_OFFSETS, .offset = 0x800 },
	{ .size = 0x1000, .shift = VFIOD_OWN_OFFSETS, .offset = -0x1000 },
};

START_TEST(refused)
{
	const struct vfiod_region region = { .size = unsound[_i].size,
					     .flags = RW | MMAP,
					     .nr_areas = unsound[_i].nr_areas,
					     .areas = unsound[_i].areas,
					     .offset = unsound[_i].offset };
	const struct vfiod_type wrong = { .name = "1",
					  .nr_regions = 1,
					  .regions = &region,
					  .offset_shift = unsound[_i].shift };
	struct vfio_device_desc desc = { .plugin = &model_plugin,
					 .type = &wrong,
					 .name = "dev" };
	struct vfio_group *group = vfio_group_create(0, VFIO_EMULATED_IOMMU);
	struct vfio_device *vdev;

	ck_assert_int_eq(vfio_device_create(group, &desc, &vdev), -EINVAL);
	ck_assert(host_log_has("whole pages"));
	host_log_clear();
	vfio_group_destroy(group);
}
END_TEST

/* The BAR with the MSI-X table says that all of it can be mapped. */
START_TEST(msix_mappable)
{
	static struct vfiod_region bars[9];
	static struct vfiod_plugin plugin;
	struct vfiod_type pci_type = pci_rig_type;
	union region_area area;

	memcpy(bars, pci_rig_type.regions,
	       pci_rig_type.nr_regions * sizeof(bars[0]));
	bars[0].flags |= MMAP;
	pci_type.regions = bars;
	plugin = model_plugin;
	plugin.access = answer;
	model_ready(&m, &plugin, &pci_type);
	m.devs[0].vdev->memory->can_map = true;
	get_info(0, &area);
	ck_assert_uint_eq(area.info.flags,
			  RW | MMAP | VFIO_REGION_INFO_FLAG_CAPS);
	ck_assert_uint_eq(area.bytes[area.info.cap_offset],
			  VFIO_REGION_INFO_CAP_MSIX_MAPPABLE);
}
END_TEST

START_TEST(own_offsets)
{
	static const struct vfiod_region placed[] = {
		{ .size = 0x1000, .flags = RW | MMAP, .offset = 0x3000 },
		{ .size = 0x10, .flags = RW },
		{ .size = 0x1000, .flags = RW | MMAP, .offset = 0x3000 },
	};
	static const struct vfiod_type own = { .name = "1",
					       .nr_regions = 3,
					       .regions = placed,
					       .offset_shift =
						       VFIOD_OWN_OFFSETS };
	union region_area area;

	model_ready(&m, &model_plugin, &own);
	for (uint32_t i = 0; i < 3; i++) {
		get_info(i, &area);
		ck_assert_uint_eq(area.info.offset, placed[i].offset);
	}
}
END_TEST

Suite *model_mmap_suite(void)
{
	Suite *suite = suite_create("model mmap");
	TCase *tc = tcase_create("mmap"), *unmade = tcase_create("unmade");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, told_of);
	tcase_add_test(tc, not_told_of);
	tcase_add_test(tc, range);
	tcase_add_test(tc, access);
	tcase_add_test(tc, access_without_op);
	tcase_add_test(tc, msix_mappable);
	tcase_add_test(tc, own_offsets);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(unmade, refused, 0,
			    sizeof(unsound) / sizeof(unsound[0]));
	suite_add_tcase(suite, unmade);
	return suite;
}
