/*
 * From libyaml's events to the tree. Containers that are open stand on a stack of our own, with
 * their children on another; when one ends, its children move into the arena. A node's weight is
 * what it would be without aliases: it is bounded, so that no walk over the tree is long.
 */
#include "yaml/yaml.h"

#include <stdarg.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

enum { ANCHORS_MAX = 1000 };

struct anchor {
	struct bytes name;
	const struct yaml_node *node;
};

struct open_node {
	struct yaml_node *node;
	struct bytes anchor;
	size_t first; /* of its children */
};

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	const char *file;
	struct bytes text;
	struct open_node open[YAML_DEPTH_MAX];
	size_t depth;
	const struct yaml_node **child; /* of all that are open */
	size_t n_children, cap_children;
	struct anchor *anchor;
	size_t n_anchors, cap_anchors;
	struct yaml_doc doc;
	yaml_each_fn *each; /* NULL: only the first document is read */
	void *data;
};

int yaml_fail(const struct yaml_node *n, struct err *e, enum err_code code, const char *fmt, ...)
{
	char why[ERR_MSG_MAX];
	va_list va;

	va_start(va, fmt);
	vsnprintf(why, sizeof(why), fmt, va);
	va_end(va);
	return err_set(e, code, "%s:%u:%u: %s", n->file, n->line, n->col, why);
}

bool yaml_is_null(const struct yaml_node *n)
{
	return n->kind == YAML_SCALAR && !n->quoted &&
	       (n->text.n == 0 || bytes_is(n->text, "~") || bytes_is(n->text, "null") ||
		bytes_is(n->text, "Null") || bytes_is(n->text, "NULL"));
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->n; i++)
		if (bytes_is(map->pair[i].key->text, key))
			return map->pair[i].value;
	return NULL;
}

static struct yaml_node *new_node(struct reader *r, enum yaml_kind kind, const yaml_mark_t *at)
{
	struct yaml_node *n = arena_zalloc(r->arena, sizeof(*n));

	n->kind = kind;
	n->line = (uint32_t)at->line + 1;
	n->col = (uint32_t)at->column + 1;
	n->weight = 1;
	n->file = r->file;
	return n;
}

static struct bytes copy_text(struct reader *r, const void *p, size_t n)
{
	char *text = arena_alloc(r->arena, n + 1);

	if (n)
		memcpy(text, p, n);
	text[n] = '\0';
	return bytes_of(text, n);
}

static int too_many(const struct yaml_node *at, struct err *e)
{
	return yaml_fail(at, e, ERR_LIMIT, "more than %d nodes, aliases counted where they stand",
			 YAML_NODES_MAX);
}

static int name_anchor(struct reader *r, struct bytes name, const struct yaml_node *n,
		       struct err *e)
{
	if (!name.p)
		return 0;
	if (r->n_anchors == ANCHORS_MAX)
		return yaml_fail(n, e, ERR_LIMIT, "more than %d anchors", ANCHORS_MAX);
	mem_grow(&r->anchor, &r->cap_anchors, r->n_anchors + 1, sizeof(*r->anchor));
	r->anchor[r->n_anchors++] = (struct anchor){ name, n };
	return 0;
}

static struct bytes anchor_of(struct reader *r, const yaml_char_t *name)
{
	return name ? copy_text(r, name, strlen((const char *)name)) : (struct bytes){ 0 };
}

/* A finished node: a child of the container that is open, or the root. */
static int put(struct reader *r, const struct yaml_node *n, struct err *e)
{
	if (r->depth == 0) {
		r->doc.root = n;
		return 0;
	}
	if (r->n_children >= YAML_NODES_MAX)
		return too_many(n, e);
	mem_grow(&r->child, &r->cap_children, r->n_children + 1, sizeof(*r->child));
	r->child[r->n_children++] = n;
	return 0;
}

/* Of tags only those of YAML's own types are known, and only !!str changes something. */
static int check_tag(const struct yaml_node *n, const yaml_char_t *tag, bool *ret_str,
		     struct err *e)
{
	static const char own[] = "tag:yaml.org,2002:";
	const char *t = (const char *)tag;

	*ret_str = false;
	if (!t || strcmp(t, "!") == 0)
		return 0;
	if (strncmp(t, own, sizeof(own) - 1) != 0)
		return yaml_fail(n, e, ERR_CORRUPT, "unknown tag '%.100s'", t);
	*ret_str = strcmp(t + sizeof(own) - 1, "str") == 0;
	return 0;
}

static int take_scalar(struct reader *r, const yaml_event_t *ev, struct err *e)
{
	struct yaml_node *n = new_node(r, YAML_SCALAR, &ev->start_mark);
	size_t len = ev->data.scalar.length;
	bool is_str;

	if (memchr(ev->data.scalar.value, '\0', len))
		return yaml_fail(n, e, ERR_CORRUPT, "a text with a NUL byte");
	if (check_tag(n, ev->data.scalar.tag, &is_str, e) < 0)
		return -1;
	n->text = copy_text(r, ev->data.scalar.value, len);
	n->quoted = is_str || ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (name_anchor(r, anchor_of(r, ev->data.scalar.anchor), n, e) < 0)
		return -1;
	return put(r, n, e);
}

