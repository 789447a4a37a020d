// SPDX-License-Identifier: BSD-3-Clause
/*
 * Plugins of other times: tables whose entries are shorter, or longer, than
 * today's are read with the entry size that the plugin states.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/plugin_layout.h"

#define NR 3

/* Entries of a later interface: today's, and a field more. */
struct later_region {
	struct vfiod_region region;
	uint64_t more;
};

struct later_type {
	struct vfiod_type type;
	void *more[2];
};

struct later_plugin {
	struct vfiod_plugin plugin;
	void *more;
};

static const struct vfio_info_cap_header header = { .id = 7 };

static struct vfiod_plugin sizes(size_t struct_size)
{
	return (struct vfiod_plugin){
		.struct_size = struct_size,
		.api_version = VFIOD_API_VERSION,
		.type_size = sizeof(struct vfiod_type),
		.region_size = sizeof(struct vfiod_region),
		.irq_size = sizeof(struct vfiod_irq),
		.param_size = sizeof(struct vfiod_param),
		.attribute_size = sizeof(struct vfiod_attribute),
		.cap_size = sizeof(struct vfiod_cap),
	};
}

START_TEST(later_entries_are_longer)
{
	struct vfiod_cap cap = { .header = &header, .size = sizeof(header) };
	struct later_region regions[NR];
	struct later_type types[NR];
	struct later_plugin later;
	struct vfiod_plugin desc;

	memset(regions, 0xff, sizeof(regions));
	memset(types, 0xff, sizeof(types));
	memset(&later, 0xff, sizeof(later));
	for (unsigned int i = 0; i < NR; i++) {
		regions[i].region = (struct vfiod_region){ .size = 100 + i,
							   .nr_caps = i ? 1 : 0,
							   .caps = &cap };
		types[i].type = (struct vfiod_type){
			.name = "a",
			.info_flags = i,
			.nr_regions = i + 1U,
			.regions = (const struct vfiod_region *)regions
		};
	}
	later.plugin = sizes(sizeof(later));
	later.plugin.type_size = sizeof(struct later_type);
	later.plugin.region_size = sizeof(struct later_region);
	later.plugin.nr_types = NR;
	later.plugin.types = (const struct vfiod_type *)types;
	ck_assert_int_eq(plugin_layout_copy(&desc, &later.plugin), 0);
	ck_assert_uint_eq(desc.nr_types, NR);
	for (unsigned int i = 0; i < NR; i++) {
		const struct vfiod_type *type = &desc.types[i];

		ck_assert_uint_eq(type->info_flags, i);
		ck_assert_uint_eq(type->nr_regions, i + 1);
		ck_assert_uint_eq(type->regions[i].size, 100 + i);
		ck_assert_uint_eq(type->regions[i].nr_caps, i ? 1 : 0);
	}
	ck_assert_ptr_eq(desc.types[2].regions[2].caps[0].header, &header);
	plugin_layout_free(&desc);
}
END_TEST

/* As if kind and absent had come later. */
START_TEST(earlier_entries_are_shorter)
{
	const uint32_t irqs[NR][2] = { { 1, 10 }, { 2, 20 }, { 3, 30 } };
	const struct vfiod_type type = { .name = "a",
					 .nr_irqs = NR,
					 .irqs = (const void *)irqs };
	const char *params[NR] = { "x", "y", "z" };
	struct vfiod_plugin early, desc;

	early = sizes(offsetof(struct vfiod_plugin, available));
	early.irq_size = sizeof(irqs[0]);
	early.param_size = sizeof(params[0]);
	early.nr_types = 1;
	early.types = &type;
	early.nr_params = NR;
	early.params = (const void *)params;
	/* Behind its end, and so not its own. */
	early.release = (void *)1;
	ck_assert_int_eq(plugin_layout_copy(&desc, &early), 0);
	ck_assert_ptr_null(desc.release);
	for (unsigned int i = 0; i < NR; i++) {
		const struct vfiod_irq *irq = &desc.types[0].irqs[i];

		ck_assert_uint_eq(irq->count, i + 1);
		ck_assert_uint_eq(irq->flags, 10 * (i + 1));
		ck_assert_uint_eq(irq->kind, 0);
		ck_assert_uint_eq(irq->absent, 0);
		ck_assert_str_eq(desc.params[i].name, params[i]);
		ck_assert_ptr_null(desc.params[i].help);
	}
	plugin_layout_free(&desc);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plugin layout");
	TCase *tc = tcase_create("layout");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, later_entries_are_longer);
	tcase_add_test(tc, earlier_entries_are_shorter);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
