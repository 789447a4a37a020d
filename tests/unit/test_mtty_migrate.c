// SPDX-License-Identifier: BSD-3-Clause
/* Migration of the card: its states, its streams, what they carry. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include <linux/serial_reg.h>

#include "fake_services.h"
#include "suites.h"

#define STOP VFIO_DEVICE_STATE_STOP
#define RUNNING VFIO_DEVICE_STATE_RUNNING
#define STOP_COPY VFIO_DEVICE_STATE_STOP_COPY
#define RESUMING VFIO_DEVICE_STATE_RESUMING
#define PRE_COPY VFIO_DEVICE_STATE_PRE_COPY

#define HEADER 24
#define PORT 36
#define SIZE_2 (HEADER + 2 * PORT)
/* Offsets in a port. */
#define HEAD 24
#define TAIL 25
#define COUNT 26
#define DLAB 27
#define FIFO_SIZE 33

static const struct vfiod_plugin *plugin;
static struct vfio_device *vdev;

static void setup(void)
{
	fake_reset();
	plugin = vfiod_plugin_entry();
	ck_assert_int_eq(fake_device_new("2", &vdev), 0);
}

static void teardown(void)
{
	plugin->close_device(vdev);
	fake_device_free(vdev);
	ck_assert_uint_eq(fake_streams_held(), 0);
}

static uint8_t in(unsigned int port, unsigned int reg)
{
	uint8_t value;

	ck_assert_int_eq(
		plugin->read(vdev, &value, 1, VFIOD_OFFSET(port) + reg), 1);
	return value;
}

static void out(unsigned int port, unsigned int reg, uint8_t value)
{
	ck_assert_int_eq(
		plugin->write(vdev, &value, 1, VFIOD_OFFSET(port) + reg), 1);
}

static uint32_t state(void)
{
	uint32_t now = UINT32_MAX;

	ck_assert_int_eq(plugin->migration_get_state(vdev, &now), 0);
	return now;
}

/* To a state on whose way nothing is transferred. */
static int go(uint32_t to)
{
	struct vfiod_stream *stream = NULL;
	int ret = plugin->migration_set_state(vdev, to, &stream);

	ck_assert_ptr_null(stream);
	return ret;
}

/* To one that has a stream. */
static struct vfiod_stream *begin(uint32_t to)
{
	struct vfiod_stream *stream = NULL;

	ck_assert_int_eq(plugin->migration_set_state(vdev, to, &stream), 0);
	ck_assert_ptr_nonnull(stream);
	ck_assert_uint_eq(state(), to);
	return stream;
}

static ssize_t take(struct vfiod_stream *stream, void *buf, size_t count)
{
	return fake_stream_ops(stream)->read(stream, buf, count);
}

static ssize_t put(struct vfiod_stream *stream, const void *buf, size_t count)
{
	return fake_stream_ops(stream)->write(stream, buf, count);
}

/* What a card says that has just been made, whatever is to be changed. */
static void get_saved(uint8_t data[SIZE_2])
{
	struct vfiod_stream *stream = begin(STOP_COPY);

	ck_assert_int_eq(take(stream, data, 4096), SIZE_2);
	ck_assert_int_eq(take(stream, data, 4096), 0);
	vfiod_stream_put(stream);
	ck_assert_int_eq(go(STOP), 0);
}

static int resume(const uint8_t *data, size_t size)
{
	struct vfiod_stream *stream = begin(RESUMING);
	int ret;

	ck_assert_int_eq(put(stream, data, size), (ssize_t)size);
	ret = go(RUNNING);
	vfiod_stream_put(stream);
	return ret;
}

START_TEST(data_size)
{
	struct vfio_device *one;
	uint64_t size;

	ck_assert_int_eq(plugin->migration_get_data_size(vdev, &size), 0);
	ck_assert_uint_eq(size, SIZE_2);
	ck_assert_int_eq(fake_device_new("1", &one), 0);
	ck_assert_int_eq(plugin->migration_get_data_size(one, &size), 0);
	ck_assert_uint_eq(size, HEADER + PORT);
	fake_device_free(one);
}
END_TEST

