// SPDX-License-Identifier: BSD-3-Clause
/* Whose memory a mapping is, by what /proc/PID/maps has of it. */
#include "../../daemon/memory.h"

#include <string.h>

#include "pager_rig.h"

static void check(const char *mapping, const char *want)
{
	char text[128];

	strcpy(text, mapping);
	if (want)
		ck_assert_pstr_eq(memory_device(text), want);
	else
		ck_assert_ptr_null(memory_device(text));
}

START_TEST(of_devices)
{
	check("/memfd:vfiod-device:a (deleted)", "a");
	check("/vfiod-device:a (deleted)", "a");
	check("/vfiod-device:a", "a");
}
END_TEST

START_TEST(of_others)
{
	check("", NULL);
	check("[heap]", NULL);
	check("/", NULL);
	check("/memfd:", NULL);
	check("/memfd:vfiod (deleted)", NULL);
	check("/memfd:x-vfiod-device:a (deleted)", NULL);
	check("/memfd:x/vfiod-device:a (deleted)", NULL);
	check("/" RIG_NAME " (deleted)", NULL);
	check("/SYSV00000000 (deleted)", NULL);
	check("/tmp/vfiod-device:a", NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory name");
	TCase *tc = tcase_create("names");

	tcase_add_test(tc, of_devices);
	tcase_add_test(tc, of_others);
	suite_add_tcase(suite, tc);
	return pager_rig_main(suite);
}
