/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin interface of vfiod.
 *
 * A plugin is a shared object that describes device types and implements
 * them. It fills in one struct vfiod_plugin and names it to
 * VFIOD_REGISTER_PLUGIN(). vfiod makes devices of its types, puts each in an
 * IOMMU group of its own, and answers the VFIO ioctls of clients, asking the
 * plugin through the ops below. Names and rules follow the kernel's
 * vfio_device_ops (include/linux/vfio.h); where a rule is the kernel's, the
 * kernel function is named.
 *
 * Threads. Ops of one device may run at the same time on different threads,
 * as in the kernel; the plugin locks its own state. The exceptions are
 * written at each op. An op may sleep: it delays the call it serves, and
 * nobody else's. vfiod holds no lock that a service below needs while it
 * calls an op, unless it is written there.
 *
 * A device that is broken (see dma_unmap) gets EIO from pin_pages and dma_rw.
 *
 * Errors are negative errno and reach the client unchanged, from -1 to -511:
 * what lies below is the kernel's own and reaches no process. An op that
 * returns something else than is written there gives the client EIO, and a
 * line in the log; a service that is called wrongly gives a line too. A
 * device gets 16 such lines.
 *
 * Sizes, offsets and IOVAs are in bytes unless written otherwise; times are
 * in nanoseconds.
 */
#ifndef VFIOD_PLUGIN_H
#define VFIOD_PLUGIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <vfiod/uapi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is declared here is shared between vfiod and plugins. */
#pragma GCC visibility push(default)

/* Raised only when an old binary can no longer be served. */
#define VFIOD_API_VERSION 1

/*
 * What the ioctl op returns to leave a command to vfiod (the kernel's
 * -ENOIOCTLCMD; clients never get it). Not -ENOTTY: that can be the answer.
 */
#define VFIOD_NOT_MINE (-515)

/* One device, made by vfiod; opaque to the plugin. */
struct vfio_device;
/* A page of client memory pinned by vfiod_pin_pages(); opaque. */
struct vfio_page;
/* A client's eventfd; opaque. */
struct vfio_eventfd;
/* A timer, a watched fd, a poll of a device; opaque. */
struct vfiod_timer;
struct vfiod_watch;
struct vfiod_poll;
/* Who hears of a device's end; opaque. */
struct vfiod_device_notifier;
/* What makes a device a PCI function: <vfiod/pci.h>. */
struct vfiod_pci;
/* Migration data on its way to or from a client; opaque. */
struct vfiod_stream;
/* The bitmap of a report of dirty pages; opaque. */
struct vfiod_dirty;

/*
 * A capability in the chain of VFIO_DEVICE_GET_INFO or
 * VFIO_DEVICE_GET_REGION_INFO. @header->next is filled in by vfiod.
 */
struct vfiod_cap {
	const struct vfio_info_cap_header *header;
	size_t size; /* bytes, header included */
};

/*
 * A region; its index is its place in the table. A region of size 0 is
 * reported and cannot be accessed. Its file offset is index << 40, as in
 * vfio-pci, unless its type says otherwise.
 *
 * With VFIO_REGION_INFO_FLAG_MMAP clients can map it, whole or, with @areas,
 * those parts: whole pages of 4096 bytes, in ascending order. What they map is
 * memory that vfiod keeps and the plugin has by vfiod_region_memory(). Clients
 * are told of it only where vfiod can do it, and use read(2) and write(2)
 * otherwise. The type must not have a shift of its own as its offset_shift.
 */
struct vfiod_region {
	uint64_t size;
	uint32_t flags; /* VFIO_REGION_INFO_FLAG_READ, _WRITE, _MMAP */
	uint32_t nr_caps; /* without the sparse mmap one, which vfiod makes */
	const struct vfiod_cap *caps;
	uint32_t nr_areas;
	/* 1: read(2) and write(2) of mappable parts go to that memory, and
	 * not to the access op. */
	uint32_t plain;
	const struct vfio_region_sparse_mmap_area *areas;
	/* Its file offset, if the type has VFIOD_OWN_OFFSETS. Regions that can
	 * be mapped, at the same offset, are the same memory. */
	uint64_t offset;
};

