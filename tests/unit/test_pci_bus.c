// SPDX-License-Identifier: BSD-3-Clause
/* What can reset a function: its plugin, its bus, nothing. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "../../backend/irq.h"
#include "pci_rig.h"
#include "suites.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX

static struct pci_rig r;

static void teardown(void)
{
	pci_teardown(&r);
}

static void setup(const struct vfiod_plugin *plugin, uint8_t number, int nr)
{
	pci_setup_on(&r, plugin, number, nr);
	model_open(&r.m, 0);
}

static bool says_reset(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	ck_assert_int_eq(model_device_ioctl(&r.m, VFIO_DEVICE_GET_INFO, &info,
					    sizeof(info)),
			 0);
	return info.flags & VFIO_DEVICE_FLAGS_RESET;
}

/* With the groups of the first @count functions. */
static int hot_reset(uint32_t count)
{
	struct {
		struct vfio_pci_hot_reset hdr;
		int32_t fds[2];
	} arg = { .hdr = { .argsz = sizeof(arg), .count = count } };

	for (uint32_t i = 0; i < count; i++)
		arg.fds[i] =
			host_client_add_group(&r.m.client, r.m.devs[i].group);
	return model_device_ioctl(&r.m, VFIO_DEVICE_PCI_HOT_RESET, &arg,
				  sizeof(arg));
}

static bool line_is_up(int i)
{
	return vfio_irqs_line_is_up(r.m.devs[i].vdev->irqs);
}

static void raise_line(int i)
{
	vfiod_irq_line(r.m.devs[i].vdev, INTX, true);
}

/* ---- who has which ---- */

START_TEST(what_there_is)
{
	static const struct {
		const struct vfiod_plugin *plugin;
		uint8_t bus;
		int nr;
		int function, hot;
	} has[] = {
		{ &pci_rig_plugin, 0, 1, 0, -ENODEV },
		{ &pci_rig_plugin, 1, 1, 0, 0 },
		{ &pci_rig_plugin, 1, 2, 0, 0 },
		{ &pci_rig_resetless, 0, 1, -EINVAL, -ENODEV },
		{ &pci_rig_resetless, 0, 2, -EINVAL, -ENODEV },
		{ &pci_rig_resetless, 1, 1, 0, 0 },
		{ &pci_rig_resetless, 1, 2, -EINVAL, 0 },
	};

	setup(has[_i].plugin, has[_i].bus, has[_i].nr);
	ck_assert_int_eq(says_reset(), !has[_i].function);
	ck_assert_int_eq(pci_reset(&r), has[_i].function);
	ck_assert_int_eq(hot_reset(has[_i].nr), has[_i].hot);
}
END_TEST

/* The bit to reset it is not there without the op: it would not do it. */
START_TEST(no_flr)
{
	setup(&pci_rig_resetless, 1, 1);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_EXP + PCI_EXP_DEVCAP, 4) &
				  PCI_EXP_DEVCAP_FLR,
			  0);
	raise_line(0);
	pci_put(&r, PCI_RIG_EXP + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	ck_assert(line_is_up(0));
}
END_TEST

/* In the root complex: no link, and so a shorter capability. */
START_TEST(root_endpoint)
{
	setup(&pci_rig_plugin, 0, 1);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_EXP + PCI_EXP_FLAGS, 2), 0x92);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_EXP + PCI_CAP_LIST_NEXT, 1),
			  PCI_RIG_EXP + 0x2c);
	r.resets = 0;
	pci_put(&r, PCI_RIG_EXP + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	ck_assert_uint_eq(r.resets, 1);
}
END_TEST

START_TEST(entries_in_order)
{
	struct {
		struct vfio_pci_hot_reset_info info;
		struct vfio_pci_dependent_device devs[2];
	} arg = { .info.argsz = sizeof(arg) };

	setup(&pci_rig_resetless, 1, 2);
	ck_assert_int_eq(model_device_ioctl(&r.m,
					    VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
					    &arg, sizeof(arg)),
			 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(arg.devs[i].devfn, i);
		ck_assert_int_eq(arg.devs[i].group_id, r.m.devs[i].group->id);
	}
}
END_TEST

/* ---- what they do ---- */

/* In D3hot, with decoding and bus mastering on. */
START_TEST(wakes)
{
	const uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	setup(&pci_rig_resetless, 1, 2 - _i);
	pci_put(&r, PCI_COMMAND, 2, command);
	pci_put(&r, PCI_RIG_PM + PCI_PM_CTRL, 2, 3);
	ck_assert_int_eq(vfio_pci_bar_enabled(r.m.devs[0].vdev, 0), -EIO);
	ck_assert_int_eq(_i ? pci_reset(&r) : hot_reset(2), 0);
	ck_assert_uint_eq(pci_get(&r, PCI_RIG_PM + PCI_PM_CTRL, 1) & 3, 0);
	ck_assert_uint_eq(pci_get(&r, PCI_COMMAND, 2), command);
	ck_assert_int_eq(vfio_pci_bar_enabled(r.m.devs[0].vdev, 0), 0);
	ck_assert(vfiod_pci_bus_master(r.m.devs[0].vdev));
}
END_TEST

/* All lines of the bus fall; so they do when nobody has it open any more. */
START_TEST(lines_fall)
{
	setup(&pci_rig_resetless, 1, 2);
	model_open(&r.m, 1);
	raise_line(0);
	raise_line(1);
	ck_assert_int_eq(hot_reset(2), 0);
	ck_assert(!line_is_up(0) && !line_is_up(1));
	raise_line(0);
	model_close(&r.m, 0);
	model_open(&r.m, 0);
	ck_assert(line_is_up(0));
	model_close(&r.m, 0);
	model_close(&r.m, 1);
	model_open(&r.m, 0);
	ck_assert(!line_is_up(0));
}
END_TEST

