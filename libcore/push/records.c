#include "push/records.h"

#include <stdlib.h>

#include "base/mem.h"
#include "push/json_in.h"
#include "push/normal.h"
#include "push/records_in.h"

const struct push_fields push_bulk_fields = {
	.message = { "message", 7 },
	.time = { "@timestamp", 10 },
};

const struct push_fields push_jsonl_fields = {
	.message = { "_msg,message,msg,log,line", 25 },
	.time = { "_time,@timestamp,timestamp,time,ts", 34 },
};

enum { DEPTH_MAX = 64 };

bool records_line(struct records *r, struct bytes *ret)
{
	while (bytes_split(&r->rest, '\n', ret)) {
		*ret = bytes_trim(*ret);
		r->n_lines++;
		if (ret->n > 0)
			return true;
	}
	return false;
}

/* --- names --- */

static int too_many(const char *what, struct err *e)
{
	return err_set(e, ERR_LIMIT, "%s fields: more than %d", what, PUSH_FIELDS_MAX);
}

static int split_names(const char *what, struct bytes list, struct record_names *ret, struct err *e)
{
	struct bytes name;
	size_t cap = 0;

	while (list.n > 0 && bytes_split(&list, ',', &name)) {
		if (ret->n == PUSH_FIELDS_MAX)
			return too_many(what, e);
		mem_grow(&ret->v, &cap, ret->n + 1, sizeof(*ret->v));
		ret->v[ret->n++] = bytes_trim(name);
	}
	return 0;
}

static int split_extra(struct records *r, struct err *e)
{
	struct bytes rest = r->fields->extra, piece;

	while (rest.n > 0 && bytes_split(&rest, ',', &piece)) {
		const char *equals = piece.n ? memchr(piece.p, '=', piece.n) : NULL;
		size_t n = equals ? (size_t)(equals - piece.p) : 0;

		if (n == 0)
			return err_set(e, ERR_USAGE,
				       "extra fields: expected name=value, found '%.*s'",
				       BYTES_ARG(piece));
		if (push_pairs_set(&r->extra, push_normal_name(bytes_of(piece.p, n), &r->names),
				   bytes_sub(piece, n + 1, piece.n), e) < 0)
			return -1;
		if (r->extra.n > PUSH_FIELDS_MAX)
			return too_many("extra", e);
	}
	return 0;
}

static int split_fields(struct records *r, struct err *e)
{
	const struct push_fields *f = r->fields;

	if (split_names("message", f->message, &r->message, e) < 0 ||
	    split_names("time", f->time, &r->time, e) < 0 ||
	    split_names("stream", f->stream, &r->stream, e) < 0 ||
	    split_names("ignored", f->ignore, &r->ignore, e) < 0)
		return -1;
	return split_extra(r, e);
}

static bool is_among(const struct record_names *names, struct bytes name)
{
	for (size_t i = 0; i < names->n; i++)
		if (bytes_eq(names->v[i], name))
			return true;
	return false;
}

/* --- one object, to r->found: the fields by their whole names, and their values as text --- */

static int read_object(struct records *r, struct json_in *in, unsigned depth);

static int read_field(struct records *r, struct json_in *in, unsigned depth)
{
	struct bytes path = buf_bytes(&r->path), value;
	bool is_object;

	json_skip_space(&in->j);
	is_object = in->j.p < in->j.end && *in->j.p == '{';
	if (is_object && !is_among(&r->message, path))
		return read_object(r, in, depth + 1);
	if (json_in_null(in))
		return 0;
	if (!json_in_string(in, r->a, &value) && !json_in_word(in, &value)) {
		if (in->j.p == in->j.end || !strchr("[{", *in->j.p) || !json_in_any(in, &value))
			return json_in_bad(in, "a value");
	}
	if (value.n == 0)
		return 0;
	return push_pairs_add(&r->found, arena_copy(r->a, path), value, in->e);
}

static int read_object(struct records *r, struct json_in *in, unsigned depth)
{
	size_t was = r->path.n;
	struct bytes name;

	if (depth == DEPTH_MAX)
		return err_set(in->e, ERR_LIMIT, "objects are nested more than %d deep", DEPTH_MAX);
	if (!json_take(&in->j, '{'))
		return json_in_bad(in, "an object");
	if (json_take(&in->j, '}'))
		return 0;
	do {
		if (!json_in_string(in, r->a, &name) || !json_take(&in->j, ':'))
			return json_in_bad(in, "\"name\":");
		if (r->path.n + name.n >= LABEL_NAME_MAX) /* before it is copied, again and again */
			return err_set(in->e, ERR_LIMIT, "a field's name is longer than %d bytes",
				       LABEL_NAME_MAX);
		if (depth > 0)
			buf_add_char(&r->path, '.');
		buf_add_bytes(&r->path, name);
		if (read_field(r, in, depth) < 0)
			return -1;
		r->path.n = was;
	} while (json_take(&in->j, ','));
	return json_take(&in->j, '}') ? 0 : json_in_bad(in, ", or }");
}

