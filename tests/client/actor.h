/* SPDX-License-Identifier: BSD-3-Clause */
/* A client that makes random calls on the first devices, right and wrong. */
#ifndef TESTS_CLIENT_ACTOR_H
#define TESTS_CLIENT_ACTOR_H

#define ACTOR_CALLS 2000
#define ACTOR_DEVICES 4

/*
 * Make all the calls, in this process, which has nothing else open, and is
 * to exit after: EXIT_SUCCESS; EXIT_FAILURE and a line on stderr when one got
 * an error that is not among those of VFIO, but of a broken transport.
 */
int act(unsigned int seed);

#endif
