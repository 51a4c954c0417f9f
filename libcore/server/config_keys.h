/*
 * The keys of the daemon's file: ours, and all of Loki 3.7's with what becomes of them here.
 * lokid.yaml(5) lists the same.
 */
#ifndef SERVER_CONFIG_KEYS_H
#define SERVER_CONFIG_KEYS_H

#include "yaml/key.h"

/*
 * Offsets are in struct config; names are whole: "server.log_level". A row with a value of its own
 * (KEY_OTHER) is all that stands below it; "SECTION.*" is whatever else stands in a section. Those
 * of limits_config are limits_keys (limits/limits.h).
 */
extern const struct key config_keys[];

/* The section holds keys of the table. */
bool config_is_section(struct bytes name);

/* What becomes of a key that only Grafana's Helm chart knows. */
const struct key *config_chart_key(struct bytes word);

/* chunkpack's encoding for a word of ingester.chunk_encoding. */
const char *config_encoding(int word);

#endif
