/* SPDX-License-Identifier: BSD-3-Clause */
/* The two ways to run. Each returns vfiod's exit status. */
#ifndef VFIOD_DAEMON_RUN_H
#define VFIOD_DAEMON_RUN_H

struct options;
struct plugins;

/* `vfiod run`: serve one command and its descendants (run.c). */
int run(const struct options *options, struct plugins *plugins);

/* Serve the machine until SIGTERM (service.c). */
int service(const struct options *options, struct plugins *plugins);

#endif
