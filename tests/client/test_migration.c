// SPDX-License-Identifier: BSD-3-Clause
/* Migration: the streams, who has them, and what goes through them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <vfiod/uapi.h>

#include "client.h"

#define STOP VFIO_DEVICE_STATE_STOP
#define RUNNING VFIO_DEVICE_STATE_RUNNING
#define STOP_COPY VFIO_DEVICE_STATE_STOP_COPY
#define RESUMING VFIO_DEVICE_STATE_RESUMING
#define PRE_COPY VFIO_DEVICE_STATE_PRE_COPY

#define HEADER 24
#define PORT 36
#define SIZE_2 (HEADER + 2 * PORT)

/* UART registers. */
#define DATA 0
#define SCRATCH 7

struct mig {
	struct vfio_device_feature header;
	struct vfio_device_feature_mig_state data;
};

#define UNTOUCHED 12345

static void fill(struct mig *arg, uint32_t flags, uint32_t state)
{
	arg->header.argsz = sizeof(*arg);
	arg->header.flags = flags | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE;
	arg->data.device_state = state;
	arg->data.data_fd = UNTOUCHED;
}

/* 0 or an errno; @fd is what is in data_fd afterwards. */
static int set_state(int device, uint32_t state, int *fd)
{
	struct mig arg;
	int ret;

	fill(&arg, VFIO_DEVICE_FEATURE_SET, state);
	ret = vfio_ioctl(device, VFIO_DEVICE_FEATURE, &arg);
	*fd = arg.data.data_fd;
	return ret;
}

static void go(int device, uint32_t state)
{
	int fd;

	ck_ok(set_state(device, state, &fd));
	ck_assert_int_eq(fd, -1);
}

static int begin(int device, uint32_t state)
{
	int fd;

	ck_ok(set_state(device, state, &fd));
	return ck_fd(fd);
}

static int state_of(int device)
{
	struct mig arg;

	fill(&arg, VFIO_DEVICE_FEATURE_GET, 0);
	ck_ok(vfio_ioctl(device, VFIO_DEVICE_FEATURE, &arg));
	ck_assert_int_eq(arg.data.data_fd, -1);
	return (int)arg.data.device_state;
}

static int precopy_info(int stream, struct vfio_precopy_info *info)
{
	*info = (struct vfio_precopy_info){ .argsz = sizeof(*info) };
	return vfio_ioctl(stream, VFIO_MIG_GET_PRECOPY_INFO, info);
}

static uint8_t in(int device, unsigned int reg)
{
	uint8_t value;

	ck_assert_int_eq(pread(device, &value, 1, REGION(0) + reg), 1);
	return value;
}

static void out(int device, unsigned int reg, uint8_t value)
{
	ck_assert_int_eq(pwrite(device, &value, 1, REGION(0) + reg), 1);
}

static void empty(int device)
{
	out(device, 2, 7); /* FCR: enabled, both cleared */
}

static struct vfio_session session;

/* The state of an mtty outlasts who has set it. */
static void open_session(void)
{
	session = vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	empty(session.device);
}

static void close_session(void)
{
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	empty(session.device);
	vfio_session_close(&session);
}

START_TEST(from_one_to_another)
{
	struct vfio_session other =
		vfio_session_open(DEV_OTHER_MTTY2, VFIO_TYPE1v2_IOMMU);
	uint8_t data[4096];
	int from, to;

	empty(other.device);
	out(session.device, DATA, 'A');
	out(session.device, DATA, 'B');
	out(session.device, SCRATCH, 0x77);
	from = begin(session.device, STOP_COPY);
	to = begin(other.device, RESUMING);
	ck_assert_int_eq(read(from, data, sizeof(data)), SIZE_2);
	ck_assert_int_eq(read(from, data + SIZE_2, 1), 0);
	/* In pieces, too. */
	ck_assert_int_eq(write(to, data, 10), 10);
	ck_assert_int_eq(write(to, data + 10, SIZE_2 - 10), SIZE_2 - 10);
	ck_assert(write(to, data, 1) < 0 && errno == ENOMEM);
	go(other.device, RUNNING);
	close(from);
	close(to);
	ck_assert_uint_eq(in(other.device, DATA), 'A');
	ck_assert_uint_eq(in(other.device, DATA), 'B');
	ck_assert_uint_eq(in(other.device, SCRATCH), 0x77);
	ck_ok(vfio_ioctl(other.device, VFIO_DEVICE_RESET, NULL));
	vfio_session_close(&other);
}
END_TEST

