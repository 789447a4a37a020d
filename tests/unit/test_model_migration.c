// SPDX-License-Identifier: BSD-3-Clause
/* Migration as the model has it: the states, the features, the streams. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../../backend/mig_state.h"
#include "../../backend/stream.h"
#include "model_rig.h"
#include "suites.h"

static struct model m;

#define GET VFIO_DEVICE_FEATURE_GET
#define SET VFIO_DEVICE_FEATURE_SET
#define PROBE VFIO_DEVICE_FEATURE_PROBE

#define ALL                                              \
	(VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P | \
	 VFIO_MIGRATION_PRE_COPY)

enum {
	ERR = VFIO_DEVICE_STATE_ERROR,
	STOP = VFIO_DEVICE_STATE_STOP,
	RUN = VFIO_DEVICE_STATE_RUNNING,
	COPY = VFIO_DEVICE_STATE_STOP_COPY,
	RES = VFIO_DEVICE_STATE_RESUMING,
	P2P = VFIO_DEVICE_STATE_RUNNING_P2P,
	PRE = VFIO_DEVICE_STATE_PRE_COPY,
	PREP = VFIO_DEVICE_STATE_PRE_COPY_P2P,
	END = 8,
};

/* ---- the state machine ---- */

/* The steps from one state to the other, of a device with these flags. */
static const struct way {
	uint64_t flags;
	uint8_t from, to;
	uint8_t steps[6]; /* END after the last */
} ways[] = {
	{ ALL, PRE, COPY, { PREP, COPY, END } },
	{ ALL, PRE, RES, { RUN, P2P, STOP, RES, END } },
	{ ALL, PREP, RUN, { P2P, RUN, END } },
	{ ALL, PREP, COPY, { COPY, END } },
	{ ALL, RES, PRE, { STOP, P2P, RUN, PRE, END } },
	{ ALL, RES, PREP, { STOP, P2P, PREP, END } },
	{ ALL, RES, COPY, { STOP, COPY, END } },
	{ ALL, RUN, PREP, { P2P, PREP, END } },
	{ ALL, RUN, COPY, { P2P, STOP, COPY, END } },
	{ ALL, RUN, PRE, { PRE, END } },
	{ ALL, P2P, PRE, { RUN, PRE, END } },
	{ ALL, STOP, PRE, { P2P, RUN, PRE, END } },
	{ ALL, COPY, RUN, { STOP, P2P, RUN, END } },
	{ ALL, COPY, RES, { STOP, RES, END } },
	{ ALL, RUN, RUN, { RUN, END } },
	{ VFIO_MIGRATION_STOP_COPY, RUN, COPY, { STOP, COPY, END } },
	{ VFIO_MIGRATION_STOP_COPY, RUN, STOP, { STOP, END } },
	{ VFIO_MIGRATION_STOP_COPY, RES, RUN, { STOP, RUN, END } },
	{ VFIO_MIGRATION_STOP_COPY, COPY, RES, { STOP, RES, END } },
	{ VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P,
	  RUN,
	  COPY,
	  { P2P, STOP, COPY, END } },
	{ VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY,
	  PRE,
	  COPY,
	  { COPY, END } },
	{ VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY,
	  PRE,
	  RES,
	  { RUN, STOP, RES, END } },
};

START_TEST(steps)
{
	const struct way *way = &ways[_i];
	uint32_t at = way->from;
	int i = 0;

	do {
		ck_assert_int_eq(
			vfio_mig_next_state(way->flags, at, way->to, &at), 0);
		ck_assert_uint_eq(at, way->steps[i]);
		i++;
	} while (at != way->to);
	ck_assert_uint_eq(way->steps[i], END);
}
END_TEST

