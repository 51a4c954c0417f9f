/* What the command line says, over what the file does. */
#ifndef SERVER_CONFIG_OVERRIDE_H
#define SERVER_CONFIG_OVERRIDE_H

#include "server/config.h"

/* The folder of all data, with log and store in it. Strings are borrowed, as of all of these. */
void config_set_data(struct config *c, const char *dir);
void config_set_store(struct config *c, const char *store); /* all of it, parts too */

/* Sets c->store by its path and those of its parts. */
void config_join_store(struct config *c);

/* "127.0.0.1:3100", "[::1]:3100", ":3100", "3100". Errors: ERR_USAGE. */
MUST_CHECK int config_set_listen(struct config *c, const char *text, struct err *e);

#endif