#define VFIOD_OFFSET_SHIFT 40
#define VFIOD_OFFSET(index) ((uint64_t)(index) << VFIOD_OFFSET_SHIFT)
#define VFIOD_OFFSET_INDEX(pos) ((unsigned int)((pos) >> VFIOD_OFFSET_SHIFT))
#define VFIOD_OFFSET_MASK (VFIOD_OFFSET(1) - 1)

/* As offset_shift of a type: each region says where it is. */
#define VFIOD_OWN_OFFSETS UINT32_MAX

/*
 * How SET_IRQS treats an index. The rules are those of vfio-pci
 * (drivers/vfio/pci/vfio_pci_intrs.c).
 */
enum vfiod_irq_kind {
	/* One interrupt: trigger by NONE, BOOL, EVENTFD; no masking. The
	 * ERR and REQ indices of a PCI device, the indices of a ccw one. */
	VFIOD_IRQ_SIGNAL,
	/* A level line, masked by vfiod at each delivery until the client
	 * unmasks it: INTx. */
	VFIOD_IRQ_INTX,
	/* Messages, enabled as a block: MSI, MSI-X. Of all indices that are
	 * INTX or MSI at most one is active at a time. */
	VFIOD_IRQ_MSI,
};

/* An interrupt index; its number is its place in the table. */
struct vfiod_irq {
	uint32_t count;
	uint32_t flags; /* VFIO_IRQ_INFO_* */
	uint32_t kind; /* enum vfiod_irq_kind */
	uint32_t absent; /* GET_IRQ_INFO answers EINVAL */
};

/*
 * A device type. Its full name, by which clients and `--mdev` ask for it and
 * under which it stands in mdev_supported_types, is PLUGIN-NAME: "mtty-1".
 */
struct vfiod_type {
	const char *name;
	const char *pretty_name;
	/* A file in sysfs, without its last newline; NULL: there is none. */
	const char *description;
	uint32_t info_flags; /* VFIO_DEVICE_FLAGS_*; not _CAPS */
	uint32_t nr_regions;
	uint32_t nr_irqs;
	uint32_t nr_caps;
	const struct vfiod_region *regions;
	const struct vfiod_irq *irqs;
	const struct vfiod_cap *caps;
	const void *data; /* the plugin's own */
	const struct vfiod_pci *pci; /* or NULL */
	/* A region's file offset is its index << this; 0: 40. Of other
	 * values, and of VFIOD_OWN_OFFSETS, @read and @write have to take
	 * offsets apart themselves. */
	uint32_t offset_shift;
};

/* A parameter of a device: `--mdev TYPE,NAME=VALUE`. */
struct vfiod_param {
	const char *name;
	const char *help;
};

/*
 * One file under the device's directory in sysfs, GROUP/NAME, for its owner
 * to write if there is a @store, for all to read if there is a @show
 * (DEVICE_ATTR_RO, _WO, _RW). Both are called in any state between init and
 * release, at the same time as other ops, on no client's behalf:
 * vfiod_copy_from_user() and the like do not work there.
 */
struct vfiod_attribute {
	const char *group; /* or NULL: the device's directory itself */
	const char *name;
	/* Write the text, newline included; its length, or an errno. Called
	 * for each read(2) of the file. */
	ssize_t (*show)(struct vfio_device *vdev, char *buf, size_t size);
	/* One write(2) of the file, at whatever position: @size bytes, at
	 * most 4096, and a NUL behind them. How many were taken, usually
	 * @size, or an errno for the writer (sysfs_kf_write()). */
	ssize_t (*store)(struct vfio_device *vdev, const char *buf,
			 size_t size);
};

/*
 * The plugin. The first eight fields are filled in by VFIOD_REGISTER_PLUGIN()
 * when the plugin is compiled; new fields are added only at the end of each
 * struct, so that an old binary works with a newer vfiod.
 *
 * States of a device: made (init ran) - open (open_device ran) - made - gone
 * (release ran). An op without another remark is called only while the
 * device is open.
 */
struct vfiod_plugin {
	uint32_t struct_size;
	uint32_t api_version;
	uint32_t type_size;
	uint32_t region_size;
	uint32_t irq_size;
	uint32_t param_size;
	uint32_t attribute_size;
	uint32_t cap_size;

