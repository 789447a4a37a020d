/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The matrix of a device: its adapters, its domains, and the domains that it
 * controls. Each pair of an adapter and a domain is a queue. How a matrix is
 * written in sysfs is known here.
 */
#ifndef MDEVS_AP_MATRIX_H
#define MDEVS_AP_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The machine: adapters, and domains of each, are numbered from 0 to these. */
#define AP_MAX_ADAPTER 15U
#define AP_MAX_DOMAIN 15U

#define AP_IDS 256U /* that a mask has room for */

/* A set of numbers; number 0 is the leftmost bit of the first word. */
struct ap_mask {
	uint64_t words[AP_IDS / 64];
};

struct ap_matrix {
	struct ap_mask apm; /* adapters */
	struct ap_mask aqm; /* domains */
	struct ap_mask adm; /* control domains */
};

/* @id is below AP_IDS. */
bool ap_mask_test(const struct ap_mask *mask, unsigned int id);
void ap_mask_assign(struct ap_mask *mask, unsigned int id, bool on);
bool ap_mask_empty(const struct ap_mask *mask);
bool ap_mask_overlap(const struct ap_mask *a, const struct ap_mask *b);

bool ap_matrix_has_queue(const struct ap_matrix *matrix, unsigned int adapter,
			 unsigned int domain);

/*
 * The texts of the attributes matrix, control_domains and ap_config: their
 * length, which is below @size.
 */
size_t ap_matrix_show(const struct ap_matrix *matrix, char *buf, size_t size);
size_t ap_matrix_show_control(const struct ap_matrix *matrix, char *buf,
			      size_t size);
size_t ap_matrix_show_config(const struct ap_matrix *matrix, char *buf,
			     size_t size);

/* What ap_config can be set to: 0 or -EINVAL. */
int ap_matrix_parse_config(struct ap_matrix *matrix, const char *text);

#endif
