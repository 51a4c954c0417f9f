/*
 * A fence round libyaml: YAML text in, a small tree out in which every node knows its place.
 * Whatever the text is, time and memory are bounded: aliases are shared, not copied, and count as
 * often as they are used.
 */
#ifndef YAML_YAML_H
#define YAML_YAML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { YAML_SIZE_MAX = 4 << 20, YAML_NODES_MAX = 100000, YAML_DEPTH_MAX = 64 };

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml_node;

struct yaml_pair {
	const struct yaml_node *key, *value; /* the key is a scalar */
};

struct yaml_node {
	enum yaml_kind kind;
	bool quoted;	    /* a scalar in quotes or as a block, or tagged !!str: never null */
	uint32_t line, col; /* from 1 */
	uint32_t n;	    /* of a map, its pairs; of a list, its items */
	uint32_t weight;    /* nodes below it, and itself */
	const char *file;
	struct bytes text; /* of a scalar: holds no NUL, one stands behind it */
	union {
		const struct yaml_pair *pair; /* in the file's order, what is merged (<<) last */
		const struct yaml_node **item;
	};
};

struct yaml_doc {
	const struct yaml_node *root; /* NULL: there is nothing in it */
	uint32_t second_line;	      /* where a second document begins, which is not read; or 0 */
};

/*
 * Nodes and texts lie in the arena; file, the name for messages, must stay as long.
 * Errors, all "FILE:LINE:COL: ...": ERR_CORRUPT, no YAML, a key twice, an unknown alias or tag;
 * ERR_LIMIT, larger than the limits above.
 */
MUST_CHECK int yaml_parse(struct bytes text, const char *file, struct arena *a,
			  struct yaml_doc *ret, struct err *e);

/*
 * The same of a text of several documents, with "---" between them: calls each for every one, in
 * order, one without anything being a null; its failure ends it. The limits are those of each
 * document, but for YAML_SIZE_MAX, which is that of all.
 */
typedef int yaml_each_fn(void *data, const struct yaml_node *root, struct err *e);
MUST_CHECK int yaml_parse_each(struct bytes text, const char *file, struct arena *a,
			       yaml_each_fn *each, void *data, struct err *e);

/* The value of a key of a map, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* Nothing, "~" or "null", not in quotes. */
bool yaml_is_null(const struct yaml_node *n);

/* Sets e to "FILE:LINE:COL: ..." and returns -1. */
int yaml_fail(const struct yaml_node *n, struct err *e, enum err_code code, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* Appends text as a scalar that is read back as this text: in quotes when it must be. */
void yaml_add_text(struct buf *out, struct bytes text);

#endif