static int take_alias(struct reader *r, const yaml_event_t *ev, struct err *e)
{
	struct bytes name = bytes_str((const char *)ev->data.alias.anchor);
	const struct yaml_node here = { .file = r->file,
					.line = (uint32_t)ev->start_mark.line + 1,
					.col = (uint32_t)ev->start_mark.column + 1 };

	for (size_t i = r->n_anchors; i-- > 0;)
		if (bytes_eq(r->anchor[i].name, name))
			return put(r, r->anchor[i].node, e);
	return yaml_fail(&here, e, ERR_CORRUPT,
			 "alias '*%.*s': no such anchor is complete before it", BYTES_ARG(name));
}

static int open_container(struct reader *r, enum yaml_kind kind, const yaml_event_t *ev,
			  const yaml_char_t *anchor, const yaml_char_t *tag, struct err *e)
{
	struct yaml_node *n = new_node(r, kind, &ev->start_mark);
	bool is_str;

	if (r->depth == YAML_DEPTH_MAX)
		return yaml_fail(n, e, ERR_LIMIT, "nested deeper than %d", YAML_DEPTH_MAX);
	if (check_tag(n, tag, &is_str, e) < 0)
		return -1;
	r->open[r->depth++] = (struct open_node){ n, anchor_of(r, anchor), r->n_children };
	return 0;
}

static int add_weight(struct yaml_node *n, const struct yaml_node *child, struct err *e)
{
	n->weight += child->weight;
	return n->weight > YAML_NODES_MAX ? too_many(n, e) : 0;
}

static bool is_merge(const struct yaml_node *key)
{
	return !key->quoted && bytes_is(key->text, "<<");
}

/* What a map is made of, as it grows. */
struct pairs {
	struct yaml_pair *pair;
	size_t n, cap;
	struct map by_key;
};

/* False when the key is there. */
static bool add_pair(struct pairs *p, struct yaml_pair pair)
{
	uint64_t hash = hash64(pair.key->text);

	if (map_get(&p->by_key, hash, pair.key->text) != MAP_NONE)
		return false;
	map_put(&p->by_key, hash, pair.key->text, (uint32_t)p->n);
	mem_grow(&p->pair, &p->cap, p->n + 1, sizeof(*p->pair));
	p->pair[p->n++] = pair;
	return true;
}

static int add_own(struct pairs *p, const struct yaml_node *key, const struct yaml_node *value,
		   struct err *e)
{
	if (key->kind != YAML_SCALAR)
		return yaml_fail(key, e, ERR_CORRUPT, "expected a key, found a %s",
				 key->kind == YAML_MAP ? "map" : "list");
	if (is_merge(key) || add_pair(p, (struct yaml_pair){ key, value }))
		return 0;
	return yaml_fail(key, e, ERR_CORRUPT, "'%.*s' stands here a second time, first in line %u",
			 BYTES_ARG(key->text),
			 p->pair[map_get(&p->by_key, hash64(key->text), key->text)].key->line);
}

static int merge_map(struct pairs *p, struct yaml_node *n, const struct yaml_node *from,
		     struct err *e)
{
	if (from->kind != YAML_MAP)
		return yaml_fail(from, e, ERR_CORRUPT, "'<<' takes a map, or a list of maps");
	for (uint32_t i = 0; i < from->n; i++) {
		if (!add_pair(p, from->pair[i]))
			continue;
		if (add_weight(n, from->pair[i].key, e) < 0 ||
		    add_weight(n, from->pair[i].value, e) < 0)
			return -1;
	}
	return 0;
}

static int merge(struct pairs *p, struct yaml_node *n, const struct yaml_node *from, struct err *e)
{
	if (from->kind != YAML_LIST)
		return merge_map(p, n, from, e);
	for (uint32_t i = 0; i < from->n; i++)
		if (merge_map(p, n, from->item[i], e) < 0)
			return -1;
	return 0;
}

static int close_map(struct yaml_node *n, struct arena *a, const struct yaml_node **child,
		     size_t n_children, struct err *e)
{
	struct pairs p = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i + 1 < n_children; i += 2)
		rc = add_own(&p, child[i], child[i + 1], e);
	for (size_t i = 0; rc == 0 && i < n_children; i++)
		rc = add_weight(n, child[i], e);
	for (size_t i = 0; rc == 0 && i + 1 < n_children; i += 2)
		if (is_merge(child[i]))
			rc = merge(&p, n, child[i + 1], e);
	if (rc == 0 && p.n) {
		struct bytes all = bytes_of(p.pair, p.n * sizeof(*p.pair));

		n->n = (uint32_t)p.n;
		n->pair = (const void *)arena_copy(a, all).p;
	}
	map_release(&p.by_key);
	free(p.pair);
	return rc;
}

