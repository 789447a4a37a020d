// SPDX-License-Identifier: BSD-3-Clause
/* SET_IRQS with kvmgt's rules, delivery, and the plane query. */
#include <errno.h>
#include <string.h>

#include "../../mdevs/vgpu/regs.h"
#include "vgpu_rig.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define MSIX VFIO_PCI_MSIX_IRQ_INDEX
#define NONE VFIO_IRQ_SET_DATA_NONE
#define BOOL VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define MASK VFIO_IRQ_SET_ACTION_MASK
#define UNMASK VFIO_IRQ_SET_ACTION_UNMASK
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER

static int set_irqs(uint32_t flags, uint32_t index, uint32_t count, int32_t fd)
{
	uint8_t buf[sizeof(struct vfio_irq_set) + sizeof(fd)];
	struct vfio_irq_set hdr = { .argsz = sizeof(buf),
				    .flags = flags,
				    .index = index,
				    .count = count };

	memcpy(buf, &hdr, sizeof(hdr));
	memcpy(buf + sizeof(hdr), &fd, sizeof(fd));
	return (int)fake_ioctl(rig.vdev, VFIO_DEVICE_SET_IRQS, buf);
}

static int msi_eventfd(void)
{
	int fd = fake_eventfd_new();

	ck_assert_int_eq(set_irqs(TRIGGER | EVENTFD, MSI, 1, fd), 0);
	return fd;
}

static void interrupt(void)
{
	const uint32_t dw = MI_USER_INTERRUPT;

	gpu_emit(&rig.gpu, &dw, 1);
	vgpu_rig_run();
}

START_TEST(set_irqs_answers)
{
	static const struct {
		uint32_t flags, index, count;
		int want;
	} cases[] = {
		/* INTx takes anything, and does nothing. */
		{ MASK | NONE, INTX, 1, 0 },
		{ UNMASK | BOOL, INTX, 1, 0 },
		{ TRIGGER | EVENTFD, INTX, 1, 0 },
		{ NONE, INTX, 1, -ENOTTY },
		{ MASK | UNMASK | NONE, INTX, 1, -ENOTTY },
		/* MSI. */
		{ MASK | NONE, MSI, 1, -ENOTTY },
		{ UNMASK | NONE, MSI, 1, -ENOTTY },
		{ TRIGGER | NONE, MSI, 0, 0 },
		{ TRIGGER | NONE, MSI, 1, 0 },
		{ TRIGGER | BOOL, MSI, 1, 0 },
		{ TRIGGER | EVENTFD, MSI, 1, -EBADF },
		{ TRIGGER | EVENTFD, MSI, 2, -EINVAL },
		{ TRIGGER | EVENTFD, MSI, 0, -EINVAL },
		{ TRIGGER | EVENTFD | NONE, MSI, 1, -EINVAL },
		/* Without DATA_NONE the header is checked, with it not. */
		{ TRIGGER, MSI, 1, -EINVAL },
		{ TRIGGER | NONE, MSI, 1000, 0 },
		{ TRIGGER | NONE | 1U << 20, MSI, 1, 0 },
		{ TRIGGER | BOOL | 1U << 20, MSI, 1, -EINVAL },
		/* Others. */
		{ TRIGGER | NONE, MSIX, 1, -ENOTTY },
		{ TRIGGER | NONE, 77, 1, -ENOTTY },
		{ TRIGGER | BOOL, MSIX, 1, -EINVAL },
		{ TRIGGER | BOOL, 77, 1, -EINVAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int ret = set_irqs(cases[i].flags, cases[i].index,
				   cases[i].count, -1);

		ck_assert_msg(ret == cases[i].want, "case %zu: %d, not %d", i,
			      ret, cases[i].want);
	}
	ck_assert_int_eq(set_irqs(TRIGGER | EVENTFD, MSI, 1, FAKE_PLAIN_FD),
			 -EINVAL);
}
END_TEST

START_TEST(eventfd_stays_until_replaced)
{
	int first = msi_eventfd(), second;

	interrupt();
	ck_assert_uint_eq(fake_eventfd_take(first), 1);
	ck_assert_int_eq(set_irqs(TRIGGER | EVENTFD, MSI, 1, -1), -EBADF);
	second = msi_eventfd();
	ck_assert_uint_eq(fake_eventfds_held(), 1);
	interrupt();
	ck_assert_uint_eq(fake_eventfd_take(first), 0);
	ck_assert_uint_eq(fake_eventfd_take(second), 1);
	ck_assert_int_eq(set_irqs(TRIGGER | NONE, MSI, 0, 0), 0);
	ck_assert_uint_eq(fake_eventfds_held(), 0);
	interrupt();
	ck_assert_uint_eq(fake_eventfd_take(second), 0);
}
END_TEST

/* All switches on the way. */
START_TEST(delivery)
{
	int fd = msi_eventfd();

	gpu_config_set(&rig.gpu, 0xae, 0, 2);
	interrupt();
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	gpu_config_set(&rig.gpu, 0xae, 1, 2);

	gpu_set(&rig.gpu, MASTER_IRQ, 0);
	interrupt();
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	ck_assert_uint_eq(gpu_get(&rig.gpu, MASTER_IRQ), MASTER_IRQ_BCS);
	gpu_set(&rig.gpu, MASTER_IRQ, MASTER_IRQ_ENABLE);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);

	gpu_set(&rig.gpu, GT_IIR, GT_BCS_USER);
	ck_assert_uint_eq(gpu_get(&rig.gpu, GT_IIR), 0);
	gpu_set(&rig.gpu, GT_IMR, GT_BCS_USER);
	interrupt();
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	ck_assert_uint_eq(gpu_get(&rig.gpu, GT_IIR), 0);
	gpu_set(&rig.gpu, GT_IMR, 0);
	gpu_set(&rig.gpu, GT_IER, 0);
	interrupt();
	ck_assert_uint_eq(fake_eventfd_take(fd), 0);
	gpu_set(&rig.gpu, GT_IER, GT_BCS_USER);
	ck_assert_uint_eq(fake_eventfd_take(fd), 1);
}
END_TEST