START_TEST(saved_bytes)
{
	static const uint8_t header[HEADER] = {
		0x4e, 0x2c, 0x3e, 0x8c, 0x89, 0x09, 0x9d, 0x7e, 1, 0, 0, 0,
		0,    0,    0,	  0,	2,    0,    0,	  0,	0, 0, 0, 0,
	};
	uint8_t data[4096];

	out(1, UART_TX, 'A');
	out(1, UART_SCR, 0x77);
	get_saved(data);
	ck_assert_mem_eq(data, header, HEADER);
	ck_assert_uint_eq(data[HEADER + COUNT], 0);
	ck_assert_uint_eq(data[HEADER + PORT + UART_SCR], 0x77);
	ck_assert_uint_eq(data[HEADER + PORT + 8], 'A');
	ck_assert_uint_eq(data[HEADER + PORT + HEAD], 1);
	ck_assert_uint_eq(data[HEADER + PORT + TAIL], 0);
	ck_assert_uint_eq(data[HEADER + PORT + COUNT], 1);
	ck_assert_uint_eq(data[HEADER + PORT + FIFO_SIZE], 16);
}
END_TEST

START_TEST(there_and_back)
{
	uint8_t data[4096];

	out(0, UART_TX, 'A');
	out(0, UART_TX, 'B');
	out(1, UART_SCR, 0x77);
	get_saved(data);
	ck_assert_int_eq(go(RUNNING), 0);
	ck_assert_uint_eq(in(0, UART_RX), 'A');
	out(1, UART_SCR, 0);
	ck_assert_int_eq(resume(data, SIZE_2), 0);
	ck_assert_uint_eq(state(), RUNNING);
	ck_assert_uint_eq(in(0, UART_RX), 'A');
	ck_assert_uint_eq(in(0, UART_RX), 'B');
	ck_assert_uint_eq(in(1, UART_SCR), 0x77);
}
END_TEST

/* In pieces, through PRE_COPY: the header first, the ports when it stops. */
START_TEST(precopy)
{
	struct vfio_precopy_info info = { 0 };
	struct vfiod_stream *stream = begin(PRE_COPY);
	uint8_t data[4096];

	ck_assert_int_eq(take(stream, data, 10), 10);
	ck_assert_int_eq(fake_stream_ops(stream)->precopy_info(stream, &info),
			 0);
	ck_assert_uint_eq(info.initial_bytes, HEADER - 10);
	ck_assert_uint_eq(info.dirty_bytes, 0);
	ck_assert_int_eq(take(stream, data + 10, 4096), HEADER - 10);
	ck_assert_int_eq(take(stream, data, 4096), 0);
	out(0, UART_TX, 'Z');
	ck_assert_int_eq(go(STOP_COPY), 0);
	ck_assert_int_eq(fake_stream_ops(stream)->precopy_info(stream, &info),
			 -EINVAL);
	ck_assert_int_eq(take(stream, data + HEADER, 4096), 2 * PORT);
	ck_assert_uint_eq(data[HEADER + 8], 'Z');
	ck_assert_int_eq(take(stream, data, 4096), 0);
	vfiod_stream_put(stream);
}
END_TEST

/* The client that closed its stream gets no other one for the same saving. */
START_TEST(stream_closed_early)
{
	vfiod_stream_put(begin(PRE_COPY));
	ck_assert_int_eq(go(STOP_COPY), 0);
	ck_assert_int_eq(go(RUNNING), 0);
	vfiod_stream_put(begin(STOP_COPY));
}
END_TEST

/* _i: by what the state is left. */
START_TEST(streams_end)
{
	struct vfiod_stream *saving = begin(STOP_COPY), *resuming;
	uint8_t data[SIZE_2 + 1] = { 0 };

	ck_assert_int_eq(take(saving, data, 1), 1);
	if (_i == 0)
		ck_assert_int_eq(go(STOP), 0);
	else if (_i == 1)
		ck_assert_int_eq(plugin->reset(vdev), 0);
	else
		plugin->close_device(vdev);
	ck_assert_uint_eq(state(), _i == 0 ? STOP :
				   _i == 1 ? RUNNING :
					     STOP_COPY);
	ck_assert_int_eq(take(saving, data, 1), -ENODEV);
	vfiod_stream_put(saving);

	resuming = begin(RESUMING);
	ck_assert_int_eq(put(resuming, data, 1), 1);
	ck_assert_int_eq(plugin->reset(vdev), 0);
	ck_assert_int_eq(put(resuming, data, 1), -ENODEV);
	/* The size is looked at first. */
	ck_assert_int_eq(put(resuming, data, SIZE_2 + 1), -ENOMEM);
	vfiod_stream_put(resuming);
}
END_TEST

