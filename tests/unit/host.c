// SPDX-License-Identifier: BSD-3-Clause
/* Processes of the test host: their memory and their fd numbers. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../backend/container.h"
#include "host.h"

static struct host_mm *mm_of(struct vfio_mm *mm)
{
	return (struct host_mm *)((char *)mm - offsetof(struct host_mm, mm));
}

/* 0, or what the process would get for these bytes. */
static int check_access(struct host_mm *mm, uint64_t vaddr, size_t len,
			int prot)
{
	uint64_t size = mm->npages * VFIO_PAGE_SIZE;
	uint64_t offset = vaddr - mm->base;

	if (!len)
		return 0;
	if (vaddr < mm->base || offset >= size || len > size - offset)
		return -EFAULT;
	for (uint64_t page = offset / VFIO_PAGE_SIZE;
	     page <= (offset + len - 1) / VFIO_PAGE_SIZE; page++) {
		if ((atomic_load(&mm->prot[page]) & prot) != prot)
			return -EFAULT;
	}
	return 0;
}

static int copy(struct host_mm *mm, uint64_t vaddr, void *buf, size_t len,
		bool write)
{
	int ret = check_access(mm, vaddr, len, write ? HOST_WRITE : HOST_READ);

	if (ret || !len)
		return ret;
	if (write)
		memcpy(mm->mem + (vaddr - mm->base), buf, len);
	else
		memcpy(buf, mm->mem + (vaddr - mm->base), len);
	return 0;
}

static int mm_rw(struct vfio_mm *vmm, uint64_t vaddr, void *buf, size_t len,
		 bool write)
{
	struct host_mm *mm = mm_of(vmm);

	return atomic_load(&mm->gone) ? -ESRCH :
					copy(mm, vaddr, buf, len, write);
}

/* In rows of a few pages, as a process's memory may be in pieces. */
#define PIN_ROW 7

static int64_t mm_pin(struct vfio_mm *vmm, uint64_t vaddr, uint64_t npages,
		      bool write)
{
	struct host_mm *mm = mm_of(vmm);
	int64_t n = 0;
	int ret = 0;

	atomic_fetch_add(&mm->pin_calls, 1);
	if (atomic_load(&mm->gone))
		return -ESRCH;
	while (!ret && (uint64_t)n < npages && n < PIN_ROW) {
		ret = check_access(mm, vaddr + n * VFIO_PAGE_SIZE, 1,
				   write ? HOST_WRITE : HOST_READ);
		n += !ret;
	}
	return n ? n : ret;
}

static uint64_t mm_memlock(struct vfio_mm *mm)
{
	return atomic_load(&mm_of(mm)->memlock);
}

static void mm_release(struct vfio_mm *mm)
{
	ck_abort_msg("the process of mm %p was put too often", (void *)mm);
}

static int mm_hold(struct vfio_mm *vmm, uint64_t vaddr, size_t len,
		   struct vfio_hold *hold)
{
	struct host_mm *mm = mm_of(vmm);

	if (!mm->shared || check_access(mm, vaddr, len, 0))
		return -EOPNOTSUPP;
	atomic_fetch_add(&mm->holds, 1);
	hold->host = mm;
	hold->mem = host_mm_ptr(mm, vaddr);
	return 0;
}

static void mm_drop(struct vfio_hold *hold)
{
	struct host_mm *mm = hold->host;

	atomic_fetch_sub(&mm->holds, 1);
}

static int mm_hold_rw(const struct vfio_hold *hold, size_t offset, void *buf,
		      size_t len, bool write)
{
	if (write)
		memcpy(hold->mem + offset, buf, len);
	else
		memcpy(buf, hold->mem + offset, len);
	return 0;
}

static int mm_rw_near(struct vfio_mm *vmm, const struct vfio_hold *hold,
		      uint64_t vaddr, void *buf, size_t len, bool write)
{
	ck_assert_ptr_eq(hold->host, mm_of(vmm));
	return mm_rw(vmm, vaddr, buf, len, write);
}

static const struct vfio_mm_ops mm_ops = {
	.rw = mm_rw,
	.pin = mm_pin,
	.memlock = mm_memlock,
	.release = mm_release,
	.hold = mm_hold,
	.drop = mm_drop,
	.hold_rw = mm_hold_rw,
	.rw_near = mm_rw_near,
};

struct host_mm *host_mm_create(uint64_t base, size_t npages)
{
	struct host_mm *mm = calloc(1, sizeof(*mm));

	mm->mm.ops = &mm_ops;
	atomic_init(&mm->mm.refs, 1);
	mm->base = base;
	mm->npages = npages;
	mm->mem = calloc(npages, VFIO_PAGE_SIZE);
	mm->prot = calloc(npages, sizeof(*mm->prot));
	atomic_init(&mm->memlock, UINT64_MAX);
	host_mm_protect(mm, 0, npages, HOST_READ | HOST_WRITE);
	return mm;
}

void host_mm_destroy(struct host_mm *mm)
{
	ck_assert_uint_eq(atomic_load(&mm->mm.refs), 1);
	ck_assert_uint_eq(host_mm_locked(mm), 0);
	ck_assert_uint_eq(atomic_load(&mm->holds), 0);
	free(mm->mem);
	free(mm->prot);
	free(mm);
}

void host_mm_protect(struct host_mm *mm, size_t page, size_t npages, int prot)
{
	for (; npages--; page++)
		atomic_store(&mm->prot[page], prot);
}

void host_mm_exit(struct host_mm *mm)
{
	atomic_store(&mm->gone, true);
}

