// SPDX-License-Identifier: BSD-3-Clause
#include "client.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_FDS 1024

/*
 * Which fds the test began with. libcheck runs fixture and test in one
 * process made for the test, so this is the test's own.
 */
static bool fds_before[MAX_FDS];

static void list_fds(bool *fds)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && fd != dirfd(dir) && fd < MAX_FDS)
			fds[fd] = true;
	}
	closedir(dir);
}

static void remember_fds(void)
{
	list_fds(fds_before);
}

static void compare_fds(void)
{
	bool now[MAX_FDS] = { false };

	list_fds(now);
	for (int fd = 0; fd < MAX_FDS; fd++)
		ck_assert_msg(now[fd] == fds_before[fd], "fd %d was %s", fd,
			      now[fd] ? "left open" : "closed");
}

TCase *client_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, remember_fds, compare_fds);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	return tc;
}

static bool is_over(const char *transport)
{
	return !strcmp(getenv("CLIENT_TRANSPORT"), transport);
}

/* In major * 100 + minor. */
static unsigned int linux_release(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		abort();
	return major * 100 + minor;
}

/* FUSE passthrough: vfiod has to be root. */
static bool has_passthrough(void)
{
	return linux_release() >= 609 && !is_over("fuse-user");
}

/* Else it takes the seccomp filter that vfiod run puts CMD under. */
bool client_maps_by_ptrace(void)
{
	return !has_passthrough() && linux_release() >= 519 &&
	       (is_over("fuse") || is_over("fuse-user"));
}

bool client_can_map(void)
{
	return has_passthrough() || client_maps_by_ptrace();
}

char *page_before_hole(void)
{
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(pages, MAP_FAILED);
	ck_ok(mprotect(pages + PAGE, PAGE, PROT_NONE));
	return pages;
}

bool set_cap(int cap, bool on)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2], *it = &data[CAP_TO_INDEX(cap)];
	uint32_t mask = CAP_TO_MASK(cap);

	ck_ok(syscall(SYS_capget, &head, data));
	it->effective &= ~mask;
	if (on)
		it->effective |= it->permitted & mask;
	ck_ok(syscall(SYS_capset, &head, data));
	return it->effective & mask;
}

int in_child(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (!pid)
		_exit(fn(arg));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "the child died: status %#x",
		      (unsigned int)status);
	return WEXITSTATUS(status);
}

bool event_arrives(int eventfd)
{
	struct pollfd pfd = { .fd = eventfd, .events = POLLIN };

	return poll(&pfd, 1, 20000) == 1 && (pfd.revents & POLLIN) &&
	       event_count(eventfd) > 0;
}

uint64_t event_count(int eventfd)
{
	struct pollfd pfd = { .fd = eventfd, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&pfd, 1, 0) != 1)
		return 0;
	ck_assert_int_eq(read(eventfd, &count, sizeof(count)), sizeof(count));
	return count;
}