/* To a card with another number of ports. */
START_TEST(to_another_kind)
{
	struct vfio_session other =
		vfio_session_open(DEV_MTTY1, VFIO_TYPE1v2_IOMMU);
	int from = begin(session.device, STOP_COPY);
	int to = begin(other.device, RESUMING), fd;
	uint8_t data[SIZE_2];

	ck_assert_int_eq(read(from, data, SIZE_2), SIZE_2);
	ck_assert(write(to, data, HEADER) < 0 && errno == EFAULT);
	ck_assert_int_eq(set_state(other.device, RUNNING, &fd), -EINVAL);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(state_of(other.device), RESUMING);
	close(from);
	close(to);
	ck_ok(vfio_ioctl(other.device, VFIO_DEVICE_RESET, NULL));
	vfio_session_close(&other);
}
END_TEST

START_TEST(precopy)
{
	int stream = begin(session.device, PRE_COPY);
	struct vfio_precopy_info info;
	uint8_t data[SIZE_2];

	ck_ok(precopy_info(stream, &info));
	ck_assert_uint_eq(info.initial_bytes, HEADER);
	ck_assert_uint_eq(info.dirty_bytes, 0);
	ck_assert_int_eq(read(stream, data, 20), 20);
	ck_ok(precopy_info(stream, &info));
	ck_assert_uint_eq(info.initial_bytes, HEADER - 20);
	ck_assert_int_eq(read(stream, data, SIZE_2), HEADER - 20);
	ck_assert_int_eq(read(stream, data, SIZE_2), 0);
	/* It runs on, and the same stream goes on when it has stopped. */
	out(session.device, DATA, 'Z');
	go(session.device, STOP_COPY);
	ck_assert_int_eq(read(stream, data, SIZE_2), 2 * PORT);
	ck_assert_uint_eq(data[8], 'Z');
	ck_assert_int_eq(precopy_info(stream, &info), -EINVAL);
	close(stream);
}
END_TEST

