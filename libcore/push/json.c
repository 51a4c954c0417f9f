/* Loki's push as JSON, read in place; what has escapes is written to the arena. */
#include "push/push.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"
#include "time/time.h"

struct decode {
	struct json_at j;
	const char *start; /* of the body */
	const struct push_sink *sink;
	struct arena *a;
	bool dirty;	      /* the arena holds something of this entry */
	size_t stream, value; /* where in the body: for messages */
	struct label *meta;   /* of the entry */
	size_t n_meta, cap_meta;
	struct err *e;
};

static int bad(const struct decode *d, const char *expected)
{
	struct bytes rest = bytes_of(d->j.p, (size_t)(d->j.end - d->j.p));

	if (rest.n == 0)
		return err_set(d->e, ERR_USAGE, "%s, found the body's end", expected);
	rest = bytes_sub(rest, 0, 20);
	return err_set(d->e, ERR_USAGE, "%s at byte %zu, found %.*s", expected,
		       (size_t)(d->j.p - d->start), BYTES_ARG(rest));
}

static int bad_value(const struct decode *d, const char *expected)
{
	bad(d, expected);
	return err_wrap(d->e, "streams[%zu].values[%zu]", d->stream, d->value);
}

static int bad_stream(const struct decode *d, const char *expected)
{
	bad(d, expected);
	return err_wrap(d->e, "streams[%zu]", d->stream);
}

/* The value of a string; false, and j where it was, when none stands there or its escapes are bad.
 */
static bool read_string(struct decode *d, struct bytes *ret)
{
	struct json_at j = d->j;
	struct bytes raw;
	bool escaped;
	char *to;

	if (!json_string(&j, &raw, &escaped))
		return false;
	*ret = raw;
	if (escaped) {
		d->dirty = true;
		to = arena_alloc(d->a, raw.n); /* which the body's size bounds */
		ret->p = to;
		if (!json_unescape_to(raw, to, &ret->n))
			return false;
	}
	d->j = j;
	return true;
}

/* A number, true, false or null. */
static bool read_word(struct decode *d, struct bytes *ret)
{
	struct json_at j = d->j;

	json_skip_space(&j);
	if (j.p == j.end || !*j.p || !strchr("-0123456789tfn", *j.p) || !json_value(&j, ret))
		return false;
	if (ret->p[0] >= 'f' && !bytes_is(*ret, "true") && !bytes_is(*ret, "false") &&
	    !bytes_is(*ret, "null"))
		return false;
	d->j = j;
	return true;
}

static bool read_null(struct decode *d)
{
	struct json_at j = d->j;
	struct bytes word;

	if (read_word(d, &word) && bytes_is(word, "null"))
		return true;
	d->j = j;
	return false;
}

/* --- entries --- */

static int read_metadata(struct decode *d)
{
	struct label *l;

	if (!json_take(&d->j, '{'))
		return bad_value(d, "expected structured metadata as an object of strings");
	if (json_take(&d->j, '}'))
		return 0;
	do {
		if (d->n_meta == PUSH_META_MAX)
			return err_set(d->e, ERR_LIMIT,
				       "streams[%zu].values[%zu]: more than %d pairs of structured "
				       "metadata",
				       d->stream, d->value, PUSH_META_MAX);
		mem_grow(&d->meta, &d->cap_meta, d->n_meta + 1, sizeof(*d->meta));
		l = &d->meta[d->n_meta++];
		if (!read_string(d, &l->name) || !json_take(&d->j, ':'))
			return bad_value(d, "expected \"name\": of structured metadata");
		if (!read_string(d, &l->value))
			return bad_value(d, "expected structured metadata's value as a string");
	} while (json_take(&d->j, ','));
	if (!json_take(&d->j, '}'))
		return bad_value(d, "expected , or } in structured metadata");
	return 0;
}

static int read_line(struct decode *d, struct bytes *ret)
{
	if (read_string(d, ret))
		return 0;
	if (read_null(d) || !read_word(d, ret))
		return bad_value(d, "expected the line as a string");
	return 0;
}