START_TEST(no_way)
{
	static const struct {
		uint64_t flags;
		uint32_t from, to;
	} none[] = {
		{ ALL, COPY, PRE },
		{ ALL, COPY, PREP },
		{ ALL, RUN, ERR },
		{ ALL, ERR, RUN },
		{ ALL, ERR, ERR },
		{ ALL, RUN, END },
		{ ALL, END, RUN },
		{ ALL, RUN, UINT32_MAX },
		{ VFIO_MIGRATION_STOP_COPY, RUN, P2P },
		{ VFIO_MIGRATION_STOP_COPY, RUN, PRE },
		{ VFIO_MIGRATION_STOP_COPY, P2P, RUN },
		{ VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P, RUN, PREP },
		{ VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY, RUN,
		  PREP },
		{ 0, RUN, STOP },
	};
	uint32_t next = 77;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_int_eq(vfio_mig_next_state(none[i].flags,
						     none[i].from, none[i].to,
						     &next),
				 -EINVAL);
	ck_assert_uint_eq(next, 77);
}
END_TEST

/* Whatever is allowed comes to its end, by states that there are. */
START_TEST(every_way_ends)
{
	for (uint64_t flags = 0; flags <= ALL; flags++) {
		for (uint32_t from = 0; from < END; from++) {
			for (uint32_t to = 0; to < END; to++) {
				uint32_t at = from;
				int n = 0;

				while (!vfio_mig_next_state(flags, at, to,
							    &at) &&
				       at != to)
					ck_assert_int_lt(n++, 6);
			}
		}
	}
}
END_TEST

/* ---- the features ---- */

static uint32_t state;
static int op_errno;
static bool makes_stream;
static unsigned int sets, released;
static bool too_many;

static ssize_t stream_read(struct vfiod_stream *stream, void *buf, size_t count)
{
	ck_assert_ptr_eq(vfiod_stream_data(stream), &state);
	memset(buf, 0x5a, count);
	return too_many ? (ssize_t)count + 1 : (ssize_t)count;
}

static int stream_precopy(struct vfiod_stream *stream,
			  struct vfio_precopy_info *info)
{
	(void)stream;
	info->initial_bytes = 11;
	info->dirty_bytes = 22;
	return op_errno;
}

static void stream_release(struct vfiod_stream *stream)
{
	(void)stream;
	released++;
}

static const struct vfiod_stream_ops stream_ops = {
	.read = stream_read,
	.precopy_info = stream_precopy,
	.release = stream_release,
};

static int set_state(struct vfio_device *vdev, uint32_t to,
		     struct vfiod_stream **stream)
{
	ck_assert_ptr_null(*stream);
	sets++;
	if (op_errno)
		return op_errno;
	state = to;
	if (makes_stream)
		*stream = vfiod_stream_new(vdev, &stream_ops, &state);
	return 0;
}

static int get_state(struct vfio_device *vdev, uint32_t *now)
{
	(void)vdev;
	*now = state;
	return op_errno;
}

static int get_data_size(struct vfio_device *vdev, uint64_t *length)
{
	(void)vdev;
	*length = 0x123456789;
	return op_errno;
}

static const struct vfiod_plugin plugin = {
	.name = "migration",
	.init = model_init,
	.dma_unmap = model_dma_unmap,
	.migration_flags = ALL,
	.migration_set_state = set_state,
	.migration_get_state = get_state,
	.migration_get_data_size = get_data_size,
};

static void setup(void)
{
	state = RUN;
	op_errno = 0;
	makes_stream = too_many = false;
	sets = released = 0;
	model_ready(&m, &plugin, &model_type);
}

static void teardown(void)
{
	model_teardown(&m);
}

struct mig {
	struct vfio_device_feature header;
	struct vfio_device_feature_mig_state data;
};

static void fill(struct mig *arg, uint32_t argsz, uint32_t flags, uint32_t to)
{
	arg->header.argsz = argsz;
	arg->header.flags = flags | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE;
	arg->data.device_state = to;
	arg->data.data_fd = 12345;
}

static int mig(uint32_t flags, uint32_t to, struct mig *arg)
{
	fill(arg, sizeof(*arg), flags, to);
	return model_device_ioctl(&m, VFIO_DEVICE_FEATURE, arg, sizeof(*arg));
}

