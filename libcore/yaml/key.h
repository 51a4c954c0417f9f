/*
 * Settings: tables of keys, each with its type and its place in a struct. The tables are what files
 * are read by, what settings are printed from, and what manual pages are checked against.
 */
#ifndef YAML_KEY_H
#define YAML_KEY_H

#include "yaml/yaml.h"

enum key_type {
	KEY_OTHER,     /* whatever stands there; it has no place, others look at it or nobody */
	KEY_BOOL,      /* bool */
	KEY_COUNT,     /* uint64_t */
	KEY_SMALL,     /* unsigned */
	KEY_PORT,      /* uint16_t */
	KEY_FLOAT,     /* double, not negative */
	KEY_SIZE,      /* uint64_t: "256KB"; units are powers of 1024, as Loki has them */
	KEY_RATE,      /* double, written as a size */
	KEY_MEGABYTES, /* double: 4 is 4194304 */
	KEY_DURATION,  /* int64_t ns: "1h30m", "7d" */
	KEY_TIME,      /* int64_t Unix ns: RFC 3339, or 0 */
	KEY_TEXT,      /* const char * */
	KEY_WORD,      /* int, or an enum: which of .words */
	KEY_NAMES,     /* struct key_names: a list, or "a,b" */
};

/* What becomes of a key of Loki's; ours are all used. */
enum key_use {
	KEY_USED,    /* as it is */
	KEY_MAPPED,  /* it sets what stands here in its place: .note */
	KEY_IDLE,    /* it changes nothing here: .note says why, or what does its work */
	KEY_RETIRED, /* Loki has it no more: .note says what is in its place */
};

struct key_names {
	const char *const *name;
	size_t n;
};

/* A row of zeros ends a table. */
struct key {
	const char *name; /* with those above it: "server.http_listen_port" */
	enum key_type type;
	enum key_use use;
	size_t at; /* offset of its place */
	const char *const *words;
	const char *note;
};

/* Puts the value where it belongs below base; null leaves what is there. Texts lie in the arena.
 * name: its whole path, as "overrides.a.max_line_size", for errors.
 * Errors: ERR_USAGE, "FILE:LINE:COL: 'NAME': expected ..., found ..." */
MUST_CHECK int key_read(const struct key *k, const char *name, const struct yaml_node *value,
			void *base, struct arena *a, struct err *e);

/* A list of texts, or one text with commas between them. */
MUST_CHECK int key_read_names(const struct yaml_node *value, struct arena *a, struct key_names *ret,
			      struct err *e);

enum key_form { KEY_YAML, KEY_JSON };

/* Appends the value, so that key_read takes it back. Not of KEY_OTHER. */
void key_add_value(const struct key *k, const void *base, enum key_form form, struct buf *out);

/* "256KB": the largest unit that leaves no rest. */
void key_add_size(struct buf *out, uint64_t bytes);

/* The row of this name, or NULL. */
const struct key *key_find(const struct key *table, struct bytes name);

/* The word most like this one, among those that stand behind prefix in names, up to the next point
 * ("server" of "server.log_level", with prefix ""); or NULL. It lies in the arena. */
const char *key_most_like(const struct key *table, struct bytes prefix, struct bytes word,
			  struct arena *a);

#endif
