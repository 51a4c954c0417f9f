/* What a file of settings says now and did not before. */
#ifndef SERVER_CONFIG_CHANGES_H
#define SERVER_CONFIG_CHANGES_H

#include "server/config.h"
#include "yaml/report.h"

/* Warns of each key whose value has changed and that is not read anew: it holds after the next
 * start. Both as they were read, without options. */
void config_tell_changes(const struct config *before, const struct config *now, struct report *r);

/* Is u (NULL: nobody who had to say so) among those who may ask now, with the same secret, tenant
 * and roles? */
bool config_user_stays(const struct config_user *u, const struct config_auth *now,
		       const struct config_user **ret);

#endif
