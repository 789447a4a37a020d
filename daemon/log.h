/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log: one line on stderr an event, "vfiod: …". Under systemd
 * (JOURNAL_STREAM is set) each begins with its level, "<4>".
 */
#ifndef VFIOD_DAEMON_LOG_H
#define VFIOD_DAEMON_LOG_H

#include "../backend/host.h" /* vfio_log() */

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* What is less urgent than @level is not logged. Before any thread. */
void log_set_level(enum log_level level);

/* Not stderr any more. */
void log_to_syslog(void);

#endif
