// SPDX-License-Identifier: BSD-3-Clause
/* vgpu: a client of the vgpu plugin, started by vgpu.sh over any transport. */
#include "vgpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../mdevs/vgpu/regs.h"

struct vgpu_client vgpu;

static int access_fd(void *arg, uint64_t pos, void *buf, size_t len, bool write)
{
	int fd = *(int *)arg;
	ssize_t n = write ? pwrite(fd, buf, len, (off_t)pos) :
			    pread(fd, buf, len, (off_t)pos);

	if (n < 0)
		return -errno;
	return n == (ssize_t)len ? 0 : -EIO;
}

void vgpu_setup(void)
{
	uint8_t *memory = mmap(NULL, VGPU_PAGES * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(memory, MAP_FAILED);
	vgpu.session = vfio_session_open(DEV_V5_8, VFIO_TYPE1v2_IOMMU);
	vgpu.event = ck_fd(eventfd(0, EFD_CLOEXEC));
	vgpu.gpu = (struct gpu){ .access = access_fd,
				 .arg = &vgpu.session.device,
				 .memory = memory,
				 .iova = VGPU_IOVA };
	ck_ok(vfio_ioctl(vgpu.session.device, VFIO_DEVICE_RESET, NULL));
	ck_ok(vfio_map(vgpu.session.container, VGPU_IOVA, memory,
		       VGPU_REST * PAGE));
	ck_ok(vfio_map(vgpu.session.container, VGPU_REST_IOVA,
		       memory + VGPU_REST * PAGE, VGPU_REST_SIZE));
	ck_ok(vfio_set_trigger(vgpu.session.device, VFIO_PCI_MSI_IRQ_INDEX, 0,
			       vgpu.event));
	gpu_init(&vgpu.gpu);
}

void vgpu_teardown(void)
{
	vfio_session_close(&vgpu.session);
	close(vgpu.event);
	munmap(vgpu.gpu.memory, VGPU_PAGES * PAGE);
}

struct gpu_rect vgpu_page_rect(unsigned int page, unsigned int rows)
{
	return (struct gpu_rect){ .base = gpu_address(&vgpu.gpu, page),
				  .pitch = PAGE,
				  .x2 = PAGE / 4,
				  .y2 = rows };
}

uint32_t vgpu_pixel(unsigned int page, unsigned int n)
{
	uint32_t value;

	memcpy(&value, vgpu.gpu.memory + page * PAGE + n * 4, sizeof(value));
	return value;
}

/* The interrupt of something older may still come: the number decides. */
void vgpu_run(uint32_t seqno)
{
	gpu_signal(&vgpu.gpu, seqno);
	gpu_submit(&vgpu.gpu);
	do
		ck_assert_msg(event_arrives(vgpu.event), "no MSI; error %#x",
			      gpu_error(&vgpu.gpu));
	while (gpu_seqno(&vgpu.gpu) != seqno && !gpu_error(&vgpu.gpu));
	ck_assert_uint_eq(gpu_error(&vgpu.gpu), 0);
	gpu_set(&vgpu.gpu, GT_IIR, GT_BCS_USER);
}

uint32_t vgpu_run_error(void)
{
	uint32_t error;

	gpu_submit(&vgpu.gpu);
	while (!(error = gpu_error(&vgpu.gpu)))
		ck_assert(event_arrives(vgpu.event));
	ck_assert(gpu_get(&vgpu.gpu, GT_IIR) & GT_BCS_ERROR);
	return error;
}

int main(void)
{
	SRunner *runner = srunner_create(vgpu_info_suite());
	int failed;

	srunner_add_suite(runner, vgpu_blit_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