/* Where only the first @size bytes of the structure are there. */
static int mig_at_hole(uint32_t flags, uint32_t argsz, size_t size)
{
	struct mig arg;

	fill(&arg, argsz, flags, STOP);
	return vfio_device_file_ioctl(m.devs[0].file, VFIO_DEVICE_FEATURE,
				      model_put_at_hole(&m, &arg, size));
}

static int feature(uint32_t flags, uint32_t argsz, uint64_t *data)
{
	struct {
		struct vfio_device_feature header;
		uint64_t data;
	} arg = { .header = { .argsz = argsz, .flags = flags } };
	int ret =
		model_device_ioctl(&m, VFIO_DEVICE_FEATURE, &arg, sizeof(arg));

	*data = arg.data;
	return ret;
}

START_TEST(constant_features)
{
	uint64_t data;

	ck_assert_int_eq(
		feature(GET | VFIO_DEVICE_FEATURE_MIGRATION, 16, &data), 0);
	ck_assert_uint_eq(data, ALL);
	ck_assert_int_eq(feature(SET | VFIO_DEVICE_FEATURE_MIGRATION, 16,
				 &data),
			 -EINVAL);
	ck_assert_int_eq(feature(GET | VFIO_DEVICE_FEATURE_MIGRATION, 15,
				 &data),
			 -EINVAL);
	ck_assert_int_eq(
		feature(GET | VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, 16, &data), 0);
	ck_assert_uint_eq(data, 0x123456789);
	ck_assert_int_eq(feature(PROBE | GET | SET |
					 VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
				 8, &data),
			 -EINVAL);
	ck_assert_int_eq(feature(PROBE | GET |
					 VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
				 8, &data),
			 0);
	op_errno = -EIO;
	ck_assert_int_eq(feature(GET | VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, 16,
				 &data),
			 -EIO);
}
END_TEST

START_TEST(get)
{
	struct mig arg;

	state = PRE;
	ck_assert_int_eq(mig(GET, 77, &arg), 0);
	ck_assert_uint_eq(arg.data.device_state, PRE);
	ck_assert_int_eq(arg.data.data_fd, -1);
	op_errno = -EIO;
	ck_assert_int_eq(mig(GET, 77, &arg), -EIO);
	ck_assert_uint_eq(arg.data.device_state, 77);
	ck_assert_int_eq(arg.data.data_fd, 12345);
}
END_TEST

START_TEST(set_without_stream)
{
	struct mig arg;

	ck_assert_int_eq(mig(SET, STOP, &arg), 0);
	ck_assert_uint_eq(state, STOP);
	ck_assert_uint_eq(arg.data.device_state, STOP);
	ck_assert_int_eq(arg.data.data_fd, -1);
	ck_assert_ptr_null(m.client.stream);
	/* The number is the plugin's to judge, and the structure is written. */
	op_errno = -EINVAL;
	ck_assert_int_eq(mig(SET, UINT32_MAX, &arg), -EINVAL);
	ck_assert_uint_eq(arg.data.device_state, UINT32_MAX);
	ck_assert_int_eq(arg.data.data_fd, -1);
	ck_assert_uint_eq(sets, 2);
}
END_TEST

START_TEST(order_of_checks)
{
	ck_assert_int_eq(mig_at_hole(SET, 16, 8), -EFAULT);
	ck_assert_int_eq(mig_at_hole(SET, 15, 8), -EINVAL);
	ck_assert_int_eq(mig_at_hole(0, 16, 8), -EINVAL);
	ck_assert_int_eq(mig_at_hole(GET, 16, 15), -EFAULT);
	ck_assert_int_eq(mig_at_hole(PROBE | GET | SET, 8, 8), 0);
	ck_assert_uint_eq(sets, 0);
}
END_TEST