	/* [a-z0-9_]+, the same as the .so's file name without ".so". */
	const char *name;
	const char *version;
	const char *description; /* one line */

	uint32_t nr_types;
	uint32_t nr_params;
	uint32_t nr_attributes;
	const struct vfiod_type *types;
	const struct vfiod_param *params;
	const struct vfiod_attribute *attributes;

	/*
	 * How many more devices of @type can be made; for
	 * available_instances in sysfs. NULL: no limit is reported. Called
	 * from any thread, in any state.
	 */
	unsigned int (*available)(const struct vfiod_type *type);

	/*
	 * init - make a device (mdev's probe). Required.
	 *
	 * Called once, from vfiod's main thread, before any client. The type,
	 * the name and the parameters can be asked for. No threads are to be
	 * made here; timers and watches wait until vfiod serves. On error (an
	 * errno; ENOSPC when no more devices can be had) no other op is
	 * called, and vfiod says why the device was refused.
	 */
	int (*init)(struct vfio_device *vdev);

	/*
	 * release - the device goes. Optional. Called once, after the last
	 * close_device, from the main thread. Timers and watches are freed
	 * here at the latest; for those that are left vfiod does it, and logs.
	 * Their callbacks do not run any more. Threads of the plugin have
	 * ended on return: the device is no more, nor, soon, their code.
	 */
	void (*release)(struct vfio_device *vdev);

	/*
	 * open_device - the first fd of the device is being made. Optional.
	 *
	 * vfio_df_device_first_open(): the device is already registered with
	 * the container's IOMMU driver, so that pages can be pinned here. In
	 * the context of the client's GET_DEVICE_FD; an error fails it. Never
	 * concurrent with close_device or with itself.
	 */
	int (*open_device)(struct vfio_device *vdev);

	/*
	 * close_device - the last fd of the device is gone. Optional.
	 *
	 * No other op of an open device runs meanwhile or after, except
	 * dma_unmap: the device is taken off the container's list only when
	 * this has returned, and a call may come until then
	 * (vfio_df_device_last_close()). It finds nothing pinned, and what it
	 * looks at must still be there. On return the device must hold no
	 * pin: those that are left are taken away and logged, and their
	 * struct vfio_page are no more.
	 */
	void (*close_device)(struct vfio_device *vdev);

	/*
	 * read, write - access at file position @pos, the kernel's read and
	 * write ops. Optional; they go before @access. Return the number of
	 * bytes done, or an errno. @count is not 0. NULL, and no @access:
	 * the client gets EINVAL.
	 */
	ssize_t (*read)(struct vfio_device *vdev, void *buf, size_t count,
			uint64_t pos);
	ssize_t (*write)(struct vfio_device *vdev, const void *buf,
			 size_t count, uint64_t pos);

	/*
	 * access - one naturally aligned access of 1, 2, 4 or 8 bytes, inside
	 * a declared region that allows it. Optional; the short way instead
	 * of @read and @write. vfiod has checked index, bounds and flags as
	 * vfio_pci_bar_rw() does (index or offset outside: EINVAL; over the
	 * end: cut short). Returns 0, or an errno, which the client gets if
	 * nothing was done before.
	 */
	int (*access)(struct vfio_device *vdev, unsigned int index,
		      uint64_t offset, void *buf, unsigned int len, bool write);

	/*
	 * ioctl - any ioctl on a device fd but VFIO_DEVICE_FEATURE, before
	 * vfiod looks at it. Optional. @arg is the client's, usually an
	 * address for vfiod_copy_from_user(). VFIOD_NOT_MINE: vfiod answers,
	 * from the tables or with ENOTTY. Any other value goes to the client.
	 */
	long (*ioctl)(struct vfio_device *vdev, unsigned int cmd, uint64_t arg);

	/*
	 * device_feature - VFIO_DEVICE_FEATURE of a feature that vfiod does
	 * not answer itself. Optional. @argsz counts what follows the 8-byte
	 * header, @arg is the address of that. vfiod_check_feature() does the
	 * usual checks. -ENOTTY: the device does not have the feature.
	 */
	int (*device_feature)(struct vfio_device *vdev, uint32_t flags,
			      uint64_t arg, size_t argsz);

