#include "csv/csv.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

/* How the walk over one row stands. */
enum step { STEP_FIELD, STEP_ROW, STEP_MORE, STEP_ERROR };

void csv_row_release(struct csv_row *r)
{
	free(r->field);
	free(r->doubled);
	buf_release(&r->text);
	*r = (struct csv_row){ 0 };
}

static enum step fault(const struct csv_row *r, const char *what, struct err *e)
{
	err_set(e, ERR_CORRUPT, "line %" PRIu64 ": field %zu: %s", r->n_lines + 1, r->n + 1, what);
	return STEP_ERROR;
}

static int add_field(struct csv_row *r, struct bytes field, bool doubled, struct err *e)
{
	if (r->n == CSV_FIELDS_MAX)
		return err_set(e, ERR_LIMIT, "line %" PRIu64 ": more than %d fields", r->line,
			       CSV_FIELDS_MAX);
	if (r->n == r->cap) {
		size_t cap = r->cap;

		mem_grow(&r->field, &cap, r->n + 1, sizeof(*r->field));
		mem_grow(&r->doubled, &r->cap, r->n + 1, sizeof(*r->doubled));
	}
	r->field[r->n] = field;
	r->doubled[r->n++] = doubled;
	return 0;
}

static char separator_of(const struct csv_row *r)
{
	return r->separator ? r->separator : ',';
}

/* *p stands behind a field, which nothing but a separator or an end of line may follow: behind
 * that. */
static enum step end_field(const struct csv_row *r, const char **p, const char *end,
			   enum csv_more more)
{
	const char *q = *p;

	if (q < end && *q == separator_of(r)) {
		*p = q + 1;
		return STEP_FIELD;
	}
	if (q < end && *q == '\r')
		q++;
	if (q == end && more == CSV_MORE)
		return STEP_MORE;
	if (q < end && *q != '\n')
		return STEP_ERROR;
	*p = q < end ? q + 1 : q;
	return STEP_ROW;
}

static enum step take_quoted(const char **p, const char *end, enum csv_more more, struct csv_row *r,
			     struct err *e)
{
	const char *start = ++*p, *q = start;
	uint64_t n_lines = 0;
	bool doubled = false;
	enum step step;

	for (;; q += 2, doubled = true) {
		for (; q < end && *q != '"'; q++)
			n_lines += *q == '\n';
		if (q == end && more == CSV_ALL)
			return fault(r, "its quote is not closed", e);
		if (q == end || (q + 1 == end && more == CSV_MORE))
			return STEP_MORE;
		if (q + 1 == end || q[1] != '"')
			break;
	}
	*p = q + 1;
	step = end_field(r, p, end, more);
	if (step == STEP_ERROR)
		return fault(r, "text behind its closing quote", e);
	if (step != STEP_MORE && add_field(r, bytes_of(start, (size_t)(q - start)), doubled, e) < 0)
		return STEP_ERROR;
	r->n_lines += n_lines;
	return step;
}

static enum step take_plain(const char **p, const char *end, enum csv_more more, struct csv_row *r,
			    struct err *e)
{
	const char *start = *p, *q = start;
	const char separator = separator_of(r);
	enum step step;

	while (q < end && *q != separator && *q != '\n' && *q != '"')
		q++;
	if (q < end && *q == '"')
		return fault(r, "a quote inside it, and none at its start", e);
	if (q > start && q[-1] == '\r' && (q == end || *q == '\n'))
		q--;
	*p = q;
	step = end_field(r, p, end, more);
	if (step != STEP_MORE && add_field(r, bytes_of(start, (size_t)(q - start)), false, e) < 0)
		return STEP_ERROR;
	return step;
}

/* Fields with doubled quotes get a text of their own. */
static void undouble(struct csv_row *r)
{
	size_t room = 0;
	char *to;

	for (size_t i = 0; i < r->n; i++)
		room += r->doubled[i] ? r->field[i].n : 0;
	if (room == 0)
		return;
	buf_reset(&r->text);
	to = buf_reserve(&r->text, room);
	for (size_t i = 0; i < r->n; i++) {
		struct bytes f = r->field[i];
		char *start = to;

		if (!r->doubled[i])
			continue;
		for (size_t k = 0; k < f.n; k++) {
			*to++ = f.p[k];
			k += f.p[k] == '"';
		}
		r->field[i] = bytes_of(start, (size_t)(to - start));
	}
}

/* Steps over what may stand before a row. False: more is needed to tell. */
static bool skip_empty(const char **p, const char *end, enum csv_more more, struct csv_row *r)
{
	static const struct bytes mark = { "\xef\xbb\xbf", 3 };

	if (!r->begun) {
		struct bytes text = bytes_of(*p, (size_t)(end - *p));

		if (more == CSV_MORE && text.n < mark.n && bytes_starts(mark, text))
			return false;
		*p += bytes_starts(text, mark) ? mark.n : 0;
		r->begun = true;
	}
	for (;; r->n_lines++) {
		const char *q = *p + (*p < end && **p == '\r');

		if (q == end && more == CSV_ALL)
			*p = end;
		if (q == end || *q != '\n')
			return q < end;
		*p = q + 1;
	}
}

int csv_next(struct bytes *rest, enum csv_more more, struct csv_row *row, struct err *e)
{
	const char *p = rest->p, *end = rest->n ? p + rest->n : p;
	enum step step = STEP_FIELD;
	uint64_t n_lines;

	if (rest->n == 0 || !skip_empty(&p, end, more, row)) {
		*rest = bytes_of(p, (size_t)(end - p));
		return 0;
	}
	*rest = bytes_of(p, (size_t)(end - p));
	n_lines = row->n_lines;
	row->line = n_lines + 1;
	row->n = 0;
	while (step == STEP_FIELD)
		step = p < end && *p == '"' ? take_quoted(&p, end, more, row, e)
					    : take_plain(&p, end, more, row, e);
	if (step == STEP_MORE)
		row->n_lines = n_lines;
	if (step != STEP_ROW)
		return step == STEP_MORE ? 0 : -1;
	row->n_lines++;
	undouble(row);
	*rest = bytes_of(p, (size_t)(end - p));
	return 1;
}

void csv_add(struct buf *b, struct bytes field)
{
	bool quote = false;

	for (size_t i = 0; i < field.n && !quote; i++)
		quote = field.p[i] == '"' || field.p[i] == ',' || field.p[i] == '\n' ||
			field.p[i] == '\r';
	if (!quote) {
		buf_add_bytes(b, field);
		return;
	}
	buf_add_char(b, '"');
	for (size_t i = 0; i < field.n; i++) {
		if (field.p[i] == '"')
			buf_add_char(b, '"');
		buf_add_char(b, field.p[i]);
	}
	buf_add_char(b, '"');
}
