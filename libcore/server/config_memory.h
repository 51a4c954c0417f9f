/* What memory the programs get that the daemon packs and merges with. */
#ifndef SERVER_CONFIG_MEMORY_H
#define SERVER_CONFIG_MEMORY_H

#include "server/config.h"

/*
 * Sets flush.memory_bytes, and compact.memory_bytes when the file does not: what the other settings
 * need, and what is usable besides. What the file says and is too little is a fault, r's.
 * root: as of config_settle; the sizes of chunks are settled.
 */
void config_settle_memory(struct config *c, const struct yaml_node *root, struct report *r);

/* The same where there is no file. */
void config_default_memory(struct config *c);

#endif