	/*
	 * reset - VFIO_DEVICE_RESET. Optional; without it the client gets
	 * EINVAL. A type that has it sets VFIO_DEVICE_FLAGS_RESET. For PCI
	 * functions see <vfiod/pci.h>.
	 */
	int (*reset)(struct vfio_device *vdev);

	/*
	 * match - is the device meant by what a client gave to
	 * GET_DEVICE_FD? Optional. Called when the device is made or open,
	 * with the group's lock held: it must not call services. > 0 yes,
	 * 0 no, < 0 the call fails with that errno
	 * (vfio_device_get_from_name()). NULL: the name must be equal.
	 */
	int (*match)(struct vfio_device *vdev, const char *name);

	/*
	 * request - vfiod wants the device back: it is going to stop.
	 * Optional. @count is how often it has asked so far
	 * (vfio_unregister_group_dev()). The plugin may tell the client, by
	 * its REQ interrupt say.
	 */
	void (*request)(struct vfio_device *vdev, unsigned int count);

	/*
	 * dma_unmap - the client takes [@iova, @iova + @length) away.
	 * Required: VFIO cannot revoke a page from a device, it can only ask.
	 *
	 * vfio_notify_dma_unmap(): called in the context of the client's
	 * UNMAP_DMA for every open device of the container, whether it has
	 * pins there or not, when the mapping has pinned pages. The range is
	 * a whole mapping. On return none of its pages may be pinned by this
	 * device. It may sleep, unpin, pin other ranges, use dma_rw; it must
	 * not wait for an open or a close of a device of the container. A
	 * device that does not unpin is asked 10 times more, the last time
	 * with nothing new to be pinned in the range (EINVAL); then its pins
	 * are taken away and the device is broken: its fds answer EIO, and so
	 * does GET_DEVICE_FD, until vfiod is started anew. close_device still
	 * comes. May run while open_device or close_device does.
	 */
	void (*dma_unmap)(struct vfio_device *vdev, uint64_t iova,
			  uint64_t length);

	/*
	 * Migration: struct vfio_migration_ops. All three ops, and flags
	 * with VFIO_MIGRATION_STOP_COPY, or nothing of it: then clients get
	 * ENOTTY for the features MIGRATION, MIG_DEVICE_STATE and
	 * MIG_DATA_SIZE, which vfiod answers. @migration_flags says what
	 * the devices are capable of: VFIO_MIGRATION_STOP_COPY, _P2P,
	 * _PRE_COPY.
	 */
	uint64_t migration_flags;

	/*
	 * migration_set_state - go to @state, a number from the client that
	 * nobody has looked at. vfiod_mig_get_next_state() has the way: the
	 * plugin goes step by step, and keeps the state, which begins as
	 * RUNNING. A step that fails leaves the device where it is; its
	 * errno goes to the client. For a step that begins a transfer, which
	 * is always the last one, @*stream (NULL on entry) is set to the
	 * stream that the client is to get an fd of, with a reference for
	 * vfiod; only with a return of 0. When the client cannot be given an
	 * fd, the state stays, and the call fails
	 * (vfio_ioctl_device_feature_mig_device_state()).
	 */
	int (*migration_set_state)(struct vfio_device *vdev, uint32_t state,
				   struct vfiod_stream **stream);

	/* migration_get_state - what state the device is in: 0 or an errno. */
	int (*migration_get_state)(struct vfio_device *vdev, uint32_t *state);

	/*
	 * migration_get_data_size - about how many bytes a transfer in
	 * STOP_COPY takes: 0 or an errno.
	 */
	int (*migration_get_data_size)(struct vfio_device *vdev,
				       uint64_t *stop_copy_length);

	/*
	 * Logging of what the device writes to memory: struct vfio_log_ops.
	 * All three or none: then clients get ENOTTY for the features
	 * DMA_LOGGING_START, _STOP and _REPORT, which vfiod answers.
	 *
	 * log_start - begin, with nothing dirty. @ranges: @nr (1 to 256) of
	 * them, ascending, without overlap, aligned to @*page_size, which
	 * is the granularity that the client wishes, any number; the plugin
	 * puts there what it is going to use. 0 or an errno.
	 */
	int (*log_start)(
		struct vfio_device *vdev,
		const struct vfio_device_feature_dma_logging_range *ranges,
		uint32_t nr, uint64_t *page_size);

