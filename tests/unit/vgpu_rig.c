// SPDX-License-Identifier: BSD-3-Clause
#include "vgpu_rig.h"

#include <errno.h>
#include <string.h>

struct vgpu_rig rig;

int vgpu_rig_access(void *arg, uint64_t pos, void *buf, size_t len, bool write)
{
	const struct vfiod_plugin *plugin = vfiod_plugin_entry();
	ssize_t n = write ? plugin->write(arg, buf, len, pos) :
			    plugin->read(arg, buf, len, pos);

	return n < 0 ? (int)n : n == (ssize_t)len ? 0 : -EIO;
}

void vgpu_rig_setup(void)
{
	fake_reset();
	rig.memory = fake_memory_new();
	ck_assert_int_eq(fake_device_new("V5_8", &rig.vdev), 0);
	ck_assert_int_eq(vfiod_plugin_entry()->open_device(rig.vdev), 0);
	rig.gpu = (struct gpu){ .access = vgpu_rig_access,
				.arg = rig.vdev,
				.memory = rig.memory,
				.iova = FAKE_IOVA };
	gpu_init(&rig.gpu);
	fake_timer_run();
	rig.pins = fake_pins_total();
}

void vgpu_rig_teardown(void)
{
	vfiod_plugin_entry()->close_device(rig.vdev);
	ck_assert_uint_eq(fake_pins_total(), 0);
	ck_assert_uint_eq(fake_timers(), 0);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
	fake_device_free(rig.vdev);
	fake_memory_free();
}

void vgpu_rig_run(void)
{
	gpu_submit(&rig.gpu);
	ck_assert(fake_timer_run());
}

uint32_t vgpu_rig_pixel(unsigned int page, unsigned int n)
{
	uint32_t value;

	memcpy(&value, rig.memory + page * FAKE_PAGE + n * 4, sizeof(value));
	return value;
}

struct gpu_rect vgpu_rig_rect(unsigned int page, unsigned int rows)
{
	return (struct gpu_rect){ .base = gpu_address(&rig.gpu, page),
				  .pitch = FAKE_PAGE,
				  .x2 = FAKE_PAGE / 4,
				  .y2 = rows };
}
