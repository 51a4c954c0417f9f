/* Whether this machine has what the settings name. */
#ifndef SERVER_CONFIG_CHECK_H
#define SERVER_CONFIG_CHECK_H

#include "base/buf.h"
#include "server/config.h"

/*
 * Tells r, each as a warning that begins with "on this machine: ", what would keep the daemon from
 * starting here, or its clients from it: folders that cannot be made or written, programs that are
 * not there, certificates and keys that cannot be read, do not belong together or do not hold now.
 * Makes and changes nothing.
 */
void config_check_machine(const struct config *c, struct report *r);

/* One such warning. */
void config_warn_machine(struct report *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Appends the folder of the programs: common.programs, else that of this program itself. Errors:
 * ERR_IO. */
MUST_CHECK int config_find_programs(const struct config *c, struct buf *ret, struct err *e);

#endif