	/*
	 * log_stop - end; also when none was begun. 0 or an errno. Closing
	 * the device does not call it: close_device has to end it.
	 */
	int (*log_stop)(struct vfio_device *vdev);

	/*
	 * log_read_and_clear - tell what has been written in [@iova, @iova +
	 * @length) since the last time, by vfiod_dirty_set(), and forget it.
	 * Called whether logging has begun or not, with any range that does
	 * not wrap. 0 or an errno.
	 */
	int (*log_read_and_clear)(struct vfio_device *vdev, uint64_t iova,
				  uint64_t length, struct vfiod_dirty *dirty);
};

#define VFIOD_EXPORT __attribute__((visibility("default")))

#define VFIOD_REGISTER_PLUGIN(plugin)                                     \
	VFIOD_EXPORT const struct vfiod_plugin *vfiod_plugin_entry(void); \
	const struct vfiod_plugin *vfiod_plugin_entry(void)               \
	{                                                                 \
		(plugin).struct_size = sizeof(struct vfiod_plugin);       \
		(plugin).api_version = VFIOD_API_VERSION;                 \
		(plugin).type_size = sizeof(struct vfiod_type);           \
		(plugin).region_size = sizeof(struct vfiod_region);       \
		(plugin).irq_size = sizeof(struct vfiod_irq);             \
		(plugin).param_size = sizeof(struct vfiod_param);         \
		(plugin).attribute_size = sizeof(struct vfiod_attribute); \
		(plugin).cap_size = sizeof(struct vfiod_cap);             \
		return &(plugin);                                         \
	}                                                                 \
	struct vfiod_plugin_needs_a_semicolon

/*
 * Services. Without another remark they may be called from any thread of
 * the plugin, in any state of the device, in ops or outside.
 */

/* The plugin's pointer for this device; set it in init. */
void vfiod_set_drvdata(struct vfio_device *vdev, void *data);
void *vfiod_get_drvdata(const struct vfio_device *vdev);

/* The name that clients give to GET_DEVICE_FD: an mdev's UUID. */
const char *vfiod_device_name(const struct vfio_device *vdev);
const struct vfiod_type *vfiod_device_type(const struct vfio_device *vdev);

/*
 * vfiod_region_memory - the memory behind a region that has
 * VFIO_REGION_INFO_FLAG_MMAP, from its offset 0 on; NULL for others. Clients
 * read and write it at any time, without a call. It is zeroed before init, and
 * is at the same place until release. Only the mappable parts are of use.
 * After a close_device clients have no way to it any more.
 */
void *vfiod_region_memory(const struct vfio_device *vdev, unsigned int index);

/*
 * The value of a declared parameter, NULL when it was not given. Valid as
 * long as the device. Undeclared ones have been refused before init.
 */
const char *vfiod_device_param(const struct vfio_device *vdev,
			       const char *name);

/*
 * vfiod_pin_pages - vfio_pin_pages(): keep @npage pages from @iova on.
 * @prot: VFIO_DMA_MAP_FLAG_READ, _WRITE (the kernel's IOMMU_READ, _WRITE).
 * @pages: @npage pointers, filled in; the page that holds @iova + 4096 * i.
 * Device open. Returns @npage, or, with nothing pinned: EINVAL (no pages,
 * device not open, hole in the range), E2BIG (more than 512), EACCES (type1
 * v1 container), EBUSY (an invalid vaddr in the container), EPERM (prot),
 * ENODEV (the process that mapped is gone), EFAULT (nothing there, or not
 * writable), ENOMEM (its RLIMIT_MEMLOCK), ENOTTY (a noiommu group). A page
 * pinned twice needs to be unpinned twice.
 */
int vfiod_pin_pages(struct vfio_device *vdev, uint64_t iova, int npage,
		    int prot, struct vfio_page **pages);

/*
 * vfiod_unpin_pages - vfio_unpin_pages(): undo a pin of the same IOVAs.
 * What is not pinned is passed over.
 */
void vfiod_unpin_pages(struct vfio_device *vdev, uint64_t iova, int npage);

