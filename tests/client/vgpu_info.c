// SPDX-License-Identifier: BSD-3-Clause
/* What a client finds out about a vGPU without blitting. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../mdevs/vgpu/regs.h"
#include "vgpu.h"

#define OPREGION 9
#define EDID 10
#define EDID_OFFSET 2048

struct region_answer {
	struct vfio_region_info info;
	struct vfio_region_info_cap_type type;
};

static struct region_answer region(unsigned int index)
{
	struct region_answer answer = { .info = { .argsz = sizeof(answer),
						  .index = index } };

	ck_ok(vfio_ioctl(vgpu.session.device, VFIO_DEVICE_GET_REGION_INFO,
			 &answer));
	ck_assert_uint_eq(answer.info.offset, REGION(index));
	return answer;
}

START_TEST(device_info)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	ck_ok(vfio_ioctl(vgpu.session.device, VFIO_DEVICE_GET_INFO, &info));
	ck_assert_uint_eq(info.flags,
			  VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
	ck_assert_uint_eq(info.num_regions, 11);
	ck_assert_uint_eq(info.num_irqs, 5);
}
END_TEST

START_TEST(regions)
{
	static const uint64_t sizes[] = { 16UL << 20, 0, 1UL << 30, 0,	0, 0, 0,
					  4096,	      0, 8192,	    128 };
	static const uint32_t flags[] = { 3, 0, 3, 0, 0, 0, 0, 3, 0, 9, 11 };
	struct region_answer answer;

	for (unsigned int i = 0; i < 11; i++) {
		answer = region(i);
		ck_assert_uint_eq(answer.info.size, sizes[i]);
		ck_assert_uint_eq(answer.info.flags, flags[i]);
	}
	ck_assert_uint_eq(answer.type.type, VFIO_REGION_TYPE_GFX);
	ck_assert_uint_eq(answer.type.subtype, VFIO_REGION_SUBTYPE_GFX_EDID);
	answer = region(OPREGION);
	ck_assert_uint_eq(answer.type.type, 0x80008086);
	ck_assert_uint_eq(answer.type.subtype, 1);
}
END_TEST

START_TEST(opregion)
{
	char text[16];

	ck_assert_int_eq(pread(vgpu.session.device, text, sizeof(text),
			       (off_t)REGION(OPREGION)),
			 sizeof(text));
	ck_assert_mem_eq(text, "IntelGraphicsMem", sizeof(text));
	ck_assert_int_eq(pwrite(vgpu.session.device, text, 1,
				(off_t)REGION(OPREGION)),
			 -1);
	ck_assert_int_eq(errno, EFAULT);
}
END_TEST

static int edid_write(uint64_t offset, const void *buf, size_t len)
{
	return pwrite(vgpu.session.device, buf, len,
		      (off_t)(REGION(EDID) + offset)) == (ssize_t)len ?
		       0 :
		       -errno;
}

/* A monitor comes, with an EDID of ours; not with a broken one. */
START_TEST(edid)
{
	struct vfio_region_gfx_edid regs;
	uint32_t up = VFIO_DEVICE_GFX_LINK_STATE_UP;
	uint8_t blob[128];

	ck_assert_int_eq(pread(vgpu.session.device, &regs, sizeof(regs),
			       (off_t)REGION(EDID)),
			 sizeof(regs));
	ck_assert_uint_eq(regs.edid_offset, EDID_OFFSET);
	ck_assert_uint_eq(regs.edid_max_size, sizeof(blob));
	ck_assert_uint_eq(regs.max_xres, 1024);
	ck_assert_uint_eq(regs.max_yres, 768);
	ck_assert_int_eq(pread(vgpu.session.device, blob, sizeof(blob),
			       (off_t)(REGION(EDID) + EDID_OFFSET)),
			 sizeof(blob));
	blob[127]++;
	ck_ok(edid_write(EDID_OFFSET, blob, sizeof(blob)));
	ck_assert_int_eq(
		edid_write(offsetof(struct vfio_region_gfx_edid, link_state),
			   &up, 4),
		-EFAULT);
	blob[127]--;
	ck_ok(edid_write(EDID_OFFSET, blob, sizeof(blob)));
	ck_ok(edid_write(offsetof(struct vfio_region_gfx_edid, link_state), &up,
			 4));
}
END_TEST

