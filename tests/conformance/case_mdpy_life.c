// SPDX-License-Identifier: BSD-3-Clause
/* Open, closed, open again; two of them; what sysfs has of an mdpy. */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "helpers_mdpy.h"
#include "state.h"

/* ---- fds ---- */

static void use(struct ctx *c, int fd)
{
	c_device_info(c, fd, 16);
	c_pread(c, fd, NULL, 4, 0);
	c_pread(c, fd, NULL, 4, PCI_BASE_ADDRESS_0);
	c_pread(c, fd, NULL, 4, M_MEMORY);
}

/* The device is in use until the last of its fds is closed. */
M_CASE("mdpy/life/two-fds")
{
	int fd = m_ready(c), again = m_open_again(c, "again");

	c_pwrite(c, fd, "\0\0\x30\x40", 4, PCI_BASE_ADDRESS_0);
	c_pwrite(c, fd, "abcd", 4, M_MEMORY);
	use(c, again);
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
	c_close(c, fd);
	use(c, again);
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
	c_close(c, again);
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
}

/* Nothing is renewed by closing. */
M_CASE("mdpy/life/again")
{
	int fd = m_ready(c);

	c_pwrite(c, fd, "\0\0\x30\x40", 4, PCI_BASE_ADDRESS_0);
	c_pwrite(c, fd, "abcd", 4, M_MEMORY);
	c_close(c, fd);
	fd = m_open_again(c, "device");
	use(c, fd);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	use(c, fd);
}

static void child_uses(struct ctx *c)
{
	int fd = c_fd(c, "device");

	use(c, fd);
	c_pwrite(c, fd, "abcd", 4, M_MEMORY);
}

M_CASE("mdpy/life/fork")
{
	int fd = m_ready(c);
	struct c_actor *child = c_process(c, "child");

	c_on(child, child_uses);
	c_close(c, fd);
	c_ioctl(c, c_fd(c, "group"), &GROUP_UNSET_CONTAINER, 0);
	c_end(child, 9);
	fd = m_open_again(c, "device");
	use(c, fd);
}

CASE_FLAGS("mdpy/life/two-devices", CASE_MDPY | CASE_TWO_GROUPS)
{
	int fd = m_ready(c), group2, two;

	group2 = c_open(c, "group2", c->group[1], O_RDWR);
	c_set_container(c, group2, c_fd(c, "container"));
	two = c_device_fd(c, group2, "device2", c->device[1]);
	m_renew(two);
	c_pwrite(c, fd, "abcd", 4, M_MEMORY);
	c_pwrite(c, two, "efgh", 4, M_MEMORY);
	c_pwrite(c, two, "\0\0\x30\x40", 4, PCI_BASE_ADDRESS_0);
	use(c, fd);
	use(c, two);
	c_ioctl(c, fd, &DEVICE_RESET, 0);
	use(c, two);
	m_renew(two);
}

/* ---- sysfs ---- */

static void say_text(struct ctx *c, const char *name, const char *text,
		     ssize_t len)
{
	if (len < 0)
		c_say(c, "%s: %s", name, strerrorname_np(errno));
	else
		c_say(c, "%s: %zd bytes, \"%.*s\"%s", name, len,
		      (int)strcspn(text, "\n"), text,
		      strchr(text, '\n') ? " and a newline" : "");
}

static void show(struct ctx *c, const char *name)
{
	char path[4096], text[256] = "";
	struct stat st;
	ssize_t len;
	int fd;

	c_sysfs(c, name, path, sizeof(path));
	if (!stat(path, &st))
		c_say(c, "%s: mode %o, size %ld", name, st.st_mode,
		      (long)st.st_size);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	say_text(c, name, text, len);
	if (fd < 0)
		return;
	c_did(c, read(fd, text, sizeof(text)), "read to the end");
	memset(text, 0, sizeof(text));
	len = pread(fd, text, 4, 2);
	say_text(c, "four from the third on", text, len);
	close(fd);
}

M_CASE("mdpy/sysfs/resolution")
{
	char path[4096];

	show(c, "vendor/resolution");
	c_sysfs(c, "vendor/resolution", path, sizeof(path));
	c_did(c, open(path, O_WRONLY | O_CLOEXEC), "open to write");
	c_did(c, open(path, O_RDWR | O_CLOEXEC), "open to read and write");
}

/* Two of four are there. */
M_CASE("mdpy/sysfs/type")
{
	static const char *const names[] = { "name", "description",
					     "device_api",
					     "available_instances" };
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "mdev_type/%s", names[i]);
		show(c, name);
	}
}
