// SPDX-License-Identifier: BSD-3-Clause
/* type1: UNMAP_DMA, what it removes. The devices' part: test_type1_notify.c. */
#include <errno.h>
#include <string.h>

#include "rig.h"
#include "suites.h"

#define DIRTY VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP
#define UNMAP_ALL VFIO_DMA_UNMAP_FLAG_ALL
#define INVALIDATE VFIO_DMA_UNMAP_FLAG_VADDR

static struct rig rig;

static void setup_v2(void)
{
	rig_setup(&rig, VFIO_TYPE1v2_IOMMU, 1);
}

static void setup_v1(void)
{
	rig_setup(&rig, VFIO_TYPE1_IOMMU, 1);
}

static void teardown(void)
{
	rig_teardown(&rig);
}

static void map_pages(uint64_t first, uint64_t n)
{
	ck_assert_int_eq(rig_map(&rig, first * PAGE, n * PAGE, rig.mem, RIG_RW),
			 0);
}

/* UNMAP of pages: pages, or the errno; then size has kept its value. */
static int64_t unmap_pages(uint64_t first, uint64_t n)
{
	uint64_t unmapped;
	int ret = rig_unmap(&rig, first * PAGE, n * PAGE, 0, &unmapped);

	if (ret)
		ck_assert_uint_eq(unmapped, n * PAGE);
	return ret ? ret : (int64_t)(unmapped / PAGE);
}

static int unmap(uint64_t iova, uint64_t size, uint32_t flags)
{
	uint64_t unmapped;
	int ret = rig_unmap(&rig, iova, size, flags, &unmapped);

	if (ret)
		ck_assert_uint_eq(unmapped, size);
	return ret;
}

START_TEST(bad_arguments)
{
	map_pages(0, 4);
	ck_assert_int_eq(unmap(1, PAGE, 0), -EINVAL);
	ck_assert_int_eq(unmap(0, 0, 0), -EINVAL);
	ck_assert_int_eq(unmap(0, PAGE + 1, 0), -EINVAL);
	ck_assert_int_eq(unmap(2 * PAGE, -PAGE, 0), -EINVAL);
	ck_assert_int_eq(unmap(0, 4 * PAGE, 8), -EINVAL);
	ck_assert_int_eq(unmap(0, PAGE, UNMAP_ALL), -EINVAL);
	ck_assert_int_eq(unmap(PAGE, 0, UNMAP_ALL), -EINVAL);
	ck_assert_int_eq(unmap(0, 4 * PAGE, DIRTY | UNMAP_ALL), -EINVAL);
	ck_assert_int_eq(unmap(0, 4 * PAGE, DIRTY | INVALIDATE), -EINVAL);
	/* No room for the bitmap's description. */
	ck_assert_int_eq(unmap(0, 4 * PAGE, DIRTY), -EINVAL);
	/* Before the range is looked at. */
	ck_assert_int_eq(unmap(1, 1, INVALIDATE), -EBUSY);
	ck_assert_int_eq(unmap(0, 0, INVALIDATE | UNMAP_ALL), -EBUSY);
	ck_assert_int_eq(unmap_pages(0, 4), 4);
}
END_TEST

START_TEST(argsz)
{
	struct vfio_iommu_type1_dma_unmap arg = { .size = PAGE };

	map_pages(0, 1);
	arg.argsz = 23;
	ck_assert_int_eq(rig_ioctl(&rig, VFIO_IOMMU_UNMAP_DMA, &arg,
				   sizeof(arg)),
			 -EINVAL);
	arg.argsz = 1 << 30;
	ck_assert_int_eq(
		rig_ioctl(&rig, VFIO_IOMMU_UNMAP_DMA, &arg, sizeof(arg)), 0);
	ck_assert_uint_eq(arg.argsz, 1 << 30);
	ck_assert_uint_eq(arg.size, PAGE);
}
END_TEST

