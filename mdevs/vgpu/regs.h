/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The layout of BAR0 and the registers that do something, where a gen9 GPU
 * has them. All others are memory.
 */
#ifndef VGPU_REGS_H
#define VGPU_REGS_H

#define VGPU_BAR0_SIZE 0x1000000
#define VGPU_MMIO_SIZE 0x200000 /* registers */
#define VGPU_GTT_OFFSET 0x800000 /* entries of 8 bytes, to the end */

/* The blitter's ring. */
#define BCS_TAIL 0x22030
#define BCS_HEAD 0x22034
#define BCS_START 0x22038
#define BCS_CTL 0x2203c
#define RING_OFFSET_MASK 0x1ffffcU /* in HEAD and TAIL */
#define RING_VALID 1U /* in CTL; the size less a page beside it */
#define RING_SIZE_MASK 0x1ff000U
#define BCS_ACTHD_UDW 0x2205c /* address of the current command */
#define BCS_IPEHR 0x22068 /* its first dword, after an error */
#define BCS_ACTHD 0x22074
#define BCS_HWS_PGA 0x22080 /* address of the status page */
#define BCS_EIR 0x220b0 /* while not 0, the ring stands still */
#define EIR_INSTRUCTION (1U << 0)
#define EIR_PAGE_TABLE (1U << 4)

/* The page of the last fault. */
#define RING_FAULT 0x4094
#define RING_FAULT_VALID 1U
#define RING_FAULT_WRITE (1U << 1) /* of our own: it was a write */
#define RING_FAULT_BCS (1U << 12)
#define FAULT_TLB_DATA0 0x4b10 /* address >> 12 */
#define FAULT_TLB_DATA1 0x4b14
#define FAULT_GGTT (1U << 4)

/* Interrupts: the master switch and group 0 of the engines. */
#define MASTER_IRQ 0x44200
#define MASTER_IRQ_ENABLE (1U << 31)
#define MASTER_IRQ_BCS (1U << 1)
#define GT_ISR 0x44300
#define GT_IMR 0x44304
#define GT_IIR 0x44308
#define GT_IER 0x4430c
#define GT_BCS_USER (1U << 16) /* MI_USER_INTERRUPT */
#define GT_BCS_ERROR (1U << 19)

/* Display: pipe A and its primary plane. */
#define PIPE_SRC 0x6001c /* width - 1 << 16 | height - 1 */
#define PIPE_CONF 0x70008
#define PIPE_ENABLE (1U << 31)
#define PLANE_CTL 0x70180
#define PLANE_ENABLE (1U << 31)
#define PLANE_FORMAT_MASK (0xfU << 24)
#define PLANE_FORMAT_8888 (4U << 24)
#define PLANE_RGBX (1U << 20)
#define PLANE_TILED_MASK (7U << 10)
#define PLANE_ALPHA_MASK (3U << 4)
#define PLANE_STRIDE 0x70188 /* in 64 bytes */
#define PLANE_STRIDE_MASK 0x3ffU
#define PLANE_SURF 0x7019c

/* What the hypervisor tells the guest: i915's struct vgt_if, read-only. */
#define PVINFO 0x78000
#define PVINFO_END 0x79000
#define PVINFO_MAGIC_LOW (PVINFO + 0x00)
#define PVINFO_MAGIC_HIGH (PVINFO + 0x04)
#define PVINFO_VERSION (PVINFO + 0x08) /* major, minor */
#define PVINFO_ID (PVINFO + 0x0c)
#define PVINFO_LOW_BASE (PVINFO + 0x40)
#define PVINFO_LOW_SIZE (PVINFO + 0x44)
#define PVINFO_HIGH_BASE (PVINFO + 0x48)
#define PVINFO_HIGH_SIZE (PVINFO + 0x4c)
#define PVINFO_FENCES (PVINFO + 0x50)

#endif