static void begin_entry(struct decode *d)
{
	if (d->dirty)
		arena_reset(d->a);
	d->dirty = false;
	d->n_meta = 0;
}

static int end_entry(struct decode *d, int64_t ts_ns, struct bytes line)
{
	return d->sink->entry(d->sink->data, ts_ns, line, d->meta, d->n_meta, d->e);
}

/* ["<ns>", "line", {"name": "value"}], and what may stand behind that. */
static int read_value(struct decode *d)
{
	struct bytes raw, line = { 0 };
	int64_t ts_ns = 0;
	bool escaped;

	begin_entry(d);
	if (!json_take(&d->j, '['))
		return bad_value(d, "expected [timestamp, line]");
	json_skip_space(&d->j);
	if (d->j.p == d->j.end || *d->j.p != '"')
		return bad_value(d, "expected the timestamp as a string of nanoseconds");
	if (!json_string(&d->j, &raw, &escaped) || !num_i64(raw, &ts_ns)) {
		d->j.p = raw.p ? raw.p : d->j.p;
		return bad_value(d, "expected nanoseconds as a whole number");
	}
	if (!json_take(&d->j, ','))
		return bad_value(d, "expected a line behind the timestamp");
	if (read_line(d, &line) < 0)
		return -1;
	if (json_take(&d->j, ',') && read_metadata(d) < 0)
		return -1;
	while (json_take(&d->j, ','))
		if (!json_value(&d->j, &raw))
			return bad_value(d, "expected a value");
	if (!json_take(&d->j, ']'))
		return bad_value(d, "expected , or ]");
	return end_entry(d, ts_ns, line);
}

/* {"ts": "<RFC 3339>", "line": "..."} */
static int read_old_entry(struct decode *d)
{
	struct bytes name, text, line = { 0 };
	bool has_ts = false;
	int64_t ts_ns = 0;

	begin_entry(d);
	if (!json_take(&d->j, '{'))
		return bad_value(d, "expected {\"ts\":, \"line\":}");
	do {
		if (!read_string(d, &name) || !json_take(&d->j, ':'))
			return bad_value(d, "expected \"name\":");
		if (bytes_is(name, "ts")) {
			if (!read_string(d, &text) || time_scan_rfc3339(text, &ts_ns) != text.n ||
			    text.n == 0)
				return bad_value(d, "expected a time as RFC 3339 has it");
			has_ts = true;
		} else if (bytes_is(name, "line")) {
			if (read_line(d, &line) < 0)
				return -1;
		} else if (!json_value(&d->j, &text)) {
			return bad_value(d, "expected a value");
		}
	} while (json_take(&d->j, ','));
	if (!json_take(&d->j, '}'))
		return bad_value(d, "expected , or }");
	if (!has_ts)
		return bad_value(d, "expected a ts in the entry");
	return end_entry(d, ts_ns, line);
}

/* --- streams --- */

enum form { VALUES, ENTRIES };

static int read_entries(struct decode *d, enum form form)
{
	d->value = 0;
	if (read_null(d))
		return 0;
	if (!json_take(&d->j, '['))
		return bad_stream(d, "expected an array of entries");
	if (json_take(&d->j, ']'))
		return 0;
	for (;; d->value++) {
		if (!read_null(d) && (form == VALUES ? read_value(d) : read_old_entry(d)) < 0)
			return -1;
		if (!json_take(&d->j, ','))
			break;
	}
	return json_take(&d->j, ']') ? 0 : bad_value(d, "expected , or ] behind it");
}

/* What is known of the stream that is being read. */
struct stream {
	struct push_labels labels;
	struct json_at entries; /* .p NULL: not met */
	enum form form;
	bool has_labels, given;
};

