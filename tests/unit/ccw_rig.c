// SPDX-License-Identifier: BSD-3-Clause
#include "ccw_rig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio_ccw.h>

#include "fake_params.h"

#define ASYNC_POS (1 << 10)
#define PERIOD 251

struct ccw_rig rig;

static void make_disk(char *path)
{
	uint8_t bytes[RIG_BLOCKS * BLOCK];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % PERIOD);
	rig.disk = mkstemp(path);
	ck_assert_int_ge(rig.disk, 0);
	ck_assert_int_eq(write(rig.disk, bytes, sizeof(bytes)), sizeof(bytes));
}

static void set_io_irq(void)
{
	struct {
		struct vfio_irq_set hdr;
		int32_t fd;
	} set = {
		.hdr = { .argsz = sizeof(set),
			 .flags = VFIO_IRQ_SET_DATA_EVENTFD |
				  VFIO_IRQ_SET_ACTION_TRIGGER,
			 .index = VFIO_CCW_IO_IRQ_INDEX,
			 .count = 1 },
	};

	rig.io_irq = set.fd = fake_eventfd_new();
	ck_assert_int_eq(fake_ioctl(rig.vdev, VFIO_DEVICE_SET_IRQS, &set), 0);
}

void ccw_rig_setup(void)
{
	char path[] = "/tmp/vfiod-ccw-XXXXXX";

	fake_reset();
	fake_dma_reset();
	rig.plugin = vfiod_plugin_entry();
	make_disk(path);
	fake_param("file", path);
	ck_assert_int_eq(fake_device_new("io", &rig.vdev), 0);
	unlink(path);
	ck_assert_int_eq(rig.plugin->open_device(rig.vdev), 0);
	set_io_irq();
	at(PROGRAM);
}

void ccw_rig_teardown(void)
{
	rig.plugin->close_device(rig.vdev);
	ck_assert_uint_eq(fake_dma_pins(), 0);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
	fake_device_free(rig.vdev);
	ck_assert_uint_eq(fake_timers_held(), 0);
	close(rig.disk);
}

void at(uint64_t iova)
{
	rig.next = iova;
}

void put32(uint64_t iova, uint32_t value)
{
	put_be32(fake_dma_at(iova), value);
}

void put64(uint64_t iova, uint64_t value)
{
	put32(iova, (uint32_t)(value >> 32));
	put32(iova + 4, (uint32_t)value);
}

void ccw1(uint8_t cmd, uint8_t flags, uint16_t count, uint32_t cda)
{
	put32(rig.next, (uint32_t)cmd << 24 | (uint32_t)flags << 16 | count);
	put32(rig.next + 4, cda);
	rig.next += CCW_SIZE;
}

void ccw0(uint8_t cmd, uint8_t flags, uint16_t count, uint32_t cda)
{
	put32(rig.next, (uint32_t)cmd << 24 | cda);
	put32(rig.next + 4, (uint32_t)flags << 24 | count);
	rig.next += CCW_SIZE;
}

void locate(uint8_t command, uint32_t block, uint16_t nr)
{
	put32(ORDERS, (command == READ ? 0x40000000U : 0) | BLOCK);
	put32(ORDERS + 4, 0);
	put32(ORDERS + 8, 0);
	put32(ORDERS + 12, RIG_BLOCKS - 1);
	put32(ORDERS + 16, (command == READ ? 6U : 5U) << 24 | nr);
	put32(ORDERS + 20, block);
	ccw1(DEFINE_EXTENT, CC, 16, ORDERS);
	ccw1(LOCATE, CC, 8, ORDERS + 16);
}

int start(uint64_t iova, uint8_t orb_flags)
{
	struct ccw_io_region io = { .orb_area = { 0 } };
	ssize_t ret;

	io.orb_area[5] = orb_flags;
	put_be32(io.orb_area + 8, (uint32_t)iova);
	io.scsw_area[2] = SCSW_FCTL_START << 4;
	ret = rig.plugin->write(rig.vdev, &io, sizeof(io), 0);
	if (ret < 0)
		return (int)ret;
	ck_assert_int_eq(ret, sizeof(io));
	return 0;
}

int async_command(uint32_t command)
{
	struct ccw_cmd_region cmd = { .command = command };
	ssize_t ret = rig.plugin->write(rig.vdev, &cmd, sizeof(cmd), ASYNC_POS);

	if (ret < 0)
		return (int)ret;
	ck_assert_int_eq(ret, sizeof(cmd));
	return 0;
}

struct scsw last_status(void)
{
	struct ccw_io_region io;
	const uint8_t *irb = io.irb_area;
	uint16_t control;

	ck_assert_int_eq(rig.plugin->read(rig.vdev, &io, sizeof(io), 0),
			 sizeof(io));
	control = get_be16(irb + 2);
	return (struct scsw){
		.key = irb[0] >> 4,
		.fctl = control >> 12 & 7,
		.actl = control >> 5 & 0x7f,
		.stctl = control & 0x1f,
		.cpa = get_be32(irb + 4),
		.dstat = irb[8],
		.cstat = irb[9],
		.count = get_be16(irb + 10),
	};
}

struct scsw finish(void)
{
	for (int i = 0; i < 100; i++) {
		ck_assert_uint_eq(fake_timers_run(), 1);
		if (fake_eventfd_take(rig.io_irq))
			return last_status();
	}
	ck_abort_msg("no interrupt");
	return (struct scsw){ 0 };
}

struct scsw run(uint8_t orb_flags)
{
	ck_assert_int_eq(start(PROGRAM, orb_flags), 0);
	return finish();
}

void assert_disk_bytes(const void *bytes, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(((const uint8_t *)bytes)[i] ==
				      (from + i) % PERIOD,
			      "byte %zu of the disk is %u", from + i,
			      ((const uint8_t *)bytes)[i]);
}
