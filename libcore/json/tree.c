#include "json/tree.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "json/json.h"

enum { TO_FIND_WITH_MAP = 16 };

struct reader {
	struct json_at at;
	const char *start; /* of the text */
	const char *file;
	struct arena *mem;
	unsigned depth;
	/* Places are asked for in ascending order: what is before is counted once. */
	const char *line_start, *counted;
	uint32_t line;
};

static void count_lines(struct reader *r, const char *p)
{
	const char *nl;

	while (r->counted < p &&
	       (nl = memchr(r->counted, '\n', (size_t)(p - r->counted))) != NULL) {
		r->line_start = r->counted = nl + 1;
		r->line++;
	}
	if (r->counted < p)
		r->counted = p;
}

static int fail(struct reader *r, const char *p, enum err_code code, const char *what,
		struct err *e)
{
	count_lines(r, p);
	return err_set(e, code, "%s:%u:%zu: %s", r->file, r->line, (size_t)(p - r->line_start) + 1,
		       what);
}

static void place(struct reader *r, struct json_node *n)
{
	count_lines(r, r->at.p);
	n->line = r->line;
	n->col = (uint32_t)(r->at.p - r->line_start) + 1;
}

static int fail_here(struct reader *r, const char *expected, struct err *e)
{
	char what[128];

	if (r->at.p == r->at.end)
		snprintf(what, sizeof(what), "expected %s, found the end", expected);
	else
		snprintf(what, sizeof(what), "expected %s, found '%c'", expected, *r->at.p);
	return fail(r, r->at.p, ERR_CORRUPT, what, e);
}

static int read_string(struct reader *r, struct bytes *ret, struct err *e)
{
	const char *start = r->at.p;
	struct buf b = { 0 };
	struct bytes raw;
	bool escaped;

	if (!json_string(&r->at, &raw, &escaped))
		return fail(r, start, ERR_CORRUPT, "a string that does not end", e);
	for (size_t i = 0; i < raw.n; i++)
		if ((unsigned char)raw.p[i] < ' ')
			return fail(r, raw.p + i, ERR_CORRUPT, "a control byte in a string", e);
	if (!escaped) {
		*ret = raw;
		return 0;
	}
	if (!json_unescape(raw, &b)) {
		buf_release(&b);
		return fail(r, start, ERR_CORRUPT, "a string with an escape that is none", e);
	}
	*ret = arena_copy(r->mem, buf_bytes(&b));
	buf_release(&b);
	return 0;
}

static int read_plain(struct reader *r, struct json_node *ret, struct err *e)
{
	static const struct {
		struct bytes word;
		enum json_type type;
	} words[] = { { { "true", 4 }, JSON_BOOL },
		      { { "false", 5 }, JSON_BOOL },
		      { { "null", 4 }, JSON_NULL } };
	struct bytes rest = bytes_of(r->at.p, (size_t)(r->at.end - r->at.p));
	const char *end = json_number_end(r->at.p, r->at.end);

	ret->type = JSON_NUMBER;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words) && !end; i++) {
		if (!bytes_starts(rest, words[i].word))
			continue;
		end = r->at.p + words[i].word.n;
		ret->type = words[i].type;
	}
	if (!end || (end < r->at.end && !strchr(" \t\r\n,]}", *end)))
		return fail_here(r, "a value", e);
	ret->text = bytes_of(r->at.p, (size_t)(end - r->at.p));
	r->at.p = end;
	return 0;
}

static int read_value(struct reader *r, struct json_node *ret, struct err *e);

static bool is_twice(const struct json_node *v, size_t n, struct map *seen, struct bytes name)
{
	uint64_t h;

	if (n < TO_FIND_WITH_MAP) {
		for (size_t i = 0; i < n; i++)
			if (bytes_eq(v[i].name, name))
				return true;
		return false;
	}
	for (size_t i = seen->n; i < n; i++) /* those of before, the first time */
		map_put(seen, hash64(v[i].name), v[i].name, (uint32_t)i);
	h = hash64(name);
	return map_get(seen, h, name) != MAP_NONE;
}