static int query(struct vfio_device_gfx_plane_info *info, uint32_t flags,
		 uint32_t plane)
{
	*info = (struct vfio_device_gfx_plane_info){ .argsz = sizeof(*info),
						     .flags = flags,
						     .drm_plane_type = plane };
	return (int)fake_ioctl(rig.vdev, VFIO_DEVICE_QUERY_GFX_PLANE, info);
}

static void enable_plane(uint32_t ctl)
{
	gpu_map(&rig.gpu, GPU_FREE_PAGE, 1);
	gpu_set(&rig.gpu, PIPE_SRC, 99 << 16 | 49);
	gpu_set(&rig.gpu, PLANE_STRIDE, 7);
	gpu_set(&rig.gpu, PLANE_SURF,
		(uint32_t)gpu_address(&rig.gpu, GPU_FREE_PAGE));
	gpu_set(&rig.gpu, PLANE_CTL, PLANE_ENABLE | ctl);
	gpu_set(&rig.gpu, PIPE_CONF, PIPE_ENABLE);
}

START_TEST(query_flags)
{
	static const uint32_t probe = VFIO_GFX_PLANE_TYPE_PROBE,
			      dmabuf = VFIO_GFX_PLANE_TYPE_DMABUF,
			      area = VFIO_GFX_PLANE_TYPE_REGION;
	struct vfio_device_gfx_plane_info info;

	ck_assert_int_eq(query(&info, probe | dmabuf, 0), 0);
	ck_assert_int_eq(query(&info, probe, 0), -EINVAL);
	ck_assert_int_eq(query(&info, probe | area, 0), -EINVAL);
	ck_assert_int_eq(query(&info, dmabuf | area, 0), -EINVAL);
	ck_assert_int_eq(query(&info, 0, 0), -EINVAL);
	ck_assert_int_eq(query(&info, dmabuf, 0), -EINVAL);
	ck_assert_int_eq(query(&info, dmabuf, 1), 0);
	ck_assert_int_eq(query(&info, dmabuf, 2), 0);
	info.argsz = 59;
	ck_assert_int_eq((int)fake_ioctl(rig.vdev, VFIO_DEVICE_QUERY_GFX_PLANE,
					 &info),
			 -EINVAL);
	ck_assert_int_eq((int)fake_ioctl(rig.vdev, VFIO_DEVICE_QUERY_GFX_PLANE,
					 NULL),
			 -EFAULT);
	ck_assert_int_eq((int)fake_ioctl(rig.vdev, VFIO_DEVICE_GET_GFX_DMABUF,
					 NULL),
			 -EFAULT);
}
END_TEST

START_TEST(query_plane)
{
	struct vfio_device_gfx_plane_info info;

	enable_plane(PLANE_FORMAT_8888 | PLANE_RGBX);
	ck_assert_int_eq(query(&info, VFIO_GFX_PLANE_TYPE_DMABUF, 1), 0);
	ck_assert_mem_eq(&info.drm_format, "XB24", 4);
	ck_assert_uint_eq(info.width, 100);
	ck_assert_uint_eq(info.height, 50);
	ck_assert_uint_eq(info.stride, 448);
	ck_assert_uint_eq(info.size, 448 * 50);
	/* Tiled, or of another format. */
	enable_plane(PLANE_FORMAT_8888 | 1U << 10);
	ck_assert_int_eq(query(&info, VFIO_GFX_PLANE_TYPE_DMABUF, 1), -EINVAL);
	enable_plane(0);
	ck_assert_int_eq(query(&info, VFIO_GFX_PLANE_TYPE_DMABUF, 1), -EINVAL);
	/* Not in the GTT; over the end of the vGPU's memory. */
	enable_plane(PLANE_FORMAT_8888);
	gpu_set_pte(&rig.gpu, GPU_FREE_PAGE, 0);
	ck_assert_int_eq(query(&info, VFIO_GFX_PLANE_TYPE_DMABUF, 1), -EINVAL);
	enable_plane(PLANE_FORMAT_8888);
	gpu_set(&rig.gpu, PIPE_SRC, 0x1fff << 16 | 0xfff);
	gpu_set(&rig.gpu, PLANE_STRIDE, 0x3ff);
	ck_assert_int_eq(query(&info, VFIO_GFX_PLANE_TYPE_DMABUF, 1), -EFAULT);
	gpu_set(&rig.gpu, PLANE_STRIDE, 0);
	ck_assert_int_eq(query(&info, VFIO_GFX_PLANE_TYPE_DMABUF, 1), -EINVAL);
}
END_TEST

Suite *vgpu_irq_suite(void)
{
	Suite *suite = suite_create("vgpu irq");
	TCase *tc = tcase_create("irq");

	tcase_add_checked_fixture(tc, vgpu_rig_setup, vgpu_rig_teardown);
	tcase_add_test(tc, set_irqs_answers);
	tcase_add_test(tc, eventfd_stays_until_replaced);
	tcase_add_test(tc, delivery);
	tcase_add_test(tc, query_flags);
	tcase_add_test(tc, query_plane);
	suite_add_tcase(suite, tc);
	return suite;
}