/*
 * vfiod_page_rw - read or write a pinned page: @len bytes at @offset in it,
 * not over its end. For the plugin that pinned it, until it unpins it.
 * Returns 0, or EINVAL (over the end), EFAULT (a write to a mapping without
 * WRITE; or the page is gone). On shared memory (memfd, hugetlbfs, tmpfs) it
 * costs what memcpy(3) does, and what is pinned stays, whatever the client does
 * to its addresses, unless it cuts the file short. On private memory vfiod has
 * no hold on the page as the kernel has: it is gone when the client unmaps or
 * protects it, or is gone itself.
 */
int vfiod_page_rw(struct vfio_page *page, size_t offset, void *buf, size_t len,
		  bool write);

/*
 * vfiod_dma_rw - vfio_dma_rw(): copy @len bytes between @buf and the IOVAs
 * from @iova on, which need not be pinned and may span mappings. Device
 * open. Returns 0, or EINVAL (no length, device not open, hole: what was
 * before it is done), EBUSY, EPERM (the mapping does not allow it; the
 * kernel wants READ for either direction), EFAULT (memory not there, or in
 * the context of another process than the one that mapped), ENOTTY (a
 * noiommu group: nothing is mapped there). The addresses are looked up anew by
 * each call, also where pages are pinned. For a device behind an IOMMU it
 * is the device's own DMA: to the pages as they were mapped, any context will
 * do, READ is not needed to write, and there is no EBUSY.
 */
int vfiod_dma_rw(struct vfio_device *vdev, uint64_t iova, void *buf, size_t len,
		 bool write);

/*
 * vfiod_irq_trigger - deliver interrupt @vector of @index: signal the
 * eventfd the client set. Returns 1 when it was signalled (an INTx is
 * masked then), 0 when there is none or it is masked, EINVAL outside the
 * table.
 */
int vfiod_irq_trigger(struct vfio_device *vdev, unsigned int index,
		      unsigned int vector);

/*
 * vfiod_irq_line - hold an INTx line up or let it down. While it is up, an
 * unmask by the client delivers it again.
 */
int vfiod_irq_line(struct vfio_device *vdev, unsigned int index, bool up);

/*
 * vfiod_copy_from_user, vfiod_copy_to_user - the memory of the client whose
 * call is being served. Only in ioctl, device_feature, open_device, the
 * migration and log ops, and the ops of a stream but release, on the thread
 * that was called. Returns 0 or EFAULT.
 */
int vfiod_copy_from_user(void *to, uint64_t from, size_t n);
int vfiod_copy_to_user(uint64_t to, const void *from, size_t n);

/*
 * vfiod_eventfd_get - the eventfd that has number @fd in that client
 * (eventfd_ctx_fdget()): 0, EBADF, EINVAL (not an eventfd). Same places as
 * vfiod_copy_from_user(). Signalling adds 1, never blocks, whatever its
 * owner does. vfiod_eventfd_put() gives it back; NULL is allowed.
 */
int vfiod_eventfd_get(int fd, struct vfio_eventfd **eventfd);
void vfiod_eventfd_signal(struct vfio_eventfd *eventfd);
void vfiod_eventfd_put(struct vfio_eventfd *eventfd);

/*
 * vfiod_set_irqs_validate - vfio_set_irqs_validate_and_prepare(): check the
 * header of a SET_IRQS for an index of @num_irqs interrupts, of @max_index
 * indices. 0 and the length of the data that follows, or EINVAL.
 */
int vfiod_set_irqs_validate(const struct vfio_irq_set *hdr,
			    unsigned int num_irqs, unsigned int max_index,
			    size_t *data_size);

/*
 * vfiod_check_feature - vfio_check_feature(): may a device_feature go on?
 * @supported: VFIO_DEVICE_FEATURE_GET, _SET; @minsz: length of the data.
 * 1: go on; 0: it was a probe, return 0; or EINVAL.
 */
int vfiod_check_feature(uint32_t flags, size_t argsz, uint32_t supported,
			size_t minsz);

/*
 * vfiod_mig_get_next_state - vfio_mig_get_next_state(): the next step on the
 * way from state @cur to @target, over the states that migration_flags does
 * not have. 0 and @*next, which is @cur only when that is @target; or EINVAL:
 * no way, or no such state.
 */
