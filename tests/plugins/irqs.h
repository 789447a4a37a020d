/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What clients of the irqs plugin (type irqs-all) need to know: the PCI
 * interrupt indices, all answered from vfiod's table, and the registers that
 * make the device interrupt.
 */
#ifndef TESTS_PLUGINS_IRQS_H
#define TESTS_PLUGINS_IRQS_H

#define IRQS_NR_MSI 8
#define IRQS_NR_MSIX 32

/* Region 0. Write, 4 bytes: index << 16 | vector, to be triggered. Read:
 * what the last trigger returned. */
#define IRQS_TRIGGER 0
/* Write, 4 bytes: the INTx line, 0 down, else up. */
#define IRQS_LINE 4
/* Write, 8 bytes: after so many ns, MSI 0. */
#define IRQS_TIMER 8
/* Write, any: make a watched fd readable, whose callback triggers MSI 1. */
#define IRQS_WATCH 16
#define IRQS_SIZE 24

#endif
