/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device that is a PCI function: what vfio-pci does for it
 * (drivers/vfio/pci/). pci.c has its life and its regions, pci_layout.c makes
 * the configuration space, pci_config.c serves it, pci_reset.c, pci_power.c
 * and pci_ioeventfd.c the ioctls they are named after.
 */
#ifndef VFIOD_BACKEND_PCI_H
#define VFIOD_BACKEND_PCI_H

#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <vfiod/pci.h>

struct vfio_device;

#define VFIO_PCI_BAR_REGIONS 7 /* the BARs, and the ROM */
#define VFIO_PCI_NUM_IRQS 5

/*
 * A bus: the functions that a bus reset concerns, by devfn. Those on bus 0 are
 * part of the root complex, which nobody resets; any other bus is behind a
 * bridge, and has no more on it than this. Made before the first function and
 * gone after the last; the list is constant while clients are served.
 */
struct vfio_pci_bus {
	uint16_t domain;
	uint8_t number;
	LIST_HEAD(, vfio_pci) functions;
};

/* Where a function stands, and what addresses firmware gave its BARs. */
struct vfio_pci_slot {
	struct vfio_pci_bus *bus; /* NULL: no PCI bus, a mediated device */
	uint8_t devfn;
	uint64_t bars[VFIO_PCI_BAR_REGIONS];
};

/* Bytes of configuration space that belong to no capability. */
#define VFIO_PCI_UNASSIGNED 0xff

struct vfio_pci {
	/*
	 * All up to the locks is set when the device is made, but is_open, and
	 * of type the info flags: these are set when it is opened first, with
	 * the group's lock held.
	 */
	const struct vfiod_pci *desc;
	struct vfio_device *vdev;
	struct vfio_pci_slot slot;
	LIST_ENTRY(vfio_pci) bus_next;
	atomic_bool is_open;
	struct vfiod_type type; /* the declared one, with what vfiod adds */
	struct vfiod_region *regions;
	struct vfiod_irq irqs[VFIO_PCI_NUM_IRQS];
	unsigned int config_size;
	/*
	 * For each byte: as it is when the device is opened; which bits the
	 * client can change; the capability it is of (0 the header,
	 * otherwise where the capability starts).
	 */
	uint8_t initial[PCI_CFG_SPACE_EXP_SIZE];
	uint8_t writable[PCI_CFG_SPACE_EXP_SIZE];
	uint8_t owner[PCI_CFG_SPACE_EXP_SIZE];
	uint8_t msi; /* where these capabilities are; 0: nowhere */
	uint8_t msix;
	uint8_t pm;
	uint8_t exp;
	/* Guards config, and what says so. Outside the locks of the
	 * interrupts. */
	pthread_mutex_t config_lock;
	uint8_t config[PCI_CFG_SPACE_EXP_SIZE];
	/* What config says, for who must not wait: changed with config. */
	_Atomic uint16_t command;
	atomic_bool d3hot;
	/* config_lock: LOW_POWER_ENTRY was called, and not EXIT; with an
	 * eventfd for waking up, or NULL. It sleeps while no call uses it. */
	bool low_power;
	struct vfio_eventfd *wakeup;
	unsigned int users; /* calls that do */
	bool suspended;
	bool intx_masked; /* for that */
	/* Guards the list, and the work on it. Never taken by a callback. */
	pthread_mutex_t ioeventfd_lock;
	LIST_HEAD(, vfio_pci_ioeventfd) ioeventfds;
	unsigned int nr_ioeventfds;
};

/*
 * Make vdev->pci of its type's description, and vdev->type what clients are
 * to see. 0; -EINVAL for a description that no function can have; -ENOMEM.
 */
int vfio_pci_create(struct vfio_device *vdev, const struct vfio_pci_slot *slot);
void vfio_pci_destroy(struct vfio_device *vdev);

/* vfio_pci_core_enable(), vfio_pci_core_disable(): first open, last close. */
int vfio_pci_open(struct vfio_device *vdev);
void vfio_pci_close(struct vfio_device *vdev);

/* vfio_pci_rw(). @count is not 0. */
ssize_t vfio_pci_read(struct vfio_device *vdev, void *buf, size_t count,
		      uint64_t pos);
ssize_t vfio_pci_write(struct vfio_device *vdev, const void *buf, size_t count,
		       uint64_t pos);
/* Can BAR @index be accessed now? -EIO. */
int vfio_pci_bar_enabled(const struct vfio_device *vdev, unsigned int index);

/* Fill in initial, writable, owner and the places of capabilities. */
int vfio_pci_layout(struct vfio_pci *pci, bool resettable);

/* vfio_pci_config_rw(), within or outside the configuration space. */
ssize_t vfio_pci_config_read(struct vfio_device *vdev, void *buf, size_t count,
			     uint64_t pos);
ssize_t vfio_pci_config_write(struct vfio_device *vdev, const void *buf,
			      size_t count, uint64_t pos);
/* The first @size bytes as the machine sees them: BARs where they are. */
void vfio_pci_hardware_config(struct vfio_device *vdev, void *buf, size_t size);
/* As after an open: command, power state. */
void vfio_pci_config_reset(struct vfio_device *vdev);
/* Awake, D0: what a function reset starts with. */
void vfio_pci_config_wake(struct vfio_device *vdev);

/*
 * Can the function be reset, and no other with it? By a reset of its bus, or
 * by whatever: its plugin's op, too. Constant while clients are served.
 */
bool vfio_pci_bus_can_reset(const struct vfio_device *vdev);
bool vfio_pci_can_reset(const struct vfio_device *vdev);
/*
 * VFIO_DEVICE_RESET, function-level reset. -EINVAL: that did not work when the
 * device was opened; what the plugin returns.
 */
int vfio_pci_function_reset(struct vfio_device *vdev);
/*
 * What the function has been through when it is opened first: its own reset, or
 * that of its bus, which follows when the last function there is closed.
 */
int vfio_pci_open_reset(struct vfio_device *vdev);
int vfio_pci_get_hot_reset_info(struct vfio_device *vdev, uint64_t arg);
int vfio_pci_hot_reset(struct vfio_device *vdev, uint64_t arg);

/* The LOW_POWER features; -ENOTTY for all others. */
int vfio_pci_feature(struct vfio_device *vdev, uint32_t flags, uint64_t arg,
		     size_t argsz);
void vfio_pci_power_exit(struct vfio_device *vdev);
/*
 * pm_runtime_resume_and_get(), pm_runtime_put(): a call of the client begins
 * and ends to use the function, which is awake in between.
 */
void vfio_pci_runtime_get(struct vfio_device *vdev);
void vfio_pci_runtime_put(struct vfio_device *vdev);
bool vfio_pci_is_low_power(struct vfio_device *vdev);

int vfio_pci_set_ioeventfd(struct vfio_device *vdev, uint64_t arg);
void vfio_pci_free_ioeventfds(struct vfio_device *vdev);

static inline uint16_t vfio_pci_get16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static inline uint32_t vfio_pci_get32(const uint8_t *p)
{
	return vfio_pci_get16(p) | (uint32_t)vfio_pci_get16(p + 2) << 16;
}

static inline void vfio_pci_put16(uint8_t *p, uint16_t value)
{
	p[0] = value;
	p[1] = value >> 8;
}

static inline void vfio_pci_put32(uint8_t *p, uint32_t value)
{
	vfio_pci_put16(p, value);
	vfio_pci_put16(p + 2, value >> 16);
}

#endif
