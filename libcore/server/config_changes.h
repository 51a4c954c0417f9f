/* What a file of settings says now and did not when the daemon began. */
#ifndef SERVER_CONFIG_CHANGES_H
#define SERVER_CONFIG_CHANGES_H

#include "server/config.h"
#include "yaml/report.h"

/* Warns of each key whose value has changed and that is not read anew: it holds after the next
 * start. Both as they were read, without options. */
void config_tell_changes(const struct config *before, const struct config *now, struct report *r);

#endif