/* An open that failed has left nothing open. */
START_TEST(failed_open)
{
	struct vfio_device_file *file;

	setup(&pci_rig_resetless, 1, 2);
	r.open_ret = -ENOMEM;
	ck_assert_int_eq(model_get_device(&r.m, 1, "dev1", &file), -ENOMEM);
	r.open_ret = 0;
	raise_line(0);
	model_close(&r.m, 0);
	model_open(&r.m, 0);
	ck_assert(!line_is_up(0));
}
END_TEST

/* The neighbour sleeps, and hears of it: even where it may not be reset. */
START_TEST(wakes_neighbours)
{
	struct {
		struct vfio_device_feature hdr;
		int32_t fd;
		uint32_t reserved;
	} arg = {
		.hdr.argsz = sizeof(arg),
		.hdr.flags = VFIO_DEVICE_FEATURE_SET |
			     VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
	};
	struct host_eventfd *eventfd = host_eventfd_create();

	setup(&pci_rig_resetless, 1, 2);
	model_open(&r.m, 1);
	arg.fd = host_client_add_eventfd(&r.m.client, eventfd);
	for (uint32_t count = 1; count <= 2; count++) {
		uint64_t at = model_put(&r.m, &arg, sizeof(arg));

		ck_assert_int_eq(vfio_device_file_ioctl(r.m.devs[1].file,
							VFIO_DEVICE_FEATURE,
							at),
				 0);
		ck_assert_int_eq(hot_reset(count), count == 2 ? 0 : -EINVAL);
		ck_assert_uint_eq(host_eventfd_read(eventfd), 1);
		ck_assert_uint_eq(host_eventfd_refs(eventfd), 0);
	}
	host_eventfd_destroy(eventfd);
}
END_TEST

/* ---- a plugin that cannot ---- */

START_TEST(first_reset_fails)
{
	struct vfio_device_file *file;

	pci_setup_on(&r, &pci_rig_plugin, 1, 1);
	r.reset_ret = -EAGAIN;
	ck_assert_int_eq(model_get_device(&r.m, 0, "dev0", &file), -EAGAIN);
	r.reset_ret = -EBUSY;
	model_open(&r.m, 0);
	ck_assert(!says_reset());
	r.reset_ret = 0;
	ck_assert_int_eq(pci_reset(&r), -EINVAL);
	model_close(&r.m, 0);
	model_open(&r.m, 0);
	ck_assert(says_reset());
	ck_assert_int_eq(pci_reset(&r), 0);
}
END_TEST

/* What one cannot does not keep the others from it. */
START_TEST(later_reset_fails)
{
	setup(&pci_rig_plugin, 1, 2);
	model_open(&r.m, 1);
	r.resets = 0;
	r.reset_ret = -EBUSY;
	ck_assert_int_eq(pci_reset(&r), -EBUSY);
	ck_assert_uint_eq(r.resets, 1);
	ck_assert_int_eq(hot_reset(2), -EBUSY);
	ck_assert_uint_eq(r.resets, 3);
}
END_TEST

/* ---- at the same time ---- */

#define ROUNDS 500

/* Another client: of the second function, which it opens again and again. */
static void *neighbour(void *arg)
{
	uint64_t name = r.m.mem;

	(void)arg;
	vfio_set_current(&r.m.client.client);
	memcpy(host_mm_ptr(r.m.mm, name), "dev1", sizeof("dev1"));
	for (int i = 0; i < ROUNDS; i++) {
		struct vfio_device_file *file;
		struct vfio_device *vdev;
		uint8_t config[64];

		ck_assert_int_eq(vfio_group_get_device(r.m.devs[1].group, name,
						       &file),
				 0);
		vdev = file->vdev;
		vfiod_irq_line(vdev, INTX, true);
		ck_assert_int_eq(vfio_device_file_ioctl(file, VFIO_DEVICE_RESET,
							0),
				 -EINVAL);
		vfio_pci_hardware_config(vdev, config, sizeof(config));
		vfio_device_file_release(file);
	}
	return NULL;
}

START_TEST(meanwhile)
{
	struct {
		struct vfio_pci_hot_reset hdr;
		int32_t fds[2];
	} arg = { .hdr = { .argsz = sizeof(arg), .count = 2 } };
	pthread_t thread;

	setup(&pci_rig_resetless, 1, 2);
	for (int i = 0; i < 2; i++)
		arg.fds[i] =
			host_client_add_group(&r.m.client, r.m.devs[i].group);
	ck_assert_int_eq(pthread_create(&thread, NULL, neighbour, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		raise_line(0);
		ck_assert_int_eq(model_device_ioctl(&r.m,
						    VFIO_DEVICE_PCI_HOT_RESET,
						    &arg, sizeof(arg)),
				 0);
		ck_assert(!line_is_up(0));
	}
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

Suite *pci_bus_suite(void)
{
	Suite *suite = suite_create("pci bus");
	TCase *tcase = tcase_create("bus");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_loop_test(tcase, what_there_is, 0, 7);
	tcase_add_test(tcase, no_flr);
	tcase_add_test(tcase, root_endpoint);
	tcase_add_test(tcase, entries_in_order);
	tcase_add_loop_test(tcase, wakes, 0, 2);
	tcase_add_test(tcase, lines_fall);
	tcase_add_test(tcase, failed_open);
	tcase_add_test(tcase, wakes_neighbours);
	tcase_add_test(tcase, first_reset_fails);
	tcase_add_test(tcase, later_reset_fails);
	tcase_add_test(tcase, meanwhile);
	suite_add_tcase(suite, tcase);
	return suite;
}
