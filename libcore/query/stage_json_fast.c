/*
 * | json of lines as they mostly are: whole, without escapes in keys, no name twice. Values that
 * nobody asks for are only stepped over, and the line is read no further than needed. Whatever is
 * not plain is left to stage_json.c, which says what a fault is called.
 */
#include "query/stage_json.h"
#include "query/stage_shapes.h"

enum { DEPTH_MAX = 16 };

/* "key": at *p, which is moved behind the colon. 0: odd. */
static uint32_t read_key(struct line_fields *f, uint32_t object, uint32_t at, const char **p,
			 const char *end)
{
	bool escaped = false;
	const char *start = *p + 1, *q;

	if (**p != '"')
		return 0;
	q = json_string_close(start, end, &escaped);
	if (!q || escaped)
		return 0;
	*p = json_skip(q + 1, end);
	if (*p >= end || **p != ':')
		return 0;
	++*p;
	return fields_key(f, object, at, bytes_of(start, (size_t)(q - start)));
}

static enum fields_step take(struct line_fields *f, uint32_t key, const struct json_val *v)
{
	if (!v->escaped && !near_high(v->raw.p, v->raw.n))
		return fields_take(f, key, v->raw);
	return fields_take(f, key, json_val_text(f->b, v));
}

static enum fields_step walk(struct line_fields *f, uint32_t object, struct bytes text,
			     unsigned depth)
{
	const char *p = json_skip(text.p, text.p + text.n), *end = text.p + text.n;
	uint32_t at = fields_first_in(object);
	enum fields_step step = FIELDS_GO_ON;

	if (p >= end || *p != '{' || depth > DEPTH_MAX)
		return FIELDS_ODD;
	p = json_skip(p + 1, end);
	while (p < end && *p != '}') {
		uint32_t k = fields_guess(f, at, p, end);
		struct json_val v;

		if (k)
			p += f->key[k].len;
		else if (!(k = read_key(f, object, at, &p, end)))
			return FIELDS_ODD;
		at = fields_behind(k);
		p = json_value_close(p, end, &v);
		if (!p)
			return FIELDS_ODD;
		if (f->key[k].want &&
		    (v.type == JSON_STRING || v.type == JSON_NUMBER || v.type == JSON_BOOL))
			step = take(f, k, &v);
		else if (v.type == JSON_OBJECT && f->key[k].want_below)
			step = walk(f, k, v.raw, depth + 1);
		if (step != FIELDS_GO_ON)
			return step;
		p = json_skip(p, end);
		if (p < end && *p == ',')
			p = json_skip(p + 1, end);
		else
			break;
	}
	return p < end && *p == '}' ? FIELDS_GO_ON : FIELDS_ODD;
}

bool json_extract_fast(const struct stage *s, struct block *b, uint32_t i, bool *ret_stays)
{
	struct line_fields *f = fields_begin(s, b, i, json_shapes.before, json_shapes.behind);
	enum fields_step step;

	if (!f)
		return false;
	step = walk(f, 0, fields_line(b, i), 0);
	if (step == FIELDS_ODD)
		return false;
	*ret_stays = step != FIELDS_REFUSED;
	if (*ret_stays)
		fields_set_labels(f, i);
	return true;
}

static enum fields_step walk_sample(struct line_fields *f, const struct stage *s, struct bytes line)
{
	(void)s;
	return walk(f, 0, line, 0);
}

static enum fields_step value_of(struct line_fields *f, const struct stage *s,
				 enum shape_class class, struct bytes *v)
{
	struct json_val val = { .type = JSON_STRING, .raw = *v };
	const char *end = v->p + v->n;

	(void)s;
	if (class == SHAPE_TOKEN)
		return FIELDS_ENOUGH;
	val.escaped = near_either(v->p, end, '\\', '\\') < end;
	if (val.escaped || near_high(v->p, v->n))
		*v = json_val_text(f->b, &val);
	return FIELDS_ENOUGH;
}

const struct shape_parser json_shapes = {
	&field_shapes, { "\"", 1 }, { "\":", 2 }, walk_sample, value_of
};