static int close_list(struct yaml_node *n, struct arena *a, const struct yaml_node **child,
		      size_t n_children, struct err *e)
{
	for (size_t i = 0; i < n_children; i++)
		if (add_weight(n, child[i], e) < 0)
			return -1;
	n->n = (uint32_t)n_children;
	n->item = arena_alloc(a, n_children * sizeof(*n->item));
	if (n_children)
		memcpy(n->item, child, n_children * sizeof(*n->item));
	return 0;
}

static int close_container(struct reader *r, struct err *e)
{
	struct open_node *o = &r->open[--r->depth];
	size_t n = r->n_children - o->first;
	const struct yaml_node **child = n ? r->child + o->first : NULL;
	int rc = o->node->kind == YAML_MAP ? close_map(o->node, r->arena, child, n, e)
					   : close_list(o->node, r->arena, child, n, e);

	r->n_children = o->first;
	if (rc < 0 || name_anchor(r, o->anchor, o->node, e) < 0)
		return -1;
	return put(r, o->node, e);
}

/* Of bytes that are no characters libyaml tells the offset alone. */
static int fail_bytes(const struct reader *r, const char *problem, struct err *e)
{
	struct bytes before = bytes_sub(r->text, 0, r->parser.problem_offset);
	size_t line = 1, column = 1;

	for (size_t i = 0; i < before.n; i++) {
		bool goes_on = ((unsigned char)before.p[i] & 0xc0) == 0x80;

		column = before.p[i] == '\n' ? 1 : column + !goes_on;
		line += before.p[i] == '\n';
	}
	return err_set(e, ERR_CORRUPT, "%s:%zu:%zu: %s", r->file, line, column, problem);
}

static int fail_syntax(const struct reader *r, struct err *e)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "not YAML";

	if (p->error == YAML_MEMORY_ERROR)
		return err_set(e, ERR_NOMEM, "%s: out of memory", r->file);
	if (p->error == YAML_READER_ERROR)
		return fail_bytes(r, problem, e);
	if (p->error == YAML_SCANNER_ERROR && p->buffer.pointer < p->buffer.last &&
	    *p->buffer.pointer == '\t')
		problem = "a tab: YAML is indented with blanks";
	return err_set(e, ERR_CORRUPT, "%s:%zu:%zu: %s", r->file, p->problem_mark.line + 1,
		       p->problem_mark.column + 1, problem);
}

static int end_document(struct reader *r, struct err *e)
{
	const struct yaml_node *root = r->doc.root;

	if (!r->each)
		return 0;
	r->doc.root = NULL;
	r->n_anchors = 0;
	return root ? r->each(r->data, root, e) : 0;
}

/* 1 goes on, 0 at the end. */
static int take_event(struct reader *r, const yaml_event_t *ev, struct err *e)
{
	int rc = 0;

	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		rc = take_scalar(r, ev, e);
		break;
	case YAML_ALIAS_EVENT:
		rc = take_alias(r, ev, e);
		break;
	case YAML_MAPPING_START_EVENT:
		rc = open_container(r, YAML_MAP, ev, ev->data.mapping_start.anchor,
				    ev->data.mapping_start.tag, e);
		break;
	case YAML_SEQUENCE_START_EVENT:
		rc = open_container(r, YAML_LIST, ev, ev->data.sequence_start.anchor,
				    ev->data.sequence_start.tag, e);
		break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		rc = close_container(r, e);
		break;
	case YAML_DOCUMENT_START_EVENT:
		if (r->doc.root)
			r->doc.second_line = (uint32_t)ev->start_mark.line + 1;
		break;
	case YAML_DOCUMENT_END_EVENT:
		rc = end_document(r, e);
		break;
	default:
		break;
	}
	if (rc < 0)
		return -1;
	return ev->type != YAML_STREAM_END_EVENT && r->doc.second_line == 0;
}

static int parse(struct reader *r, struct bytes text, struct err *e)
{
	int rc = 1;

	if (text.n > YAML_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s: %zu bytes, at most %d", r->file, text.n,
			       YAML_SIZE_MAX);
	if (!yaml_parser_initialize(&r->parser))
		return err_set(e, ERR_NOMEM, "%s: out of memory", r->file);
	r->text = text;
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)(text.n ? text.p : ""),
				     text.n);
	while (rc > 0) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&r->parser, &ev)) {
			rc = fail_syntax(r, e);
			break;
		}
		rc = take_event(r, &ev, e);
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&r->parser);
	free(r->child);
	free(r->anchor);
	return rc;
}

int yaml_parse(struct bytes text, const char *file, struct arena *a, struct yaml_doc *ret,
	       struct err *e)
{
	struct reader r = { .arena = a, .file = file };

	if (parse(&r, text, e) < 0)
		return -1;
	*ret = r.doc;
	return 0;
}

int yaml_parse_each(struct bytes text, const char *file, struct arena *a, yaml_each_fn *each,
		    void *data, struct err *e)
{
	struct reader r = { .arena = a, .file = file, .each = each, .data = data };

	return parse(&r, text, e);
}