START_TEST(fd_flags)
{
	int low = ck_fd(vfio_open("/dev/null", O_RDONLY));
	int stream;

	/* The lowest number that is free. */
	close(low);
	stream = begin(session.device, STOP_COPY);
	ck_assert_int_eq(stream, low);
	ck_assert_int_eq(fcntl(stream, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(stream, F_GETFL) & O_ACCMODE, O_RDONLY);
	close(stream);
	go(session.device, STOP);
	stream = begin(session.device, RESUMING);
	ck_assert_int_eq(fcntl(stream, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(stream, F_GETFL) & O_ACCMODE, O_WRONLY);
	close(stream);
}
END_TEST

START_TEST(no_position)
{
	int stream = begin(session.device, STOP_COPY);
	char byte;

	ck_assert(pread(stream, &byte, 1, 0) < 0 && errno == ESPIPE);
	ck_assert(lseek(stream, 0, SEEK_SET) < 0 && errno == ESPIPE);
	ck_assert(write(stream, &byte, 1) < 0 && errno == EBADF);
	ck_assert_int_eq(vfio_ioctl(stream, VFIO_DEVICE_RESET, NULL), -ENOTTY);
	close(stream);
	go(session.device, STOP);
	stream = begin(session.device, RESUMING);
	ck_assert(pwrite(stream, &byte, 1, 0) < 0 && errno == ESPIPE);
	ck_assert(read(stream, &byte, 1) < 0 && errno == EBADF);
	ck_assert_int_eq(vfio_ioctl(stream, VFIO_MIG_GET_PRECOPY_INFO, NULL),
			 -ENOTTY);
	close(stream);
}
END_TEST

/* _i: the state is left, the device is reset, or closed. */
START_TEST(stream_after_its_state)
{
	int stream = begin(session.device, STOP_COPY);
	char byte;

	ck_assert_int_eq(read(stream, &byte, 1), 1);
	if (_i == 0)
		go(session.device, RUNNING);
	else if (_i == 1)
		ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	else
		close(session.device);
	ck_assert(read(stream, &byte, 1) < 0 && errno == ENODEV);
	if (_i == 2)
		session.device =
			ck_fd(vfio_get_device(session.group, DEV_MTTY2));
	ck_assert_int_eq(state_of(session.device),
			 _i == 2 ? STOP_COPY : RUNNING);
	ck_assert(read(stream, &byte, 1) < 0 && errno == ENODEV);
	close(stream);
}
END_TEST

/* A stream keeps nothing busy: its owner's other fds can go first. */
START_TEST(stream_outlives_all)
{
	int stream = begin(session.device, STOP_COPY);
	char byte;

	vfio_session_close(&session);
	ck_ok(vfio_device_is_free(DEV_MTTY2));
	ck_assert(read(stream, &byte, 1) < 0 && errno == ENODEV);
	session = vfio_session_open(DEV_MTTY2, VFIO_TYPE1v2_IOMMU);
	close(stream);
}
END_TEST

START_TEST(no_room_for_the_fd)
{
	struct rlimit old, none;
	int next = ck_fd(dup(0)), fd;

	close(next);
	ck_ok(getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = (rlim_t)next;
	ck_ok(setrlimit(RLIMIT_NOFILE, &none));
	ck_assert_int_eq(set_state(session.device, STOP_COPY, &fd), -EMFILE);
	ck_assert_int_eq(fd, UNTOUCHED);
	ck_ok(setrlimit(RLIMIT_NOFILE, &old));
	/* The state is there, and no stream; so it can be left, and again. */
	ck_assert_int_eq(state_of(session.device), STOP_COPY);
	go(session.device, RUNNING);
	close(begin(session.device, STOP_COPY));
}
END_TEST

/* The structure ends at the page's end, or cannot be written. */
START_TEST(bad_memory)
{
	char *page = page_before_hole();
	struct mig *arg = (struct mig *)(page + PAGE - sizeof(*arg));

	fill(arg, VFIO_DEVICE_FEATURE_SET, STOP_COPY);
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_FEATURE, arg));
	close(ck_fd(arg->data.data_fd));
	go(session.device, RUNNING);
	fill(arg, VFIO_DEVICE_FEATURE_SET, STOP_COPY);
	ck_ok(mprotect(page, PAGE, PROT_READ));
	ck_assert_int_eq(vfio_ioctl(session.device, VFIO_DEVICE_FEATURE, arg),
			 -EFAULT);
	ck_assert_int_eq(arg->data.data_fd, UNTOUCHED);
	ck_assert_int_eq(state_of(session.device), STOP_COPY);
}
END_TEST

/* Nobody else can have the file: neither by its name, nor by its link. */
START_TEST(open_by_name)
{
	int stream = begin(session.device, STOP_COPY);
	char link[64], path[PATH_MAX] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", stream);
	ck_assert_int_gt(readlink(link, path, sizeof(path) - 1), 0);
	ck_assert_int_eq(vfio_open(path, O_RDONLY), -ENXIO);
	ck_assert_int_eq(vfio_open(link, O_RDONLY), -ENXIO);
	close(stream);
}
END_TEST

/* ---- several processes and threads ---- */

/* A child has the stream by fork, and reads on where its parent was. */
static int read_on(void *arg)
{
	uint8_t data[SIZE_2];

	return read(*(int *)arg, data, SIZE_2) != SIZE_2 - 10;
}

START_TEST(forked_child)
{
	int stream = begin(session.device, STOP_COPY);
	uint8_t data[SIZE_2];

	ck_assert_int_eq(read(stream, data, 10), 10);
	ck_ok(in_child(read_on, &stream));
	ck_assert_int_eq(read(stream, data, 10), 0);
	close(stream);
}
END_TEST

/* The child sets the state: the number and the fd are the child's. */
static int save_in_child(void *arg)
{
	uint8_t data[SIZE_2];
	int fd;

	(void)arg;
	if (set_state(session.device, STOP_COPY, &fd) || fd < 0)
		return 1;
	return read(fd, data, SIZE_2) != SIZE_2;
}

START_TEST(state_set_by_a_child)
{
	int next = ck_fd(dup(0));
	uint8_t byte;

	close(next);
	ck_ok(in_child(save_in_child, NULL));
	ck_assert(fcntl(next, F_GETFD) < 0 && errno == EBADF);
	/* The stream is gone; the saving goes on, without another one. */
	ck_assert_int_eq(state_of(session.device), STOP_COPY);
	go(session.device, STOP_COPY);
	go(session.device, RUNNING);
	next = begin(session.device, STOP_COPY);
	ck_assert_int_eq(read(next, &byte, 1), 1);
	close(next);
}
END_TEST

static _Noreturn void save_and_die(int at)
{
	struct vfio_session mine =
		vfio_session_open(DEV_OTHER_MTTY2, VFIO_TYPE1v2_IOMMU);
	int fd;

	if (vfio_ioctl(mine.device, VFIO_DEVICE_RESET, NULL) ||
	    set_state(mine.device, STOP_COPY, &fd) || write(at, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* Killed with a stream, a client leaves nothing that is busy. */
START_TEST(death_with_a_stream)
{
	int fds[2], status;
	pid_t pid;
	char byte;

	ck_ok(pipe2(fds, O_CLOEXEC));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		save_and_die(fds[1]);
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	ck_ok(kill(pid, SIGKILL));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_ok(vfio_device_is_free(DEV_OTHER_MTTY2));
	vfio_session_close(&session);
	session = vfio_session_open(DEV_OTHER_MTTY2, VFIO_TYPE1v2_IOMMU);
	ck_assert_int_eq(state_of(session.device), STOP_COPY);
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	close(begin(session.device, STOP_COPY));
}
END_TEST

static _Noreturn void save_until_killed(void)
{
	int fd;

	for (;;) {
		if (set_state(session.device, STOP_COPY, &fd))
			_exit(1);
		close(fd);
		if (set_state(session.device, RUNNING, &fd))
			_exit(2);
	}
}

/* Killed at any moment of the handover. */
START_TEST(death_in_the_middle)
{
	for (int i = 0; i < 40; i++) {
		const struct timespec delay = { .tv_nsec = i * 100000 };
		pid_t pid = fork();
		int status;

		ck_assert_int_ge(pid, 0);
		if (!pid)
			save_until_killed();
		nanosleep(&delay, NULL);
		ck_ok(kill(pid, SIGKILL));
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status));
	}
	ck_ok(vfio_ioctl(session.device, VFIO_DEVICE_RESET, NULL));
	close(begin(session.device, STOP_COPY));
}
END_TEST

static void *save_often(void *arg)
{
	int device = *(int *)arg, bad = 0, fd;
	uint8_t data[SIZE_2 + PORT];

	for (int i = 0; i < 20 && !bad; i++) {
		if (set_state(device, STOP_COPY, &fd) || fd < 0 ||
		    read(fd, data, sizeof(data)) < HEADER + PORT || close(fd) ||
		    set_state(device, RUNNING, &fd))
			bad = 1;
	}
	return (void *)(intptr_t)bad;
}

/* Each thread of the process is given its own fd. */
START_TEST(threads_with_a_device_each)
{
	struct vfio_session others[2] = {
		vfio_session_open(DEV_OTHER_MTTY2, VFIO_TYPE1v2_IOMMU),
		vfio_session_open(DEV_MTTY1, VFIO_TYPE1v2_IOMMU),
	};
	int *devices[3] = { &session.device, &others[0].device,
			    &others[1].device };
	pthread_t threads[3];
	void *bad;

	for (int i = 0; i < 3; i++) {
		ck_ok(vfio_ioctl(*devices[i], VFIO_DEVICE_RESET, NULL));
		ck_ok(pthread_create(&threads[i], NULL, save_often,
				     devices[i]));
	}
	for (int i = 0; i < 3; i++) {
		ck_ok(pthread_join(threads[i], &bad));
		ck_assert_ptr_null(bad);
	}
	vfio_session_close(&others[0]);
	vfio_session_close(&others[1]);
}
END_TEST

/* ---- logging ---- */

static int log_feature(uint32_t flags, const uint64_t data[4], size_t size)
{
	struct {
		struct vfio_device_feature header;
		uint64_t data[4];
	} arg = { .header = { .argsz = sizeof(arg.header) + size,
			      .flags = flags } };

	memcpy(arg.data, data, size);
	return vfio_ioctl(session.device, VFIO_DEVICE_FEATURE, &arg);
}

START_TEST(logging)
{
	uint64_t range[2] = { 0x100000, 0x10000 }, bitmap[2] = { 5, 6 };
	uint64_t start[4] = { PAGE, 1, (uintptr_t)range };
	uint64_t report[4] = { 0x100000, 0x10000, PAGE, (uintptr_t)bitmap };

	ck_ok(log_feature(VFIO_DEVICE_FEATURE_SET |
				  VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
			  start, 24));
	ck_ok(log_feature(VFIO_DEVICE_FEATURE_GET |
				  VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
			  report, 32));
	/* It writes nowhere; what is in the bitmap stays. */
	ck_assert_uint_eq(bitmap[0], 5);
	ck_assert_uint_eq(bitmap[1], 6);
	ck_ok(log_feature(VFIO_DEVICE_FEATURE_SET |
				  VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
			  start, 0));
}
END_TEST

Suite *migration_suite(void)
{
	Suite *suite = suite_create("migration");
	TCase *tc = client_case(suite, "migration");

	tcase_add_checked_fixture(tc, open_session, close_session);
	tcase_add_test(tc, from_one_to_another);
	tcase_add_test(tc, to_another_kind);
	tcase_add_test(tc, precopy);
	tcase_add_test(tc, fd_flags);
	tcase_add_test(tc, no_position);
	tcase_add_loop_test(tc, stream_after_its_state, 0, 3);
	tcase_add_test(tc, stream_outlives_all);
	tcase_add_test(tc, no_room_for_the_fd);
	tcase_add_test(tc, bad_memory);
	tcase_add_test(tc, open_by_name);
	tcase_add_test(tc, forked_child);
	tcase_add_test(tc, state_set_by_a_child);
	tcase_add_test(tc, death_with_a_stream);
	tcase_add_test(tc, death_in_the_middle);
	tcase_add_test(tc, threads_with_a_device_each);
	tcase_add_test(tc, logging);
	return suite;
}
