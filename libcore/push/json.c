/* Loki's push as JSON, read in place; what has escapes is written to the arena. */
#include "push/push.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "push/json_in.h"
#include "time/time.h"

struct decode {
	struct json_in in;
	const struct push_sink *sink;
	struct arena *a;
	size_t stream, value; /* where in the body: for messages */
	bool keep_escapes;    /* in values of metadata */
	struct label *meta;   /* of the entry */
	size_t n_meta, cap_meta;
};

static int bad_value(const struct decode *d, const char *expected)
{
	json_in_bad(&d->in, expected);
	return err_wrap(d->in.e, "streams[%zu].values[%zu]", d->stream, d->value);
}

static int bad_stream(const struct decode *d, const char *expected)
{
	json_in_bad(&d->in, expected);
	return err_wrap(d->in.e, "streams[%zu]", d->stream);
}

static bool read_string(struct decode *d, struct bytes *ret)
{
	return json_in_string(&d->in, d->a, ret);
}

/* --- entries --- */

static bool read_metadata_value(struct decode *d, struct bytes *ret)
{
	bool escaped;

	if (!d->keep_escapes)
		return read_string(d, ret);
	json_skip_space(&d->in.j);
	return json_string(&d->in.j, ret, &escaped);
}

static int read_metadata(struct decode *d)
{
	struct label *l;

	if (!json_take(&d->in.j, '{'))
		return bad_value(d, "structured metadata as an object of strings");
	if (json_take(&d->in.j, '}'))
		return 0;
	do {
		if (d->n_meta == PUSH_META_MAX)
			return err_set(d->in.e, ERR_LIMIT,
				       "streams[%zu].values[%zu]: more than %d pairs of structured "
				       "metadata",
				       d->stream, d->value, PUSH_META_MAX);
		mem_grow(&d->meta, &d->cap_meta, d->n_meta + 1, sizeof(*d->meta));
		l = &d->meta[d->n_meta++];
		if (!read_string(d, &l->name) || !json_take(&d->in.j, ':'))
			return bad_value(d, "\"name\": of structured metadata");
		if (!read_metadata_value(d, &l->value))
			return bad_value(d, "structured metadata's value as a string");
	} while (json_take(&d->in.j, ','));
	if (!json_take(&d->in.j, '}'))
		return bad_value(d, ", or } in structured metadata");
	return 0;
}

static int read_line(struct decode *d, struct bytes *ret)
{
	if (read_string(d, ret))
		return 0;
	if (json_in_null(&d->in) || !json_in_word(&d->in, ret))
		return bad_value(d, "the line as a string");
	return 0;
}

static void begin_entry(struct decode *d)
{
	if (d->in.unescaped)
		arena_reset(d->a);
	d->in.unescaped = false;
	d->n_meta = 0;
}

static int end_entry(struct decode *d, int64_t ts_ns, struct bytes line)
{
	return d->sink->entry(d->sink->data, ts_ns, line, d->meta, d->n_meta, d->in.e);
}

/* ["<ns>", "line", {"name": "value"}], and what may stand behind that. */
static int read_value(struct decode *d)
{
	struct bytes raw = { 0 }, line = { 0 };
	int64_t ts_ns = 0;
	bool escaped;

	begin_entry(d);
	if (!json_take(&d->in.j, '['))
		return bad_value(d, "[timestamp, line]");
	json_skip_space(&d->in.j);
	if (d->in.j.p == d->in.j.end || *d->in.j.p != '"')
		return bad_value(d, "the timestamp as a string of nanoseconds");
	if (!json_string(&d->in.j, &raw, &escaped) || !num_i64(raw, &ts_ns)) {
		d->in.j.p = raw.p ? raw.p : d->in.j.p;
		return bad_value(d, "nanoseconds as a whole number");
	}
	if (!json_take(&d->in.j, ','))
		return bad_value(d, "a line behind the timestamp");
	if (read_line(d, &line) < 0)
		return -1;
	if (json_take(&d->in.j, ',') && read_metadata(d) < 0)
		return -1;
	while (json_take(&d->in.j, ','))
		if (!json_value(&d->in.j, &raw))
			return bad_value(d, "a value");
	if (!json_take(&d->in.j, ']'))
		return bad_value(d, ", or ]");
	return end_entry(d, ts_ns, line);
}

/* {"ts": "<RFC 3339>", "line": "..."} */
static int read_old_entry(struct decode *d)
{
	struct bytes name, text, line = { 0 };
	bool has_ts = false;
	int64_t ts_ns = 0;

	begin_entry(d);
	if (!json_take(&d->in.j, '{'))
		return bad_value(d, "{\"ts\":, \"line\":}");
	do {
		if (!read_string(d, &name) || !json_take(&d->in.j, ':'))
			return bad_value(d, "\"name\":");
		if (bytes_is(name, "ts")) {
			if (!read_string(d, &text) || time_scan_rfc3339(text, &ts_ns) != text.n ||
			    text.n == 0)
				return bad_value(d, "a time as RFC 3339 has it");
			has_ts = true;
		} else if (bytes_is(name, "line")) {
			if (read_line(d, &line) < 0)
				return -1;
		} else if (!json_value(&d->in.j, &text)) {
			return bad_value(d, "a value");
		}
	} while (json_take(&d->in.j, ','));
	if (!json_take(&d->in.j, '}'))
		return bad_value(d, ", or }");
	if (!has_ts)
		return bad_value(d, "a ts in the entry");
	return end_entry(d, ts_ns, line);
}

