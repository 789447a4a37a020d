/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The services of plugin.h as a small fake, for tests that link a plugin's
 * own source files without the model. The client is the test itself: its
 * addresses are the test's, and an access that would crash is EFAULT.
 */
#ifndef TESTS_UNIT_FAKE_SERVICES_H
#define TESTS_UNIT_FAKE_SERVICES_H

#include <vfiod/plugin.h>

/* The plugin that is linked into the test. */
const struct vfiod_plugin *vfiod_plugin_entry(void);

#define FAKE_UUID "c9a1e2a0-53d1-4f0c-8f0c-5a53a0a5f1d2"

/* Make a device of type @type of the linked plugin: 0, or init's errno. */
int fake_device_new(const char *type, struct vfio_device **vdev);
void fake_device_free(struct vfio_device *vdev);

/* The plugin's ioctl op; VFIOD_NOT_MINE is left as it is. */
long fake_ioctl(struct vfio_device *vdev, unsigned int cmd, const void *arg);

/* An fd number that is open, and no eventfd. */
#define FAKE_PLAIN_FD 1

/*
 * A new eventfd: its number in the client. fake_eventfd_take() is the
 * client's read: what was signalled since the last time.
 */
int fake_eventfd_new(void);
unsigned int fake_eventfd_take(int fd);
/* How many references the plugin holds on eventfds. */
unsigned int fake_eventfds_held(void);
/* What a stream can do; how many references there are on streams. */
const struct vfiod_stream_ops *fake_stream_ops(const struct vfiod_stream *s);
unsigned int fake_streams_held(void);
/* Before each test. */
void fake_reset(void);

#endif