int vfiod_mig_get_next_state(struct vfio_device *vdev, uint32_t cur,
			     uint32_t target, uint32_t *next);

/*
 * The file operations of a stream. Calls of one stream may come at the same
 * time on different threads, also while the device's ops run, and after it
 * has been closed, until it is made no more: the plugin locks. Data goes by
 * in order: there is no position. A stream has @read or @write; what it lacks
 * is EBADF for the client.
 */
struct vfiod_stream_ops {
	/* Up to @count bytes (not 0), 0 at the end of what there is so far,
	 * or an errno: ENODEV when the state that it was for is over. */
	ssize_t (*read)(struct vfiod_stream *stream, void *buf, size_t count);
	ssize_t (*write)(struct vfiod_stream *stream, const void *buf,
			 size_t count);
	/* VFIO_MIG_GET_PRECOPY_INFO, checked by vfiod: fill in the bytes of
	 * @info, or return an errno, EINVAL in a state that is not one of
	 * PRE_COPY. NULL: the client gets ENOTTY. */
	int (*precopy_info)(struct vfiod_stream *stream,
			    struct vfio_precopy_info *info);
	/* The last reference is gone; on any thread. Optional. */
	void (*release)(struct vfiod_stream *stream);
};

/*
 * vfiod_stream_new - a stream of the device, with one reference, the
 * caller's; NULL for ENOMEM. @ops is copied. References are counted as those
 * of a struct file: vfiod drops the one that migration_set_state gave to it
 * when the client's last fd is closed; one that the plugin keeps for itself
 * is put in close_device or release at the latest. NULL can be put.
 */
struct vfiod_stream *vfiod_stream_create(struct vfio_device *vdev,
					 const struct vfiod_stream_ops *ops,
					 size_t ops_size, void *data);

static inline struct vfiod_stream *
vfiod_stream_new(struct vfio_device *vdev, const struct vfiod_stream_ops *ops,
		 void *data)
{
	return vfiod_stream_create(vdev, ops, sizeof(*ops), data);
}

void *vfiod_stream_data(const struct vfiod_stream *stream);
struct vfiod_stream *vfiod_stream_get(struct vfiod_stream *stream);
void vfiod_stream_put(struct vfiod_stream *stream);

/*
 * vfiod_dirty_set - iova_bitmap_set(): the pages of [@iova, @iova + @length)
 * are dirty. In log_read_and_clear, on its thread, with what was given to it.
 * 0; EINVAL (not in the range that was asked about); EFAULT (the client's
 * bitmap cannot be written: the client gets that too, unless
 * log_read_and_clear returns another errno).
 */
int vfiod_dirty_set(struct vfiod_dirty *dirty, uint64_t iova, uint64_t length);

/*
 * vfiod_rw_split - cut [pos, pos + count) into naturally aligned accesses of
 * at most @max (1, 2, 4, 8) bytes and give them to @fn in order. Returns the
 * bytes done before @fn first failed, or its errno when that was at once.
 */
typedef int vfiod_access_fn(struct vfio_device *vdev, uint64_t pos, void *buf,
			    unsigned int len);
ssize_t vfiod_rw_split(struct vfio_device *vdev, void *buf, size_t count,
		       uint64_t pos, unsigned int max, vfiod_access_fn *fn);

/*
 * Timers and fds. Each device that has any gets an event loop on a thread of
 * its own; callbacks of one device run there, one at a time. Free may be
 * called from anywhere; when it returns, and the caller is not the callback
 * itself, the callback does not run and will not. NULL with errno set when
 * there is no memory or no thread to be had.
 */
struct vfiod_timer *vfiod_timer_new(struct vfio_device *vdev,
				    void (*fn)(void *arg), void *arg);
/* Once, after @ns from now; arming again moves it. 0: as soon as can be. */
int vfiod_timer_arm(struct vfiod_timer *timer, uint64_t ns);
int vfiod_timer_disarm(struct vfiod_timer *timer);
void vfiod_timer_free(struct vfiod_timer *timer);

/* @fn at each turn in which @fd is readable. The fd stays the plugin's. */
struct vfiod_watch *vfiod_watch_new(struct vfio_device *vdev, int fd,
				    void (*fn)(void *arg), void *arg);
