// SPDX-License-Identifier: BSD-3-Clause
/* nvme: clients of the nvme plugin. Started by nvme.sh. */
#include "nvme.h"

#include <stdlib.h>
#include <string.h>

struct nvme_queue *nvme_start(struct nvme_dev *dev, int n, unsigned int flags)
{
	nvme_open(dev, n, VFIO_TYPE1v2_IOMMU, flags);
	nvme_enable(dev, true);
	return nvme_create(dev, 1, NVME_MAX_DEPTH);
}

static uint8_t byte_of(size_t i, unsigned int seed)
{
	return (uint8_t)((i * 13 + (i >> 8) * 7) ^ (seed * 31));
}

void nvme_fill(void *at, size_t len, unsigned int seed)
{
	uint8_t *bytes = at;

	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_of(i, seed);
}

void nvme_assert_filled(const void *at, size_t len, unsigned int seed)
{
	const uint8_t *bytes = at;
	size_t i = 0;

	while (i < len && bytes[i] == byte_of(i, seed))
		i++;
	ck_assert_msg(i == len, "byte %zu of %zu is %#x", i, len, bytes[i]);
}

void nvme_assert_works(struct nvme_dev *dev, struct nvme_queue *queue)
{
	uint8_t *data = dev->memory + NVME_DATA;
	struct nvme_cmd cmd = nvme_rw(IO_WRITE, 16, 8);

	nvme_fill(data, PAGE, 99);
	nvme_set_data(dev, &cmd, data, PAGE, 0);
	ck_assert_uint_eq(nvme_do(dev, queue, &cmd, NULL), SUCCESS);
	memset(data, 0, PAGE);
	cmd.opcode = IO_READ;
	ck_assert_uint_eq(nvme_do(dev, queue, &cmd, NULL), SUCCESS);
	nvme_assert_filled(data, PAGE, 99);
}

int main(void)
{
	SRunner *runner = srunner_create(nvme_io_suite());
	int failed;

	srunner_add_suite(runner, nvme_misuse_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
