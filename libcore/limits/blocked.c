#include "limits/blocked.h"

#include <stddef.h>
#include <strings.h>

#include "json/json.h"

enum { KINDS = 3, ALL_KINDS = (1 << KINDS) - 1 };

/* By bits, as a block's kinds have them. */
static const char *const kind_words[KINDS] = { "metric", "filter", "limited" };

struct tag {
	struct bytes name, value;
};

struct limits_block {
	struct bytes pattern;	   /* the query's text; empty: any */
	const struct regex *regex; /* in its place; or NULL */
	uint64_t hash;		   /* of 32 bits, in its place; or 0 */
	unsigned kinds;		   /* 0: all */
	const struct tag *tag;	   /* all must be there */
	size_t n_tags;
};

/* --- read --- */

static void read_kinds(struct limits_reader *r, const struct yaml_node *map,
		       const struct key_names *types, struct limits_block *b)
{
	for (size_t i = 0; i < types->n; i++) {
		int k = 0;

		while (k < KINDS && strcmp(types->name[i], kind_words[k]) != 0)
			k++;
		if (k == KINDS)
			limits_fault(r, yaml_get(map, "types"), "types",
				     "expected metric, filter or limited");
		else
			b->kinds |= 1U << k;
	}
}

static void read_tags(struct limits_reader *r, const struct yaml_node *map, struct limits_block *b)
{
	struct tag *v;

	if (!map || yaml_is_null(map))
		return;
	if (map->kind != YAML_MAP) {
		limits_fault(r, map, "query_tags", "expected a map");
		return;
	}
	b->tag = v = arena_alloc(&r->m->arena, (map->n + 1) * sizeof(*v));
	for (uint32_t i = 0; i < map->n; i++) {
		const struct yaml_pair *p = &map->pair[i];

		if (p->value->kind != YAML_SCALAR) {
			limits_fault(r, p->value, "query_tags", "expected a text");
			continue;
		}
		v[b->n_tags++] = (struct tag){ arena_copy(&r->m->arena, p->key->text),
					       arena_copy(&r->m->arena, p->value->text) };
	}
}

struct item {
	const char *pattern;
	bool regex;
	uint64_t hash;
	struct key_names types;
};

static void read_block(struct limits_reader *r, const struct yaml_node *map, struct limits_block *b)
{
	static const struct key keys[] = {
		{ "pattern", KEY_TEXT, KEY_USED, offsetof(struct item, pattern), NULL, NULL },
		{ "regex", KEY_BOOL, KEY_USED, offsetof(struct item, regex), NULL, NULL },
		{ "hash", KEY_COUNT, KEY_USED, offsetof(struct item, hash), NULL, NULL },
		{ "types", KEY_NAMES, KEY_USED, offsetof(struct item, types), NULL, NULL },
		{ "query_tags", KEY_OTHER, KEY_USED, 0, NULL, NULL },
		{ 0 },
	};
	struct item item = { 0 };

	*b = (struct limits_block){ 0 };
	if (!limits_read_keys(r, map, NULL, keys, &item))
		return;
	if (item.hash > UINT32_MAX)
		limits_fault(r, yaml_get(map, "hash"), "hash", "expected at most 4294967295");
	b->hash = item.hash;
	if (item.pattern)
		b->pattern = bytes_trim(bytes_str(item.pattern));
	if (item.regex && b->pattern.n)
		b->regex = limits_regex(r, yaml_get(map, "pattern"), "pattern", item.pattern,
					REGEX_UNANCHORED);
	read_kinds(r, map, &item.types, b);
	read_tags(r, yaml_get(map, "query_tags"), b);
}

void limits_blocks_read(const struct yaml_node *node, const char *name, struct limits_memory *m,
			struct limits_blocks *ret, struct report *r)
{
	struct limits_reader reader = { name, m, r };
	uint32_t n = limits_n_items(&reader, node, NULL);
	struct limits_block *v = arena_alloc(&m->arena, (n + 1) * sizeof(*v));