START_TEST(faults)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = 48,
		.flags = DIRTY,
		.size = PAGE,
	};
	uint64_t end = rig.args + (RIG_ARGS + RIG_PAGES) * PAGE;

	map_pages(0, 1);
	ck_assert_int_eq(vfio_container_ioctl(rig.container,
					      VFIO_IOMMU_UNMAP_DMA, end - 23),
			 -EFAULT);
	memcpy(host_mm_ptr(rig.mm, end - 47), &arg, sizeof(arg));
	ck_assert_int_eq(vfio_container_ioctl(rig.container,
					      VFIO_IOMMU_UNMAP_DMA, end - 47),
			 -EFAULT);
	/* When the size cannot be written it is unmapped all the same. */
	arg.flags = 0;
	host_mm_protect(rig.mm, 0, 1, HOST_READ);
	ck_assert_int_eq(rig_ioctl(&rig, VFIO_IOMMU_UNMAP_DMA, &arg,
				   sizeof(arg)),
			 -EFAULT);
	host_mm_protect(rig.mm, 0, 1, HOST_READ | HOST_WRITE);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535);
}
END_TEST

START_TEST(nothing_there)
{
	ck_assert_int_eq(rig_unmap_all(&rig), 0);
	ck_assert_int_eq(unmap_pages(5, 3), 0);
	map_pages(0, 2);
	map_pages(8, 2);
	ck_assert_int_eq(unmap_pages(2, 6), 0);
	ck_assert_int_eq(unmap_pages(10, 100), 0);
	ck_assert_int_eq(rig_unmapped(&rig, -PAGE, PAGE), 0);
	ck_assert_int_eq(rig_unmap_all(&rig), 4 * PAGE);
}
END_TEST

START_TEST(v2_whole_entries)
{
	map_pages(16, 4);
	ck_assert_int_eq(unmap_pages(16, 2), -EINVAL);
	ck_assert_int_eq(unmap_pages(18, 2), -EINVAL);
	ck_assert_int_eq(unmap_pages(17, 1), -EINVAL);
	ck_assert_int_eq(unmap_pages(10, 20), 4);
}
END_TEST

START_TEST(v2_adjacent)
{
	map_pages(16, 2);
	map_pages(18, 2);
	ck_assert_int_eq(unmap_pages(16, 3), -EINVAL);
	ck_assert_int_eq(unmap_pages(17, 3), -EINVAL);
	map_pages(100, 1);
	ck_assert_int_eq(rig_unmap_all(&rig), 5 * PAGE);
}
END_TEST

START_TEST(v2_holes)
{
	map_pages(1, 1);
	map_pages(3, 2);
	map_pages(9, 3);
	ck_assert_int_eq(unmap_pages(0, 12), 6);
}
END_TEST

START_TEST(v1_inside_one_entry)
{
	map_pages(16, 4);
	ck_assert_int_eq(unmap_pages(18, 2), 0);
	ck_assert_int_eq(unmap_pages(17, 1), 0);
	ck_assert_int_eq(unmap_pages(16, 1), 4);
}
END_TEST

START_TEST(v1_several)
{
	map_pages(0, 2);
	map_pages(2, 2);
	map_pages(4, 2);
	/* From the middle of the first: nothing, not even the second. */
	ck_assert_int_eq(unmap_pages(1, 4), 0);
	/* To the middle of the third: all of it. */
	ck_assert_int_eq(unmap_pages(2, 3), 4);
	ck_assert_int_eq(unmap_pages(0, 1), 2);
}
END_TEST

/*
 * Random mappings and unmappings of a small address space, against a model
 * that has one number a page: the entry that the page belongs to.
 */
#define MODEL_PAGES 24

struct model {
	bool v2;
	int entry[MODEL_PAGES]; /* 0: none */
	int next;
	uint64_t seed;
};

static unsigned int draw(struct model *model, unsigned int n)
{
	model->seed =
		model->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (model->seed >> 33) % n;
}

static int model_map(struct model *model, int first, int n)
{
	for (int i = first; i < first + n; i++) {
		if (model->entry[i])
			return -EEXIST;
	}
	model->next++;
	for (int i = first; i < first + n; i++)
		model->entry[i] = model->next;
	return 0;
}

/* Does page @i belong to the same entry as the page before it? */
static bool continues(const struct model *model, int i)
{
	return i > 0 && i < MODEL_PAGES && model->entry[i] &&
	       model->entry[i] == model->entry[i - 1];
}

static int model_remove(struct model *model, int entry)
{
	int n = 0;

	for (int i = 0; i < MODEL_PAGES; i++) {
		if (entry && model->entry[i] == entry) {
			model->entry[i] = 0;
			n++;
		}
	}
	return n;
}

static int model_unmap(struct model *model, int first, int n)
{
	int removed = 0;

	if (model->v2 &&
	    (continues(model, first) || continues(model, first + n)))
		return -EINVAL;
	if (!model->v2 && continues(model, first))
		return 0;
	for (int i = first; i < first + n; i++)
		removed += model_remove(model, model->entry[i]);
	return removed;
}