START_TEST(set_with_stream)
{
	struct mig arg;

	makes_stream = true;
	ck_assert_int_eq(mig(SET, COPY, &arg), 0);
	/* The number comes when the call is over. */
	ck_assert_int_eq(arg.data.data_fd, -1);
	ck_assert_ptr_nonnull(m.client.stream);
	ck_assert_uint_eq(m.client.number_at,
			  m.args + offsetof(struct mig, data.data_fd));
	ck_assert_ptr_eq(vfio_stream_device(m.client.stream), m.devs[0].vdev);
	ck_assert_uint_eq(released, 0);
	vfiod_stream_put(m.client.stream);
	ck_assert_uint_eq(released, 1);
}
END_TEST

/* The state has changed; nothing is written, as in the kernel. */
START_TEST(no_room_for_the_fd)
{
	struct mig arg;

	makes_stream = true;
	m.client.no_fd_room = true;
	ck_assert_int_eq(mig(SET, COPY, &arg), -EMFILE);
	ck_assert_int_eq(arg.data.data_fd, 12345);
	ck_assert_uint_eq(state, COPY);
	ck_assert_ptr_null(m.client.stream);
	ck_assert_uint_eq(released, 1);
}
END_TEST

static int set_read_only(void)
{
	struct mig arg;
	uint64_t at;
	int ret;

	fill(&arg, sizeof(arg), SET, COPY);
	at = model_put(&m, &arg, sizeof(arg));
	host_mm_protect(m.mm, (at - m.mm->base) / PAGE, 1, HOST_READ);
	ret = vfio_device_file_ioctl(m.devs[0].file, VFIO_DEVICE_FEATURE, at);
	host_mm_protect(m.mm, (at - m.mm->base) / PAGE, 1,
			HOST_READ | HOST_WRITE);
	return ret;
}

START_TEST(number_cannot_be_written)
{
	makes_stream = true;
	ck_assert_int_eq(set_read_only(), -EFAULT);
	ck_assert_ptr_null(m.client.stream);
	ck_assert_uint_eq(released, 1);
	/* That goes before the plugin's errno. */
	op_errno = -EINVAL;
	ck_assert_int_eq(set_read_only(), -EFAULT);
}
END_TEST

/* ---- streams ---- */

static struct vfiod_stream *stream_of(const struct vfiod_stream_ops *ops)
{
	struct vfiod_stream *stream =
		vfiod_stream_new(m.devs[0].vdev, ops, &state);

	ck_assert_ptr_nonnull(stream);
	return stream;
}

START_TEST(stream_calls)
{
	struct vfiod_stream *stream = stream_of(&stream_ops);
	uint8_t data[4] = { 0 };

	ck_assert_int_eq(vfio_stream_flags(stream), O_RDONLY);
	ck_assert_int_eq(vfio_stream_read(stream, data, 3), 3);
	ck_assert_uint_eq(data[2], 0x5a);
	ck_assert_uint_eq(data[3], 0);
	ck_assert_int_eq(vfio_stream_write(stream, data, 3), -EBADF);
	too_many = true;
	ck_assert_int_eq(vfio_stream_read(stream, data, 3), -EIO);
	vfiod_stream_get(stream);
	vfiod_stream_put(stream);
	ck_assert_uint_eq(released, 0);
	vfiod_stream_put(stream);
	ck_assert_uint_eq(released, 1);
	vfiod_stream_put(NULL);
}
END_TEST

static int ask_precopy(struct vfiod_stream *stream, uint64_t arg)
{
	return vfio_stream_ioctl(stream, VFIO_MIG_GET_PRECOPY_INFO, arg);
}

