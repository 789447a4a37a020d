/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What walks of several containers and groups share. In what state an fd is
 * is asked of the kernel, without a record: steps can still be left out.
 */
#ifndef CONFORM_HELPERS_WALK_H
#define CONFORM_HELPERS_WALK_H

#include "conform.h"

typedef bool w_fit(int fd);

/* A container with an iommu driver; a group with a container, and without. */
bool w_has_iommu(int fd);
bool w_has_container(int fd);
bool w_has_none(int fd);

/*
 * Which of the n roles: mostly one whose fd is open and fit (NULL: open is
 * enough), if there is one, and at times any.
 */
unsigned long w_some(struct ctx *c, const char *const *roles, unsigned long n,
		     w_fit *fit);
#define W_SOME(c, roles, fit) \
	w_some(c, roles, sizeof(roles) / sizeof((roles)[0]), fit)
/* The fd of that role. */
#define W_FD(c, roles, fit) c_fd(c, (roles)[W_SOME(c, roles, fit)])
/* Is one of them fit? */
bool w_any(struct ctx *c, const char *const *roles, unsigned long n,
	   w_fit *fit);
#define W_ANY(c, roles, fit) \
	w_any(c, roles, sizeof(roles) / sizeof((roles)[0]), fit)

/* Closes it, if it is one, and takes its role away. */
void w_drop(struct ctx *c, int fd);

#endif