static void assert_avail(const struct model *model)
{
	unsigned int n = 0;

	for (int i = 0; i < MODEL_PAGES; i++)
		n += model->entry[i] && !continues(model, i);
	ck_assert_uint_eq(rig_dma_avail(&rig), 65535 - n);
}

static void random_step(struct model *model, uint64_t base)
{
	int first = draw(model, MODEL_PAGES);
	int n = 1 + draw(model, draw(model, 3) ? 4 : MODEL_PAGES);

	if (n > MODEL_PAGES - first)
		n = MODEL_PAGES - first;
	if (draw(model, 2))
		ck_assert_int_eq(rig_map(&rig, base + first * PAGE, n * PAGE,
					 rig.mem, RIG_RW),
				 model_map(model, first, n));
	else
		ck_assert_int_eq(unmap_pages(base / PAGE + first, n),
				 model_unmap(model, first, n));
}

static void run_model(bool v2, uint64_t base, uint64_t seed)
{
	struct model model = { .v2 = v2, .seed = seed };
	int left;

	for (int step = 0; step < 40; step++)
		random_step(&model, base);
	assert_avail(&model);
	left = 0;
	for (int i = 0; i < MODEL_PAGES; i++)
		left += model.entry[i] != 0;
	ck_assert_int_eq(rig_unmap_all(&rig), left * (int64_t)PAGE);
}

#define SEQUENCES 3000

START_TEST(v2_model)
{
	for (uint64_t i = 0; i < SEQUENCES; i++)
		run_model(true, 64 * PAGE, i);
}
END_TEST

START_TEST(v1_model)
{
	for (uint64_t i = 0; i < SEQUENCES; i++)
		run_model(false, 64 * PAGE, i);
}
END_TEST

/* The same where the address space begins and ends. */
START_TEST(v2_model_edges)
{
	for (uint64_t i = 0; i < SEQUENCES; i++)
		run_model(true, i & 1 ? 0 : -(uint64_t)MODEL_PAGES * PAGE, i);
}
END_TEST

START_TEST(v1_model_edges)
{
	for (uint64_t i = 0; i < SEQUENCES; i++)
		run_model(false, i & 1 ? 0 : -(uint64_t)MODEL_PAGES * PAGE, i);
}
END_TEST

/*
 * Every way in which one range lies to two entries: the entries are pages
 * [2, 5) and [@second, @second + 2).
 */
static void every_range(bool v2, int second)
{
	for (int first = 0; first < 12; first++) {
		for (int n = 1; n <= 12 - first; n++) {
			struct model model = { .v2 = v2 };

			map_pages(2, 3);
			model_map(&model, 2, 3);
			map_pages(second, 2);
			model_map(&model, second, 2);
			ck_assert_int_eq(unmap_pages(first, n),
					 model_unmap(&model, first, n));
			assert_avail(&model);
			ck_assert_int_ge(rig_unmap_all(&rig), 0);
		}
	}
}

START_TEST(v2_every_range)
{
	every_range(true, _i);
}
END_TEST

START_TEST(v1_every_range)
{
	every_range(false, _i);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, bad_arguments);
	tcase_add_test(tc, argsz);
	tcase_add_test(tc, faults);
	tcase_add_test(tc, nothing_there);
}

Suite *type1_unmap_suite(void)
{
	Suite *suite = suite_create("type1 unmap");
	TCase *v2 = tcase_create("v2"), *v1 = tcase_create("v1");

	tcase_add_checked_fixture(v2, setup_v2, teardown);
	tcase_add_checked_fixture(v1, setup_v1, teardown);
	add_tests(v2);
	tcase_add_test(v2, v2_whole_entries);
	tcase_add_test(v2, v2_adjacent);
	tcase_add_test(v2, v2_holes);
	tcase_add_test(v2, v2_model);
	tcase_add_test(v2, v2_model_edges);
	tcase_add_loop_test(v2, v2_every_range, 5, 10);
	add_tests(v1);
	tcase_add_test(v1, v1_inside_one_entry);
	tcase_add_test(v1, v1_several);
	tcase_add_test(v1, v1_model);
	tcase_add_test(v1, v1_model_edges);
	tcase_add_loop_test(v1, v1_every_range, 5, 10);
	suite_add_tcase(suite, v2);
	suite_add_tcase(suite, v1);
	return suite;
}