static int read_member(struct decode *d, struct stream *s)
{
	struct bytes name, raw;
	bool is_values, is_labels;

	if (!read_string(d, &name) || !json_take(&d->j, ':'))
		return bad_stream(d, "expected \"name\":");
	is_labels = bytes_is(name, "labels");
	is_values = bytes_is(name, "values");
	json_skip_space(&d->j);
	if (is_labels || bytes_is(name, "stream")) {
		if (s->given)
			return bad_stream(d, "expected no labels behind the entries");
		s->has_labels = true;
		s->labels.form = is_labels ? PUSH_LABELS_TEXT : PUSH_LABELS_JSON;
		if (is_labels ? read_string(d, &s->labels.spelling)
			      : d->j.p < d->j.end && *d->j.p == '{' &&
					json_value(&d->j, &s->labels.spelling))
			return 0;
		return bad_stream(d, is_labels ? "expected labels as a string"
					       : "expected labels as an object");
	}
	if (is_values || bytes_is(name, "entries")) {
		if (s->entries.p)
			return bad_stream(d, "expected entries once");
		s->entries = d->j;
		s->form = is_values ? VALUES : ENTRIES;
		if (s->has_labels) {
			s->given = true;
			return d->sink->stream(d->sink->data, &s->labels, d->e) < 0
				       ? -1
				       : read_entries(d, s->form);
		}
	}
	return json_value(&d->j, &raw) ? 0 : bad_stream(d, "expected a value");
}

static int read_stream(struct decode *d)
{
	struct stream s = { .labels = { PUSH_LABELS_JSON, BYTES_LIT("{}") } };

	begin_entry(d);
	if (!json_take(&d->j, '{'))
		return bad_stream(d, "expected {\"stream\":, \"values\":}");
	if (!json_take(&d->j, '}')) {
		do {
			if (read_member(d, &s) < 0)
				return -1;
		} while (json_take(&d->j, ','));
		if (!json_take(&d->j, '}'))
			return bad_stream(d, "expected , or }");
	}
	if (s.given)
		return 0;
	if (d->sink->stream(d->sink->data, &s.labels, d->e) < 0)
		return -1;
	if (s.entries.p) { /* they stood before the labels */
		struct json_at behind = d->j;

		d->j = s.entries;
		if (read_entries(d, s.form) < 0)
			return -1;
		d->j = behind;
	}
	return 0;
}

static int read_streams(struct decode *d)
{
	if (read_null(d))
		return 0;
	if (!json_take(&d->j, '['))
		return bad(d, "expected an array of streams");
	if (json_take(&d->j, ']'))
		return 0;
	do {
		if (!read_null(d) && read_stream(d) < 0)
			return -1;
		d->stream++;
	} while (json_take(&d->j, ','));
	return json_take(&d->j, ']') ? 0 : bad(d, "expected , or ] behind a stream");
}

static int read_body(struct decode *d)
{
	struct bytes name, raw;

	if (!json_take(&d->j, '{'))
		return bad(d, "expected {\"streams\":}");
	if (json_take(&d->j, '}'))
		return 0;
	do {
		if (!read_string(d, &name) || !json_take(&d->j, ':'))
			return bad(d, "expected \"name\":");
		if (bytes_is(name, "streams")) {
			if (read_streams(d) < 0)
				return -1;
		} else if (!json_value(&d->j, &raw)) {
			return bad(d, "expected a value");
		}
	} while (json_take(&d->j, ','));
	return json_take(&d->j, '}') ? 0 : bad(d, "expected , or }");
}

int push_json(struct bytes body, const struct push_sink *sink, struct arena *a, struct err *e)
{
	struct decode d = { .j = json_start(body), .start = body.p, .sink = sink, .a = a, .e = e };
	int rc;

	json_skip_space(&d.j);
	if (d.j.p == d.j.end)
		return err_set(e, ERR_USAGE, "EOF"); /* Loki's word for it */
	rc = read_null(&d) ? 0 : read_body(&d);
	json_skip_space(&d.j);
	if (rc == 0 && d.j.p != d.j.end)
		rc = bad(&d, "expected nothing behind the body");
	free(d.meta);
	return rc;
}
