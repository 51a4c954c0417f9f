/*
 * | logfmt of lines as they mostly are: pairs without faults, no name twice. Whatever is not plain
 * is left to stage_logfmt.c, which says what a fault is called.
 */
#include "query/stage_json.h"
#include "query/stage_logfmt.h"
#include "query/stage_shapes.h"

static void clean(const struct line_fields *f, bool want, struct bytes *value)
{
	if (want && near_high(value->p, value->n))
		*value = stage_clean_utf8(f->b, *value);
}

/* The value at *p, which is moved behind it, in UTF-8 when wanted. False: odd. */
static bool read_value(const struct line_fields *f, const char **p, const char *end, bool want,
		       struct bytes *ret)
{
	const char *start = *p, *q;
	bool escaped = false;

	if (start >= end || *start != '"') {
		q = near_blank_or(start, end, '=', '"');
		q = q < end ? q : end;
		*ret = bytes_of(start, (size_t)(q - start));
		*p = q;
		clean(f, want, ret);
		return q == end || (unsigned char)*q <= ' ';
	}
	/* Strings end as those of JSON do. */
	q = json_string_close(++start, end, &escaped);
	if (!q)
		return false;
	*ret = bytes_of(start, (size_t)(q - start));
	*p = q + 1;
	clean(f, want && !escaped, ret);
	if (!escaped || !want)
		return true;
	if (!logfmt_unescape(f->b, ret))
		return false;
	/* It is not in the line any more, where near_high() may read on behind it. */
	*ret = stage_clean_utf8(f->b, *ret);
	return true;
}

/* The key at *p, which is moved behind the '='. *ret is 0 when it is a word without one. False:
 * odd. */
static bool read_key(struct line_fields *f, uint32_t at, const char **p, const char *end,
		     uint32_t *ret)
{
	const char *q = near_blank_or(*p, end, '=', '"');
	struct bytes key;

	*ret = 0;
	q = q < end ? q : end;
	key = bytes_of(*p, (size_t)(q - *p));
	*p = q;
	if (near_high(key.p, key.n))
		return false;
	if (q == end || (unsigned char)*q <= ' ')
		return true;
	if (*q == '"' || key.n == 0)
		return false;
	++*p;
	*ret = fields_key(f, 0, at, key);
	return *ret != 0;
}

static enum fields_step walk(struct line_fields *f, struct bytes line, const struct logfmt_how *how)
{
	const char *p = line.p, *end = line.p + line.n;
	uint32_t at = fields_first_in(0);

	for (;;) {
		enum fields_step step;
		struct bytes value;
		uint32_t k;

		while (p < end && (unsigned char)*p <= ' ')
			p++;
		if (p >= end)
			return FIELDS_GO_ON;
		k = fields_guess(f, at, p, end);
		if (k)
			p += f->key[k].len;
		else if (!read_key(f, at, &p, end, &k))
			return FIELDS_ODD;
		if (k == 0 && how->keep_empty)
			return FIELDS_ODD;
		if (k == 0)
			continue;
		at = fields_behind(k);
		/* Of a bad escape only --strict tells. */
		if (!read_value(f, &p, end, f->key[k].want || how->strict, &value))
			return FIELDS_ODD;
		if (!f->key[k].want || (value.n == 0 && !how->keep_empty))
			continue;
		step = fields_take(f, k, value);
		if (step != FIELDS_GO_ON)
			return step;
	}
}

bool logfmt_extract_fast(const struct stage *s, struct block *b, uint32_t i,
			 const struct logfmt_how *how, bool *ret_stays)
{
	struct line_fields *f = fields_begin(s, b, i, logfmt_shapes.before, logfmt_shapes.behind);
	enum fields_step step;

	if (!f)
		return false;
	step = walk(f, fields_line(b, i), how);
	if (step == FIELDS_ODD)
		return false;
	*ret_stays = step != FIELDS_REFUSED;
	if (*ret_stays)
		fields_set_labels(f, i);
	return true;
}

static enum fields_step walk_sample(struct line_fields *f, const struct stage *s, struct bytes line)
{
	return walk(f, line, s->state);
}

static enum fields_step value_of(struct line_fields *f, const struct stage *s,
				 enum shape_class class, struct bytes *v)
{
	const struct logfmt_how *how = s->state;
	const char *end = v->p + v->n;

	if (class == SHAPE_QUOTED && near_either(v->p, end, '\\', '\\') < end) {
		if (!logfmt_unescape(f->b, v))
			return FIELDS_ODD;
		*v = stage_clean_utf8(f->b, *v);
	} else {
		clean(f, true, v);
	}
	return v->n == 0 && !how->keep_empty ? FIELDS_GO_ON : FIELDS_ENOUGH;
}

const struct shape_parser logfmt_shapes = {
	&field_shapes, { "", 0 }, { "=", 1 }, walk_sample, value_of
};
