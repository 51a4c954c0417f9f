/* A sink that writes down what it is given: "{labels}" and "ts|line|name=value;..." a line each. */
#ifndef TESTS_PUSH_SINK_H
#define TESTS_PUSH_SINK_H

#include "unit.h"

#include "base/num.h"
#include "push/push.h"

struct noted {
	struct buf text;
	size_t stop_after; /* this many entries, with an error; 0: never */
	size_t n_entries;
};

static inline int note_stream(void *data, const struct push_labels *l, struct err *e)
{
	struct noted *n = data;
	struct arena a = { 0 };
	struct labels labels;
	int rc = push_labels_parse(l, &a, &labels, e);

	if (rc == 0) {
		labels_add_text(&n->text, &labels);
		buf_add_char(&n->text, '\n');
	}
	arena_release(&a);
	return rc;
}

static inline int note_entry(void *data, int64_t ts_ns, struct bytes line, const struct label *meta,
			     size_t n_meta, struct err *e)
{
	struct noted *n = data;

	num_add_i64(&n->text, ts_ns);
	buf_add_char(&n->text, '|');
	buf_add_bytes(&n->text, line);
	buf_add_char(&n->text, '|');
	for (size_t i = 0; i < n_meta; i++) {
		buf_add_bytes(&n->text, meta[i].name);
		buf_add_char(&n->text, '=');
		buf_add_bytes(&n->text, meta[i].value);
		buf_add_char(&n->text, ';');
	}
	buf_add_char(&n->text, '\n');
	if (++n->n_entries == n->stop_after)
		return err_set(e, ERR_FULL, "the sink is full");
	return 0;
}

static inline struct push_sink noting(struct noted *n)
{
	return (struct push_sink){ note_stream, note_entry, n };
}

typedef int push_fn(struct bytes body, const struct push_sink *sink, struct arena *a,
		    struct err *e);

/* What the sink saw, or "error: ..."; the caller frees it. */
static inline char *pushed(push_fn *push, struct bytes body, enum err_code *ret_code)
{
	struct noted n = { 0 };
	struct push_sink sink = noting(&n);
	struct arena a = { 0 };
	struct err e = { 0 };
	/* of its own exact size, so that a sanitizer sees what reads beyond it */
	char *copy = malloc(body.n ? body.n : 1), *text;

	assert_non_null(copy);
	if (body.n)
		memcpy(copy, body.p, body.n);
	if (push(bytes_of(copy, body.n), &sink, &a, &e) < 0)
		buf_addf(&n.text, "error: %s", e.msg);
	*ret_code = e.code;
	text = strdup(buf_str(&n.text));
	buf_release(&n.text);
	arena_release(&a);
	free(copy);
	return text;
}

static inline void expect(push_fn *push, struct bytes body, enum err_code code, const char *text)
{
	enum err_code found;
	char *got = pushed(push, body, &found);

	assert_string_equal(got, text);
	assert_int_equal(found, code);
	free(got);
}

#endif