START_TEST(too_much)
{
	struct vfiod_stream *stream = begin(RESUMING);
	uint8_t data[SIZE_2 + 1] = { 0 };

	ck_assert_int_eq(put(stream, data, SIZE_2 + 1), -ENOMEM);
	ck_assert_int_eq(put(stream, data, HEADER - 1), HEADER - 1);
	ck_assert_int_eq(put(stream, data, SIZE_2 - HEADER + 2), -ENOMEM);
	vfiod_stream_put(stream);
}
END_TEST

/* What is lacking can still be written; the header is judged only once. */
START_TEST(too_little)
{
	struct vfiod_stream *stream;
	uint8_t data[4096];

	get_saved(data);
	data[0]++;
	stream = begin(RESUMING);
	ck_assert_int_eq(put(stream, data, HEADER), -EFAULT);
	ck_assert_int_eq(put(stream, data + HEADER, 2 * PORT - 1),
			 2 * PORT - 1);
	ck_assert_int_eq(go(STOP), -EINVAL);
	ck_assert_uint_eq(state(), RESUMING);
	ck_assert_int_eq(put(stream, data + SIZE_2 - 1, 1), 1);
	ck_assert_int_eq(go(STOP), 0);
	vfiod_stream_put(stream);
}
END_TEST

/* The kernel's mtty would use them, as indices among others. */
START_TEST(impossible_ports)
{
	static const struct {
		unsigned int at;
		uint8_t value;
	} bad[] = { { HEAD, 16 },  { HEAD, 255 },     { TAIL, 16 },
		    { COUNT, 17 }, { FIFO_SIZE, 17 }, { FIFO_SIZE, 255 } };
	uint8_t data[4096];

	get_saved(data);
	out(0, UART_SCR, 0x55);
	data[HEADER + PORT + bad[_i].at] = bad[_i].value;
	ck_assert_int_eq(resume(data, SIZE_2), -EINVAL);
	ck_assert_uint_eq(state(), RESUMING);
	ck_assert_uint_eq(in(0, UART_SCR), 0x55);
}
END_TEST

/* A truth value that is neither 0 nor 1. */
START_TEST(odd_flag)
{
	uint8_t data[4096];

	get_saved(data);
	data[HEADER + DLAB] = 2;
	ck_assert_int_eq(resume(data, SIZE_2), 0);
	get_saved(data);
	ck_assert_uint_eq(data[HEADER + DLAB], 1);
}
END_TEST

/* After a close in RESUMING there is nothing that could be loaded. */
START_TEST(resuming_over_closing)
{
	vfiod_stream_put(begin(RESUMING));
	plugin->close_device(vdev);
	ck_assert_int_eq(go(STOP), -EINVAL);
	ck_assert_uint_eq(state(), RESUMING);
}
END_TEST

START_TEST(no_such_state)
{
	ck_assert_int_eq(go(VFIO_DEVICE_STATE_ERROR), -EINVAL);
	ck_assert_int_eq(go(8), -EINVAL);
	ck_assert_int_eq(go(UINT32_MAX), -EINVAL);
	ck_assert_uint_eq(state(), RUNNING);
	ck_assert_int_eq(go(RUNNING), 0);
}
END_TEST

Suite *mtty_migrate_suite(void)
{
	Suite *suite = suite_create("mtty migrate");
	TCase *tc = tcase_create("migrate");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, data_size);
	tcase_add_test(tc, saved_bytes);
	tcase_add_test(tc, there_and_back);
	tcase_add_test(tc, precopy);
	tcase_add_test(tc, stream_closed_early);
	tcase_add_loop_test(tc, streams_end, 0, 3);
	tcase_add_test(tc, too_much);
	tcase_add_test(tc, too_little);
	tcase_add_loop_test(tc, impossible_ports, 0, 6);
	tcase_add_test(tc, odd_flag);
	tcase_add_test(tc, resuming_over_closing);
	tcase_add_test(tc, no_such_state);
	suite_add_tcase(suite, tc);
	return suite;
}
