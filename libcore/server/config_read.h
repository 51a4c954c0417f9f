/* The settings of the daemon, from YAML and to YAML. */
#ifndef SERVER_CONFIG_READ_H
#define SERVER_CONFIG_READ_H

#include "server/config.h"

enum config_expand { CONFIG_AS_IT_IS, CONFIG_EXPAND };

/*
 * The file's settings over those in c (config_init), with the defaults that Loki has for a file
 * (auth_enabled). note is told of each key of Loki's that has no effect here, with its place, and
 * of what replaces it. Errors: ERR_IO; ERR_CORRUPT, no YAML; ERR_USAGE, an unknown key or a bad
 * value: with "FILE:LINE:COLUMN: " in front.
 */
MUST_CHECK int config_read(const char *path, enum config_expand expand, struct config *c,
			   void (*note)(const struct err *e, void *data), void *data,
			   struct err *e);

/* The limits as file and overrides have them now. Errors: as config_read. */
MUST_CHECK int config_limits(const struct config *c, struct limits_set **ret, struct err *e);

/* Everything in force, as YAML; secrets are left out. */
void config_write(const struct config *c, struct buf *out);

#endif
