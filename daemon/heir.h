/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process that lives on after vfiod, until all that descends from CMD is
 * gone, and lets the kernel perform what the seccomp filter reports. With
 * nobody to report to, every mmap of a file with MAP_SHARED would fail there.
 */
#ifndef VFIOD_DAEMON_HEIR_H
#define VFIOD_DAEMON_HEIR_H

/*
 * Start it: the fd by which it knows that this process is there and serves
 * @listener, to be closed when that ends; or a negative errno. It has the
 * listener and no other fd, and takes no signal but SIGKILL.
 */
int heir_start(int listener);

#endif
