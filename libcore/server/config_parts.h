/* What of the daemon's file is more than keys with values, and what follows from what is given.
 * For config_read.c alone. */
#ifndef SERVER_CONFIG_PARTS_H
#define SERVER_CONFIG_PARTS_H

#include "server/config.h"

/* Users, tokens, certificates and roles, of `auth`. Faults go to r. */
void config_read_auth(const struct yaml_node *auth, struct config *c, struct report *r);

/*
 * Sets what follows from the values that were read (folders, TLS), and checks what hangs together.
 * root: for the places of faults, which go to r.
 */
void config_settle(struct config *c, const struct yaml_node *root, struct report *r);

/* A note of the URL that would be common.store where Loki's own settings say a bucket. No keys. */
void config_tell_s3(const struct yaml_node *root, struct report *r);

/* The node at "a.b.c" below root, or NULL. */
const struct yaml_node *config_node(const struct yaml_node *root, const char *path);

#endif