/* --- and what its fields mean --- */

/* The field of the first of these names that there is; NULL: none. */
static const struct label *choose(const struct records *r, const struct record_names *names)
{
	for (size_t k = 0; k < names->n; k++)
		for (size_t i = r->found.n; i-- > 0;) /* the last of a name counts */
			if (bytes_eq(r->found.v[i].name, names->v[k]))
				return &r->found.v[i];
	return NULL;
}

/* They are in force already when the record before had no labels of its own either. */
static int add_extra(struct records *r, struct err *e)
{
	r->n_own = r->labels.n;
	if (r->n_own == 0 && r->plain)
		return 0;
	for (size_t i = 0; i < r->extra.n; i++)
		if (push_pairs_set(&r->labels, r->extra.v[i].name, r->extra.v[i].value, e) < 0)
			return -1;
	return 0;
}

static int sort_fields(struct records *r, const struct label *message, const struct label *time,
		       struct err *e)
{
	r->labels.n = r->meta.n = 0;
	for (size_t i = 0; i < r->found.n; i++) {
		const struct label *l = &r->found.v[i];
		bool is_label = is_among(&r->stream, l->name);
		struct bytes name;

		if (l == message || l == time || is_among(&r->ignore, l->name) ||
		    (!message && !is_label))
			continue;
		name = push_normal_name(l->name, r->a);
		if ((is_label ? push_pairs_set(&r->labels, name, l->value, e)
			      : push_pairs_add(&r->meta, name, l->value, e)) < 0)
			return -1;
	}
	return add_extra(r, e);
}

static int read_record(struct records *r, struct bytes text, struct bytes index, int64_t *ret_ts_ns,
		       struct bytes *ret_line, struct err *e)
{
	struct json_in in = json_in_init(text, e);
	const struct label *message, *time;

	arena_reset(r->a);
	buf_reset(&r->path);
	buf_reserve(&r->path, 0);
	r->found.n = 0;
	if (read_object(r, &in, 0) < 0 || json_in_end(&in) < 0)
		return -1;
	if (index.n && is_among(&r->stream, BYTES_LIT("_index")) &&
	    push_pairs_add(&r->found, BYTES_LIT("_index"), index, e) < 0)
		return -1;
	message = choose(r, &r->message);
	time = choose(r, &r->time);
	*ret_ts_ns = r->now_ns;
	if (time && !bytes_is(time->value, "0") && !push_time(time->value, ret_ts_ns))
		return err_set(e, ERR_USAGE, "field '%.*s': expected a time, found '%.*s'",
			       BYTES_ARG(time->name), BYTES_ARG(bytes_sub(time->value, 0, 100)));
	*ret_line = message ? message->value : text;
	return sort_fields(r, message, time, e);
}

int records_bad(struct records *r, struct err *why, struct err *e)
{
	err_wrap(why, "line %zu", r->n_lines);
	if (r->watch) {
		r->watch->bad(r->watch->data, why);
		return 0;
	}
	*e = *why;
	return -1;
}

int records_give(struct records *r, struct bytes text, struct bytes index, struct err *e)
{
	struct bytes line;
	struct err why;
	int64_t ts_ns;

	if (read_record(r, text, index, &ts_ns, &line, &why) < 0)
		return records_bad(r, &why, e);
	if ((r->n_own > 0 || !r->plain) &&
	    push_current_set(&r->current, &r->labels, r->sink, e) < 0)
		return -1;
	r->plain = r->n_own == 0;
	return r->sink->entry(r->sink->data, ts_ns, line, r->meta.v, r->meta.n, e);
}

int records_each(const struct records *with, records_step *step, struct err *e)
{
	struct records r = *with;
	bool more = true;
	int rc = split_fields(&r, e);

	while (rc == 0 && more)
		rc = step(&r, &more, e);
	push_current_release(&r.current);
	free(r.message.v);
	free(r.time.v);
	free(r.stream.v);
	free(r.ignore.v);
	free(r.extra.v);
	free(r.found.v);
	free(r.labels.v);
	free(r.meta.v);
	buf_release(&r.path);
	arena_release(&r.names);
	arena_release(&r.target);
	return rc;
}
