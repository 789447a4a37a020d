// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../backend/device.h"
#include "background.h"
#include "cuse_front.h"
#include "daemon.h"
#include "fuse_front.h"
#include "layout.h"
#include "log.h"
#include "devices.h"
#include "options.h"
#include "pidfile.h"
#include "run.h"
#include "tree.h"

#define WHY_BYTES 512
#define NR_SIGNALS 3

struct service {
	struct daemon daemon;
	struct tree *tree;
	int pidfile;
	int ready_fd; /* -1 in the foreground */
	struct event *signals[NR_SIGNALS];
};

static int fail(const char *why)
{
	vfio_log(LOG_LEVEL_ERROR, "%s", why);
	return EXIT_FAILURE;
}

/* What cannot work is refused before anything is touched. */
static int check(void)
{
	if (geteuid())
		return fail("the service needs root; for one command and "
			    "without root: vfiod run CMD");
	if (access("/dev/cuse", F_OK))
		return fail("no /dev/cuse; try: modprobe cuse");
	if (access("/dev/fuse", F_OK))
		return fail("no /dev/fuse; try: modprobe fuse");
	return 0;
}

static int lock(struct service *s)
{
	char why[WHY_BYTES];
	pid_t owner;

	s->pidfile = pidfile_lock(&owner);
	if (s->pidfile >= 0)
		return 0;
	if (s->pidfile == -EBUSY)
		snprintf(why, sizeof(why), "another vfiod runs, as process %d",
			 owner);
	else
		snprintf(why, sizeof(why), PIDFILE_PATH ": %s",
			 strerror(-s->pidfile));
	return fail(why);
}

/*
 * What is mounted there now is of a service that was killed: there is no
 * other, since we have the lock.
 */
static void remove_dead_mounts(void)
{
	while (!umount2(LAYOUT_SERVICE_DIR, MNT_DETACH))
		;
}

static int mount_fuse(void)
{
	char data[128];
	int fd;

	remove_dead_mounts();
	if (mkdir(LAYOUT_SERVICE_DIR, 0755) && errno != EEXIST)
		return -errno;
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(data, sizeof(data),
		 "fd=%d,rootmode=40000,user_id=0,"
		 "group_id=0,allow_other,default_permissions",
		 fd);
	if (!mount("vfiod", LAYOUT_SERVICE_DIR, "fuse.vfiod",
		   MS_NOSUID | MS_NODEV | MS_NOEXEC, data))
		return fd;
	close(fd);
	return -errno;
}

static int start_fuse(struct service *s)
{
	struct daemon *daemon = &s->daemon;
	int fd, ret;

	fd = mount_fuse();
	if (fd < 0)
		return fd;
	ret = fuse_front_start(daemon, s->tree, fd, 0, 0, &daemon->fuse);
	if (ret)
		return ret;
	ret = fuse_front_control(daemon->fuse, LAYOUT_SERVICE_CONTROL);
	if (!ret)
		devices_try_memory(daemon->devices, daemon->fuse);
	return ret;
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	event_base_loopbreak(arg);
}

/* From here on they end the service in good order. */
static int catch_signals(struct service *s)
{
	static const int sigs[NR_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < NR_SIGNALS; i++) {
		s->signals[i] = evsignal_new(s->daemon.base, sigs[i], on_signal,
					     s->daemon.base);
		if (!s->signals[i] || event_add(s->signals[i], NULL))
			return -ENOMEM;
	}
	return 0;
}

static void release_signals(struct service *s)
{
	for (size_t i = 0; i < NR_SIGNALS; i++)
		if (s->signals[i])
			event_free(s->signals[i]);
}

static void loop(struct service *s)
{
	if (s->ready_fd >= 0)
		background_ready(s->ready_fd);
	event_base_dispatch(s->daemon.base);
}

static void request_devices(struct devices *devices)
{
	for (size_t i = 0; i < devices->nr; i++)
		vfio_device_request(devices->device[i].vdev, 0);
}

/* False: some thread is stuck, and what it may use has to stay. */
static bool stop(struct service *s)
{
	struct daemon *daemon = &s->daemon;
	bool ended = true;

	request_devices(daemon->devices);
	if (daemon->cuse && cuse_front_stop(daemon->cuse))
		ended = false;
	umount2(LAYOUT_SERVICE_DIR, MNT_DETACH);
	rmdir(LAYOUT_SERVICE_DIR);
	if (daemon->fuse && fuse_front_stop(daemon->fuse))
		ended = false;
	return ended;
}

static int serve(struct service *s)
{
	struct daemon *daemon = &s->daemon;
	char why[WHY_BYTES];
	int ret;

	devices_start_pager(daemon->devices);
	ret = start_fuse(s);
	if (ret) {
		snprintf(why, sizeof(why),
			 "cannot mount " LAYOUT_SERVICE_DIR ": %s",
			 strerror(-ret));
		return fail(why);
	}
	snprintf(why, sizeof(why), "out of memory");
	if (cuse_front_start(daemon, why, sizeof(why), &daemon->cuse))
		return fail(why);
	if (devices_start(daemon->devices))
		return fail("cannot start a device's thread");
	if (pidfile_write(s->pidfile))
		return fail("cannot write " PIDFILE_PATH);
	loop(s);
	if (daemon->options->verbose)
		account_print(&daemon->account, daemon->eventfds.signalled);
	return EXIT_SUCCESS;
}

static int run_daemon(struct service *s, struct plugins *plugins)
{
	struct daemon *daemon = &s->daemon;
	char why[WHY_BYTES];
	int ret;

	if (daemon_make_devices(daemon, plugins, why, sizeof(why)))
		return fail(why);
	daemon->device_dir = LAYOUT_SERVICE_DEVICES;
	s->tree = layout_service(daemon->devices);
	if (!s->tree)
		return fail(strerror(ENOMEM));
	ret = serve(s);
	if (!stop(s)) {
		pidfile_unlock(s->pidfile);
		_exit(ret);
	}
	return ret;
}

/* In the background, if that is where it belongs. */
static int start(struct service *s, const struct options *options,
		 struct plugins *plugins)
{
	struct daemon *daemon = &s->daemon;
	char why[WHY_BYTES];
	int ret;

	if (!options->foreground) {
		s->ready_fd = background_start();
		if (s->ready_fd < 0)
			return fail(strerror(-s->ready_fd));
	}
	if (daemon_init(daemon, options, why, sizeof(why)))
		return fail(why);
	ret = catch_signals(s) ? fail(strerror(ENOMEM)) :
				 run_daemon(s, plugins);
	release_signals(s);
	daemon_fini(daemon);
	if (s->tree)
		tree_destroy(s->tree);
	if (daemon->devices)
		devices_destroy(daemon->devices);
	return ret;
}

int service(const struct options *options, struct plugins *plugins)
{
	struct service s = { .ready_fd = -1 };
	int ret;

	ret = check();
	if (!ret)
		ret = lock(&s);
	if (ret)
		return ret;
	ret = start(&s, options, plugins);
	pidfile_unlock(s.pidfile);
	return ret;
}