void *host_mm_ptr(struct host_mm *mm, uint64_t vaddr)
{
	if (vaddr < mm->base || vaddr - mm->base >= mm->npages * VFIO_PAGE_SIZE)
		return NULL;
	return mm->mem + (vaddr - mm->base);
}

uint64_t host_mm_locked(struct host_mm *mm)
{
	return atomic_load(&mm->mm.locked_vm);
}

static struct host_client *client_of(struct vfio_client *client)
{
	return (struct host_client *)((char *)client -
				      offsetof(struct host_client, client));
}

static int client_copy_from(struct vfio_client *client, void *to, uint64_t from,
			    size_t n)
{
	return copy(client_of(client)->mm, from, to, n, false);
}

static int client_copy_to(struct vfio_client *client,
			  const struct vfio_copy *parts, size_t nr)
{
	int ret = 0;

	for (size_t i = 0; i < nr && !ret; i++)
		ret = copy(client_of(client)->mm, parts[i].to,
			   (void *)parts[i].from, parts[i].n, true);
	return ret;
}

/* Of a machine with four levels of page tables. */
static bool client_access_ok(struct vfio_client *client, uint64_t address,
			     uint64_t size)
{
	const uint64_t end = (1ULL << 47) - VFIO_PAGE_SIZE;

	(void)client;
	return address <= end && size <= end - address;
}

static struct host_fd *find_fd(struct vfio_client *client, int fd)
{
	struct host_client *c = client_of(client);

	if (fd < 0 || fd >= HOST_NR_FDS || c->fds[fd].kind == HOST_FD_FREE)
		return NULL;
	return &c->fds[fd];
}

static int client_eventfd_get(struct vfio_client *client, int fd,
			      struct vfio_eventfd **eventfd)
{
	struct host_fd *file = find_fd(client, fd);

	if (!file)
		return -EBADF;
	if (file->kind != HOST_FD_EVENTFD)
		return -EINVAL;
	pthread_mutex_lock(&file->eventfd->lock);
	file->eventfd->refs++;
	pthread_mutex_unlock(&file->eventfd->lock);
	*eventfd = &file->eventfd->eventfd;
	return 0;
}

static int client_container_get(struct vfio_client *client, int fd,
				struct vfio_container **container)
{
	struct host_fd *file = find_fd(client, fd);

	if (!file)
		return -EBADF;
	if (file->kind != HOST_FD_CONTAINER)
		return -EBADFD;
	vfio_container_get(file->container);
	*container = file->container;
	return 0;
}

static int client_group_get(struct vfio_client *client, int fd,
			    struct vfio_group **group)
{
	struct host_fd *file = find_fd(client, fd);

	if (!file)
		return -EBADF;
	if (file->kind != HOST_FD_GROUP)
		return -EINVAL;
	*group = file->group;
	return 0;
}

static int client_fd_room(struct vfio_client *client)
{
	return client_of(client)->no_fd_room ? -EMFILE : 0;
}

static void client_give_stream(struct vfio_client *client,
			       struct vfiod_stream *stream, uint64_t addr)
{
	client_of(client)->stream = stream;
	client_of(client)->number_at = addr;
}

static int client_mm(struct vfio_client *client, struct vfio_mm **mm)
{
	*mm = &client_of(client)->mm->mm;
	return 0;
}

static struct vfio_device *client_device_at(struct vfio_client *client,
					    uint64_t vaddr)
{
	struct host_client *c = client_of(client);

	return c->device && vaddr >= c->device_base ? c->device : NULL;
}

static bool client_capable(struct vfio_client *client, int cap)
{
	return client_of(client)->caps & 1ULL << cap;
}

static const struct vfio_client_ops client_ops = {
	.copy_from = client_copy_from,
	.copy_to = client_copy_to,
	.access_ok = client_access_ok,
	.eventfd_get = client_eventfd_get,
	.container_get = client_container_get,
	.group_get = client_group_get,
	.fd_room = client_fd_room,
	.give_stream = client_give_stream,
	.mm = client_mm,
	.device_at = client_device_at,
	.capable = client_capable,
};

void host_client_init(struct host_client *client, struct host_mm *mm)
{
	memset(client, 0, sizeof(*client));
	client->client.ops = &client_ops;
	client->mm = mm;
}

void host_client_allow(struct host_client *client, int cap, bool allow)
{
	if (allow)
		client->caps |= 1ULL << cap;
	else
		client->caps &= ~(1ULL << cap);
}

static int add_fd(struct host_client *client, struct host_fd file)
{
	int fd = 3;

	while (fd < HOST_NR_FDS && client->fds[fd].kind != HOST_FD_FREE)
		fd++;
	ck_assert_int_lt(fd, HOST_NR_FDS);
	client->fds[fd] = file;
	return fd;
}

int host_client_add_eventfd(struct host_client *client,
			    struct host_eventfd *eventfd)
{
	return add_fd(client, (struct host_fd){ .kind = HOST_FD_EVENTFD,
						.eventfd = eventfd });
}

int host_client_add_container(struct host_client *client,
			      struct vfio_container *container)
{
	return add_fd(client, (struct host_fd){ .kind = HOST_FD_CONTAINER,
						.container = container });
}

int host_client_add_group(struct host_client *client, struct vfio_group *group)
{
	return add_fd(client, (struct host_fd){ .kind = HOST_FD_GROUP,
						.group = group });
}

int host_client_add_other(struct host_client *client)
{
	return add_fd(client, (struct host_fd){ .kind = HOST_FD_OTHER });
}