START_TEST(precopy_info)
{
	struct vfiod_stream *stream = stream_of(&stream_ops);
	struct vfio_precopy_info info = { .argsz = sizeof(info), .flags = 9 };
	uint64_t at = model_put(&m, &info, sizeof(info));

	ck_assert_int_eq(ask_precopy(stream, at), 0);
	ck_assert_int_eq(vfio_copy_from_user(&info, at, sizeof(info)), 0);
	ck_assert_uint_eq(info.argsz, sizeof(info));
	ck_assert_uint_eq(info.flags, 9);
	ck_assert_uint_eq(info.initial_bytes, 11);
	ck_assert_uint_eq(info.dirty_bytes, 22);
	op_errno = -EINVAL;
	ck_assert_int_eq(ask_precopy(stream, at), -EINVAL);
	ck_assert_int_eq(ask_precopy(stream, 0), -EFAULT);
	ck_assert_int_eq(ask_precopy(stream, model_put_at_hole(&m, &info, 23)),
			 -EFAULT);
	op_errno = 0;
	info.argsz--;
	at = model_put(&m, &info, sizeof(info));
	ck_assert_int_eq(ask_precopy(stream, at), -EINVAL);
	ck_assert_int_eq(vfio_stream_ioctl(stream, VFIO_DEVICE_RESET, 0),
			 -ENOTTY);
	vfiod_stream_put(stream);
}
END_TEST

static ssize_t stream_write(struct vfiod_stream *stream, const void *buf,
			    size_t count)
{
	(void)stream, (void)buf;
	return count / 2;
}

START_TEST(stream_to_write)
{
	static const struct vfiod_stream_ops ops = { .write = stream_write };
	struct vfiod_stream *stream = stream_of(&ops);

	ck_assert_int_eq(vfio_stream_flags(stream), O_WRONLY);
	ck_assert_int_eq(vfio_stream_write(stream, "abcd", 4), 2);
	ck_assert_int_eq(vfio_stream_read(stream, NULL, 4), -EBADF);
	ck_assert_int_eq(ask_precopy(stream, 0), -ENOTTY);
	vfiod_stream_put(stream);
	ck_assert_uint_eq(released, 0);
}
END_TEST

/* Of a plugin that was compiled when there was only read. */
START_TEST(shorter_ops)
{
	struct vfiod_stream_ops ops = { .read = stream_read,
					.write = stream_write,
					.release = stream_release };
	struct vfiod_stream *stream = vfiod_stream_create(
		m.devs[0].vdev, &ops, offsetof(struct vfiod_stream_ops, write),
		&state);

	ck_assert_int_eq(vfio_stream_flags(stream), O_RDONLY);
	vfiod_stream_put(stream);
	ck_assert_uint_eq(released, 0);
}
END_TEST

START_TEST(broken_device)
{
	struct vfiod_stream *stream = stream_of(&stream_ops);
	char byte;

	vfio_device_break(m.devs[0].vdev);
	ck_assert_int_eq(vfio_stream_read(stream, &byte, 1), -EIO);
	ck_assert_int_eq(vfio_stream_write(stream, &byte, 1), -EIO);
	ck_assert_int_eq(ask_precopy(stream, 0), -EIO);
	vfiod_stream_put(stream);
	host_log_clear();
}
END_TEST

Suite *model_migration_suite(void)
{
	Suite *suite = suite_create("model migration");
	TCase *states = tcase_create("states");
	TCase *tc = tcase_create("features");

	tcase_add_loop_test(states, steps, 0, sizeof(ways) / sizeof(ways[0]));
	tcase_add_test(states, no_way);
	tcase_add_test(states, every_way_ends);
	suite_add_tcase(suite, states);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, constant_features);
	tcase_add_test(tc, get);
	tcase_add_test(tc, set_without_stream);
	tcase_add_test(tc, order_of_checks);
	tcase_add_test(tc, set_with_stream);
	tcase_add_test(tc, no_room_for_the_fd);
	tcase_add_test(tc, number_cannot_be_written);
	tcase_add_test(tc, stream_calls);
	tcase_add_test(tc, precopy_info);
	tcase_add_test(tc, stream_to_write);
	tcase_add_test(tc, shorter_ops);
	tcase_add_test(tc, broken_device);
	suite_add_tcase(suite, tc);
	return suite;
}