static int read_name(struct reader *r, const struct json_node *v, size_t n, struct map *seen,
		     struct bytes *ret, struct err *e)
{
	const char *at;

	json_skip_space(&r->at);
	at = r->at.p;
	if (at == r->at.end || *at != '"')
		return fail_here(r, "a name in quotes", e);
	if (read_string(r, ret, e) < 0)
		return -1;
	if (is_twice(v, n, seen, *ret))
		return fail(r, at, ERR_CORRUPT, "a name that was there before", e);
	if (!json_take(&r->at, ':'))
		return fail_here(r, "':'", e);
	return 0;
}

static int read_items(struct reader *r, struct json_node *ret, struct err *e)
{
	bool object = *r->at.p == '{';
	char close = object ? '}' : ']';
	struct json_node *v = NULL, *kept;
	struct map seen = { 0 };
	size_t n = 0, cap = 0;
	int rc = 0;

	r->at.p++;
	ret->type = object ? JSON_OBJECT : JSON_ARRAY;
	if (json_take(&r->at, close))
		return 0;
	do {
		struct bytes name = { 0 };

		if (object)
			rc = read_name(r, v, n, &seen, &name, e);
		if (rc == 0) {
			mem_grow(&v, &cap, n + 1, sizeof(*v));
			v[n] = (struct json_node){ 0 };
			rc = read_value(r, &v[n], e);
			v[n++].name = name;
		}
	} while (rc == 0 && json_take(&r->at, ','));
	if (rc == 0 && !json_take(&r->at, close))
		rc = fail_here(r, object ? "',' or '}'" : "',' or ']'", e);
	if (rc == 0) {
		kept = arena_alloc(r->mem, n * sizeof(*v));
		memcpy(kept, v, n * sizeof(*v));
		ret->item = kept;
		ret->n = (uint32_t)n;
	}
	map_release(&seen);
	free(v);
	return rc;
}

static int read_value(struct reader *r, struct json_node *ret, struct err *e)
{
	int rc;

	json_skip_space(&r->at);
	place(r, ret);
	if (r->at.p == r->at.end)
		return fail_here(r, "a value", e);
	if (*r->at.p == '"') {
		ret->type = JSON_STRING;
		return read_string(r, &ret->text, e);
	}
	if (*r->at.p != '{' && *r->at.p != '[')
		return read_plain(r, ret, e);
	if (r->depth == JSON_TREE_DEPTH_MAX)
		return fail(r, r->at.p, ERR_LIMIT, "it is nested too deeply", e);
	r->depth++;
	rc = read_items(r, ret, e);
	r->depth--;
	return rc;
}

int json_tree_parse(struct bytes text, const char *file, struct arena *a, struct json_node *ret,
		    struct err *e)
{
	struct reader r = { .file = file, .mem = a, .line = 1 };
	struct json_node root = { 0 };

	if (text.n > JSON_TREE_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s: larger than %d bytes", file, JSON_TREE_SIZE_MAX);
	if (bytes_starts(text, BYTES_LIT("\xef\xbb\xbf")))
		text = bytes_sub(text, 3, text.n);
	text = arena_copy(a, text);
	r.at = json_start(text);
	r.start = r.line_start = r.counted = r.at.p;
	if (!utf8_valid(text))
		return err_set(e, ERR_CORRUPT, "%s:1:1: it is not UTF-8", file);
	if (read_value(&r, &root, e) < 0)
		return -1;
	json_skip_space(&r.at);
	if (r.at.p < r.at.end)
		return fail_here(&r, "the end", e);
	*ret = root;
	return 0;
}

const struct json_node *json_tree_get(const struct json_node *n, const char *name)
{
	if (n->type != JSON_OBJECT)
		return NULL;
	for (uint32_t i = 0; i < n->n; i++)
		if (bytes_is(n->item[i].name, name))
			return &n->item[i];
	return NULL;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",	    [JSON_BOOL] = "true or false",
		[JSON_NUMBER] = "a number", [JSON_STRING] = "a string",
		[JSON_ARRAY] = "an array",  [JSON_OBJECT] = "an object",
	};

	return names[type];
}
