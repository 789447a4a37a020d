// SPDX-License-Identifier: BSD-3-Clause
#include "run.h"

#include <errno.h>
#include <event2/event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "daemon.h"
#include "fd_job.h"
#include "fuse_front.h"
#include "handover.h"
#include "heir.h"
#include "layout.h"
#include "listener.h"
#include "log.h"
#include "devices.h"
#include "options.h"
#include "sandbox.h"
#include "tree.h"

#define WHY_BYTES 512

/* All that a run has, in the order in which it is made. */
struct run {
	struct daemon daemon;
	struct child_signals signals;
	struct sandbox sandbox;
	struct tree *tree;
	struct child child;
	uint32_t reach; /* of the mmaps that are reported; 0: none are */
	struct heir heir;
};

static int fail(const char *why)
{
	vfio_log(LOG_LEVEL_ERROR, "%s", why);
	return EXIT_FAILURE;
}

/*
 * For the child. A filter with a listener above us (we are in a container
 * that has one, or in another vfiod run) leaves no room for another: then
 * ptrace has to do.
 */
static int before_exec(void *opaque)
{
	const struct run *r = opaque;
	int ret;

	ret = handover_filter_install(r->reach);
	return ret == -EBUSY || ret == -ENOSYS || ret == -EINVAL ?
		       CHILD_HOOK_NONE :
		       ret;
}

static void on_child(evutil_socket_t fd, short what, void *arg)
{
	struct run *r = arg;

	(void)fd, (void)what;
	event_base_loopbreak(r->daemon.base);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct run *r = arg;

	(void)fd, (void)what;
	child_signals_forward(&r->signals, &r->child);
}

static void on_listener(evutil_socket_t fd, short what, void *arg)
{
	struct run *r = arg;

	(void)what;
	listener_serve(&r->daemon, fd, &r->heir);
}

static struct event *watch(struct run *r, int fd, event_callback_fn fn)
{
	struct event *event;

	event = event_new(r->daemon.base, fd, EV_READ | EV_PERSIST, fn, r);
	if (event && event_add(event, NULL)) {
		event_free(event);
		return NULL;
	}
	return event;
}

/* Until CMD has ended. */
static void loop(struct run *r)
{
	struct event *events[3] = { NULL };

	events[0] = watch(r, r->child.pidfd, on_child);
	events[1] = watch(r, r->signals.fd, on_signal);
	if (r->child.hook_fd >= 0) {
		handover_listener_hurry(r->child.hook_fd);
		events[2] = watch(r, r->child.hook_fd, on_listener);
	}
	event_base_dispatch(r->daemon.base);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i])
			event_free(events[i]);
}

static int spawn(struct run *r)
{
	char **env = layout_env(r->daemon.devices, "/sys");
	const struct child_options options = {
		.argv = r->daemon.options->argv,
		.env = (const char *const *)env,
		.signals = &r->signals,
		.user_ns = r->sandbox.user_ns,
		.before_exec = before_exec,
		.opaque = r,
	};
	int ret;

	if (handover_filter_can_mmap())
		r->reach = devices_reach(r->daemon.devices);
	ret = child_spawn(&r->child, &options);
	layout_env_free(env);
	atomic_store(&r->daemon.hooked, r->child.hook_fd >= 0);
	if (!ret)
		return 0;
	fail(r->child.why);
	return ret > 0 ? ret : EXIT_FAILURE;
}

/* Nobody gets a device before the listener is looked at. */
static void offer_memory(struct run *r)
{
	int ret;

	if (!r->reach || r->child.hook_fd < 0)
		return;
	devices_offer_memory(r->daemon.devices);
	ret = heir_start(&r->heir, r->child.hook_fd);
	if (ret)
		vfio_log(LOG_LEVEL_WARNING,
			 "what CMD leaves behind cannot map files: %s",
			 strerror(-ret));
}

static int run_child(struct run *r)
{
	int ret;

	ret = spawn(r);
	if (ret)
		return ret;
	offer_memory(r);
	loop(r);
	ret = child_wait(&r->child);
	fd_job_wait(&r->daemon);
	if (r->child.hook_fd >= 0)
		close(r->child.hook_fd);
	heir_end(&r->heir);
	return ret < 0 ? fail(strerror(-ret)) : ret;
}

/* The mount is served from here on. */
static int assemble(struct run *r)
{
	int ret;

	ret = sandbox_assemble(&r->sandbox);
	if (ret)
		return fail(r->sandbox.why);
	ret = devices_start(r->daemon.devices);
	if (ret)
		return fail(strerror(-ret));
	ret = fuse_front_control(r->daemon.fuse, LAYOUT_RUN_CONTROL);
	if (ret)
		return fail(strerror(-ret));
	devices_try_memory(r->daemon.devices, r->daemon.fuse);
	return 0;
}

static int serve(struct run *r)
{
	struct daemon *daemon = &r->daemon;
	int fd, ret;

	devices_start_pager(daemon->devices);
	fd = sandbox_mount_fuse(&r->sandbox);
	if (fd < 0)
		return fail(r->sandbox.why);
	ret = fuse_front_start(daemon, r->tree, fd, getuid(), getgid(),
			       &daemon->fuse);
	if (ret)
		return fail(strerror(-ret));
	ret = assemble(r);
	if (!ret)
		ret = run_child(r);
	if (daemon->options->verbose)
		account_print(&daemon->account, daemon->eventfds.signalled);
	/* A thread that is stuck in a plugin uses what is freed next. */
	if (fuse_front_stop(daemon->fuse))
		_exit(ret);
	return ret;
}

static int run_daemon(struct run *r)
{
	int ret;

	r->daemon.is_run = true;
	r->daemon.device_dir = LAYOUT_RUN_DEVICES;
	r->tree = layout_run(r->daemon.devices);
	if (!r->tree)
		return fail(strerror(ENOMEM));
	ret = sandbox_enter(&r->sandbox) ? fail(r->sandbox.why) : serve(r);
	tree_destroy(r->tree);
	return ret;
}

int run(const struct options *options, struct plugins *plugins)
{
	struct run *r = calloc(1, sizeof(*r));
	char why[WHY_BYTES];
	int ret;

	if (!r)
		return fail(strerror(ENOMEM));
	child_signals_take(&r->signals);
	ret = daemon_init(&r->daemon, options, why, sizeof(why));
	if (ret)
		return fail(why);
	if (daemon_make_devices(&r->daemon, plugins, why, sizeof(why)))
		ret = fail(why);
	else
		ret = run_daemon(r);
	daemon_fini(&r->daemon);
	if (r->daemon.devices)
		devices_destroy(r->daemon.devices);
	child_signals_give_back(&r->signals);
	free(r);
	return ret;
}