/* --- streams --- */

enum form { VALUES, ENTRIES };

static int read_entries(struct decode *d, enum form form)
{
	d->value = 0;
	if (json_in_null(&d->in))
		return 0;
	if (!json_take(&d->in.j, '['))
		return bad_stream(d, "an array of entries");
	if (json_take(&d->in.j, ']'))
		return 0;
	for (;; d->value++) {
		if (!json_in_null(&d->in) &&
		    (form == VALUES ? read_value(d) : read_old_entry(d)) < 0)
			return -1;
		if (!json_take(&d->in.j, ','))
			break;
	}
	return json_take(&d->in.j, ']') ? 0 : bad_value(d, ", or ] behind it");
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

	if (!read_string(d, &name) || !json_take(&d->in.j, ':'))
		return bad_stream(d, "\"name\":");
	is_labels = bytes_is(name, "labels");
	is_values = bytes_is(name, "values");
	json_skip_space(&d->in.j);
	if (is_labels || bytes_is(name, "stream")) {
		if (s->given)
			return bad_stream(d, "no labels behind the entries");
		s->has_labels = true;
		s->labels.form = is_labels ? PUSH_LABELS_TEXT : PUSH_LABELS_JSON;
		if (is_labels ? read_string(d, &s->labels.spelling)
			      : d->in.j.p < d->in.j.end && *d->in.j.p == '{' &&
					json_value(&d->in.j, &s->labels.spelling))
			return 0;
		return bad_stream(d, is_labels ? "labels as a string" : "labels as an object");
	}
	if (is_values || bytes_is(name, "entries")) {
		if (s->entries.p)
			return bad_stream(d, "entries once");
		s->entries = d->in.j;
		s->form = is_values ? VALUES : ENTRIES;
		if (s->has_labels) {
			s->given = true;
			return d->sink->stream(d->sink->data, &s->labels, d->in.e) < 0
				       ? -1
				       : read_entries(d, s->form);
		}
	}
	return json_value(&d->in.j, &raw) ? 0 : bad_stream(d, "a value");
}

static int read_stream(struct decode *d)
{
	struct stream s = { .labels = { PUSH_LABELS_JSON, BYTES_LIT("{}") } };

	begin_entry(d);
	if (!json_take(&d->in.j, '{'))
		return bad_stream(d, "{\"stream\":, \"values\":}");
	if (!json_take(&d->in.j, '}')) {
		do {
			if (read_member(d, &s) < 0)
				return -1;
		} while (json_take(&d->in.j, ','));
		if (!json_take(&d->in.j, '}'))
			return bad_stream(d, ", or }");
	}
	if (s.given)
		return 0;
	if (d->sink->stream(d->sink->data, &s.labels, d->in.e) < 0)
		return -1;
	if (s.entries.p) { /* they stood before the labels */
		struct json_at behind = d->in.j;

		d->in.j = s.entries;
		if (read_entries(d, s.form) < 0)
			return -1;
		d->in.j = behind;
	}
	return 0;
}

static int read_streams(struct decode *d)
{
	if (json_in_null(&d->in))
		return 0;
	if (!json_take(&d->in.j, '['))
		return json_in_bad(&d->in, "an array of streams");
	if (json_take(&d->in.j, ']'))
		return 0;
	do {
		if (!json_in_null(&d->in) && read_stream(d) < 0)
			return -1;
		d->stream++;
	} while (json_take(&d->in.j, ','));
	return json_take(&d->in.j, ']') ? 0 : json_in_bad(&d->in, ", or ] behind a stream");
}

static int read_body(struct decode *d)
{
	struct bytes name, raw;

	if (!json_take(&d->in.j, '{'))
		return json_in_bad(&d->in, "{\"streams\":}");
	if (json_take(&d->in.j, '}'))
		return 0;
	do {
		if (!read_string(d, &name) || !json_take(&d->in.j, ':'))
			return json_in_bad(&d->in, "\"name\":");
		if (bytes_is(name, "streams")) {
			if (read_streams(d) < 0)
				return -1;
		} else if (!json_value(&d->in.j, &raw)) {
			return json_in_bad(&d->in, "a value");
		}
	} while (json_take(&d->in.j, ','));
	return json_take(&d->in.j, '}') ? 0 : json_in_bad(&d->in, ", or }");
}

static int decode(struct decode *d, struct err *e)
{
	int rc;

	json_skip_space(&d->in.j);
	if (d->in.j.p == d->in.j.end)
		return err_set(e, ERR_USAGE, "EOF"); /* Loki's word for it */
	rc = json_in_null(&d->in) ? 0 : read_body(d);
	if (rc == 0)
		rc = json_in_end(&d->in);
	free(d->meta);
	return rc;
}

int push_json(struct bytes body, const struct push_sink *sink, struct arena *a, struct err *e)
{
	struct decode d = { .in = json_in_init(body, e), .sink = sink, .a = a };

	return decode(&d, e);
}

int push_json_as_loki(struct bytes body, const struct push_sink *sink, struct arena *a,
		      struct err *e)
{
	struct decode d = {
		.in = json_in_init(body, e), .sink = sink, .a = a, .keep_escapes = true
	};

	return decode(&d, e);
}