static int query(struct vfio_device_gfx_plane_info *info, uint32_t flags)
{
	*info = (struct vfio_device_gfx_plane_info){ .argsz = sizeof(*info),
						     .flags = flags,
						     .drm_plane_type = 1 };
	return vfio_ioctl(vgpu.session.device, VFIO_DEVICE_QUERY_GFX_PLANE,
			  info);
}

START_TEST(plane)
{
	struct vfio_device_gfx_plane_info info;
	uint32_t id = 1;

	ck_ok(query(&info,
		    VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_DMABUF));
	ck_assert_int_eq(query(&info, VFIO_GFX_PLANE_TYPE_PROBE |
					      VFIO_GFX_PLANE_TYPE_REGION),
			 -EINVAL);
	ck_assert_int_eq(query(&info, VFIO_GFX_PLANE_TYPE_REGION), -EINVAL);
	ck_ok(query(&info, VFIO_GFX_PLANE_TYPE_DMABUF));
	ck_assert_uint_eq(info.width, 0);

	gpu_map(&vgpu.gpu, GPU_FREE_PAGE, 1);
	gpu_set(&vgpu.gpu, PIPE_SRC, 639 << 16 | 479);
	gpu_set(&vgpu.gpu, PLANE_STRIDE, 640 * 4 / 64);
	gpu_set(&vgpu.gpu, PLANE_SURF,
		(uint32_t)gpu_address(&vgpu.gpu, GPU_FREE_PAGE));
	gpu_set(&vgpu.gpu, PLANE_CTL, PLANE_ENABLE | PLANE_FORMAT_8888);
	gpu_set(&vgpu.gpu, PIPE_CONF, PIPE_ENABLE);
	ck_ok(query(&info, VFIO_GFX_PLANE_TYPE_DMABUF));
	ck_assert_uint_eq(info.drm_format, 0x34325258); /* XR24 */
	ck_assert_uint_eq(info.width, 640);
	ck_assert_uint_eq(info.height, 480);
	ck_assert_uint_eq(info.stride, 2560);
	ck_assert_uint_eq(info.size, 2560 * 480);
	ck_assert_int_eq(vfio_ioctl(vgpu.session.device,
				    VFIO_DEVICE_GET_GFX_DMABUF, &id),
			 -EINVAL);
}
END_TEST

static void read_attribute(const char *device, const char *name, char *text,
			   size_t size)
{
	char path[256];
	ssize_t len;
	int fd;

	ck_assert_ptr_nonnull(getenv(device));
	snprintf(path, sizeof(path), "%s/%s", getenv(device), name);
	fd = ck_fd(vfio_open(path, O_RDONLY));
	len = read(fd, text, size - 1);
	close(fd);
	ck_assert_int_ge(len, 0);
	text[len] = '\0';
}

START_TEST(sysfs)
{
	char text[256];

	read_attribute("VFIOD_SYSFSDEV", "intel_vgpu/vgpu_id", text,
		       sizeof(text));
	ck_assert_str_eq(text, "1\n");
	read_attribute("VFIOD_SYSFSDEV_2", "intel_vgpu/vgpu_id", text,
		       sizeof(text));
	ck_assert_str_eq(text, "2\n");
	read_attribute("VFIOD_SYSFSDEV_2", "mdev_type/description", text,
		       sizeof(text));
	ck_assert_str_eq(text, "low_gm_size: 128MB\nhigh_gm_size: 512MB\n"
			       "fence: 4\nresolution: 1920x1200\n"
			       "weight: 4\n");
	/* High memory decides: (3072 - 384 of the host - 384 - 512) / 512. */
	read_attribute("VFIOD_SYSFSDEV_2", "mdev_type/available_instances",
		       text, sizeof(text));
	ck_assert_str_eq(text, "3\n");
}
END_TEST

Suite *vgpu_info_suite(void)
{
	Suite *suite = suite_create("vgpu info");
	TCase *tc = client_case(suite, "info");

	tcase_add_checked_fixture(tc, vgpu_setup, vgpu_teardown);
	tcase_add_test(tc, device_info);
	tcase_add_test(tc, regions);
	tcase_add_test(tc, opregion);
	tcase_add_test(tc, edid);
	tcase_add_test(tc, plane);
	tcase_add_test(tc, sysfs);
	return suite;
}
