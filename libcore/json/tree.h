/*
 * JSON text of a configuration's size as a tree in which every node knows its place. It takes RFC
 * 8259 and nothing else; who reads entries uses json.h, which is fast.
 */
#ifndef JSON_TREE_H
#define JSON_TREE_H

#include "base/arena.h"
#include "base/err.h"
#include "json/members.h"

enum { JSON_TREE_SIZE_MAX = 4 << 20, JSON_TREE_DEPTH_MAX = 64 };

struct json_node {
	enum json_type type;
	uint32_t line, col; /* from 1; col counts bytes */
	uint32_t n;	    /* of an object, its members; of an array, its items */
	struct bytes name;  /* as the member of an object: escapes resolved; else empty */
	struct bytes text;  /* of a string, escapes resolved; of a number or word, as written */
	const struct json_node *item; /* those of an array, or the members of an object */
};

/*
 * Nodes and texts lie in the arena. A byte order mark before the text means nothing.
 * Errors, all "FILE:LINE:COL: ...": ERR_CORRUPT, no JSON, more than one value, a member twice, a
 * text that is not UTF-8; ERR_LIMIT, larger or deeper than the limits above.
 */
MUST_CHECK int json_tree_parse(struct bytes text, const char *file, struct arena *a,
			       struct json_node *ret, struct err *e);

/* The member of this name of an object; NULL when there is none, or n is no object. */
const struct json_node *json_tree_get(const struct json_node *n, const char *name);

/* "an object", "a string" ...: for messages. */
const char *json_type_name(enum json_type type);

#endif
