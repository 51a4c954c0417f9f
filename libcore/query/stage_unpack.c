/* | unpack: the line and the labels that a pack stage has put into one object: "_entry" is the
 * line, all other strings are labels. An object without "_entry" stays as it is. */
#include "query/keys.h"
#include "query/stage_json.h"

struct found {
	uint32_t name, origin;
	struct bytes value;
};

static bool unpack(const struct stage *s, struct block *b, uint32_t i)
{
	const struct hints *h = &s->pipeline->hints;
	struct bytes line = block_line(b, i), raw, entry = { 0 };
	struct json_obj o = json_open(line);
	struct json_val v;
	struct found *list = NULL;
	size_t n = 0, cap = 0;

	if (line.n == 0)
		return true;
	if (line.p[0] != '{') {
		stage_parse_error(h, b, i, "JSONParserErr",
				  BYTES_LIT("expecting json object(6), but it is not"));
		return true;
	}
	while (json_next(b, &o, &raw, &v)) {
		const struct key *key;

		if (v.type != JSON_STRING)
			continue;
		if (bytes_is(raw, "_entry")) {
			entry = json_val_text(b, &v);
			continue;
		}
		key = keys_get(b->keys, h, b->names, PATH_ROOT, raw);
		if (!key->want)
			continue;
		if (n == cap) {
			struct found *more;

			cap = cap ? 2 * cap : 16;
			more = arena_alloc(&b->mem, cap * sizeof(*more));
			if (n)
				memcpy(more, list, n * sizeof(*more));
			list = more;
		}
		list[n++] = (struct found){ key->name, key->origin, json_val_text(b, &v) };
	}
	if (o.error) {
		stage_parse_error(h, b, i, "JSONParserErr", bytes_str(o.error));
		return true;
	}
	for (size_t k = 0; entry.p && k < n; k++) {
		uint32_t name = list[k].name;

		if (block_base_has(b, name))
			name = names_extracted(b->names, name);
		block_set(b, i, LABEL_PARSED, name, list[k].value);
	}
	if (entry.p)
		block_set_line(b, i, entry);
	return true;
}

static int apply(const struct stage *s, struct block *b, struct err *e)
{
	return stage_extract(s, b, unpack, e);
}

static int bind(struct pipeline *p, struct stage *s, const struct logql_stage *tree, struct err *e)
{
	(void)s;
	(void)tree;
	(void)e;
	p->needs_lines = true;
	return 0;
}

const struct stage_ops stage_unpack = { .bind = bind,
					.apply = apply,
					.explain = stage_explain_fields };