void vfiod_watch_free(struct vfiod_watch *watch);

/*
 * Polls, for stores that come without a call: doorbells in memory that clients
 * have mapped.
 *
 * vfiod_poll_new - have @fn called when there may be something new in [@offset,
 * @offset + @size) of the memory of region @index. @fn looks, does what is
 * asked for, and returns whether there was anything to do. Device open: made
 * in open_device, freed in close_device. NULL with errno set: EINVAL (not
 * inside the memory of a region, or not whole 8 bytes), ENODEV (device not
 * open), ENOMEM, EAGAIN (no thread), EMFILE, ENFILE.
 *
 * @fn comes on the device's event loop, where its timers and watches do, one at
 * a time. It is called once at the start, and then for each change of what is
 * there, by clients or by the plugin, within a millisecond; and after that over
 * and over, without sleep, until it has had nothing to do for some 50 us.
 * Timers and watches come in between, so @fn must return after a share of the
 * work when there is much of it. It must expect calls for which there is
 * nothing to do, and any value at any time: clients store while it looks, so
 * loads and stores there are atomic ones.
 *
 * What counts is the value: a store of the one that is there already is not a
 * change, nor are two of which the second takes the first one back. So where
 * the client may store the same value again, a command say, the plugin puts
 * another one there when it has taken it. If @fn does so, it returns true; and
 * who does so elsewhere, in the access or reset op, kicks afterwards. Otherwise
 * the client's next store might not be seen.
 *
 * While nothing happens it is not called, and nothing runs: the pages that
 * @offset and @size touch are taken away. Whoever accesses one then, a client
 * or the plugin itself, waits until it is there again, for some 20 us, and @fn
 * is called. So @size should be that of the doorbells, not of a framebuffer, and
 * what is often read without a doorbell be in other pages.
 *
 * vfiod_poll_kick - from any thread: have @fn called now, also if nothing has
 * changed; after a doorbell that came by the access op, say.
 *
 * vfiod_poll_free - from any thread, but not in @fn. When it returns, @fn does
 * not run and will not. NULL is allowed.
 */
struct vfiod_poll *vfiod_poll_new(struct vfio_device *vdev, unsigned int index,
				  uint64_t offset, uint64_t size,
				  bool (*fn)(void *arg), void *arg);
void vfiod_poll_kick(struct vfiod_poll *poll);
void vfiod_poll_free(struct vfiod_poll *poll);

/*
 * Device notifiers, for who uses another device's memory, and has to stop
 * when that device is reset or its last fd goes. vfiod itself has one for each
 * DMA mapping of memory that a client has mapped from a device.
 *
 * vfiod_device_notifier_register - from now on call @fn: after a reset, and
 * before close_device. @vdev must be open: ENODEV. ENOMEM. From then on
 * until unregister the device's container stays, closed or not.
 *
 * @fn comes on the thread that resets or closes, one call at a time for each
 * device. It must not wait for whoever opens, closes or resets a device, and
 * call no service but vfiod_log(). One that is still registered when the device
 * is opened anew hears of that time, too.
 *
 * vfiod_device_notifier_unregister - from any thread but in @fn. When it
 * returns, @fn does not run and will not. Each that was registered needs one,
 * also after VFIOD_DEVICE_RELEASE.
 */
enum vfiod_device_event {
	VFIOD_DEVICE_RESET = 1,
	VFIOD_DEVICE_RELEASE = 2,
};

typedef void vfiod_device_notifier_fn(void *arg, enum vfiod_device_event event);

int vfiod_device_notifier_register(struct vfio_device *vdev,
				   vfiod_device_notifier_fn *fn, void *arg,
				   struct vfiod_device_notifier **notifier);
void vfiod_device_notifier_unregister(struct vfiod_device_notifier *notifier);

/* To vfiod's log, with the device's name; no newline at the end. */
enum vfiod_log_level {
	VFIOD_LOG_ERROR = 3, /* the numbers of syslog */
	VFIOD_LOG_WARNING = 4,
	VFIOD_LOG_INFO = 6,
	VFIOD_LOG_DEBUG = 7,
};

void vfiod_log(struct vfio_device *vdev, enum vfiod_log_level level,
	       const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