	for (uint32_t i = 0; i < n; i++)
		read_block(&reader, node->item[i], &v[i]);
	*ret = (struct limits_blocks){ v, n };
}

struct limits_blocks limits_blocks_join(const struct limits_blocks *a,
					const struct limits_blocks *b, struct arena *mem)
{
	struct limits_block *v;

	if (!a->n || !b->n)
		return a->n ? *a : *b;
	v = arena_alloc(mem, (a->n + b->n) * sizeof(*v));
	memcpy(v, a->v, a->n * sizeof(*v));
	memcpy(v + a->n, b->v, b->n * sizeof(*v));
	return (struct limits_blocks){ v, a->n + b->n };
}

/* --- asked --- */

/* FNV-1, which Loki logs queries with. */
static uint32_t hash_of(struct bytes query)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < query.n; i++)
		h = h * 16777619U ^ (unsigned char)query.p[i];
	return h;
}

static bool same(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

static bool has_tag(struct bytes tags, const struct tag *tag)
{
	struct bytes one, name;

	while (bytes_split(&tags, ',', &one))
		if (bytes_split(&one, '=', &name) && same(bytes_trim(name), tag->name) && one.p &&
		    same(bytes_trim(one), tag->value))
			return true;
	return false;
}

static bool fits(const struct limits_block *b, struct bytes query, struct bytes tags)
{
	struct err e;

	for (size_t i = 0; i < b->n_tags; i++)
		if (!has_tag(tags, &b->tag[i]))
			return false;
	if (b->hash)
		return b->hash == hash_of(query);
	if (bytes_eq(b->pattern, bytes_trim(query)) || b->pattern.n == 0)
		return true;
	return b->regex && regex_match(b->regex, query, NULL, &e) == 1;
}

const char *limits_blocked_kinds(const struct limits_blocks *l, struct bytes query,
				 struct bytes tags)
{
	static const char *const texts[ALL_KINDS + 1] = {
		NULL,	   "metric",	     "filter",	       "metric,filter",
		"limited", "metric,limited", "filter,limited", "metric,filter,limited"
	};
	unsigned kinds = 0;

	for (size_t i = 0; i < l->n; i++)
		if (fits(&l->v[i], query, tags))
			kinds |= l->v[i].kinds ? l->v[i].kinds : ALL_KINDS;
	return texts[kinds];
}

/* --- printed --- */

static void add_tags(struct buf *out, const struct limits_block *b)
{
	for (size_t i = 0; i < b->n_tags; i++) {
		buf_add_char(out, i ? ',' : '{');
		json_add_quoted(out, b->tag[i].name);
		buf_add_char(out, ':');
		json_add_quoted(out, b->tag[i].value);
	}
	buf_add_char(out, '}');
}

static void add_block(struct buf *out, const struct limits_block *b)
{
	const char *gap = "";

	buf_add_str(out, "{\"pattern\":");
	json_add_quoted(out, b->pattern);
	buf_addf(out, ",\"regex\":%s", b->regex ? "true" : "false");
	if (b->hash)
		buf_addf(out, ",\"hash\":%llu", (unsigned long long)b->hash);
	buf_add_str(out, ",\"types\":[");
	for (int k = 0; k < KINDS; k++) {
		if (!(b->kinds & 1U << k))
			continue;
		buf_addf(out, "%s\"%s\"", gap, kind_words[k]);
		gap = ",";
	}
	buf_add_char(out, ']');
	if (b->n_tags) {
		buf_add_str(out, ",\"query_tags\":");
		add_tags(out, b);
	}
	buf_add_char(out, '}');
}

void limits_blocks_add(struct buf *out, const struct limits_blocks *l)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_add_char(out, ',');
		add_block(out, &l->v[i]);
	}
	buf_add_char(out, ']');
}
