#include "slo/rows.h"

#include <stdlib.h>

#include "base/mem.h"
#include "json/json.h"
#include "slo/row.h"

static const char *const names[ROW_FIELDS] = {
	[ROW_NAME] = "name",	 [ROW_SERVICE] = "service", [ROW_TARGET] = "target",
	[ROW_WINDOW] = "window", [ROW_TIME] = "time",	    [ROW_TOTAL] = "total",
	[ROW_BAD] = "bad",	 [ROW_GOOD] = "good",
};

void slo_rows_release(struct slo_rows *r)
{
	free(r->v);
	arena_release(&r->mem);
	*r = (struct slo_rows){ 0 };
}

enum row_field row_field_of(struct bytes name)
{
	size_t i = 0;

	while (i < ROW_FIELDS && !bytes_is(name, names[i]))
		i++;
	return (enum row_field)i;
}

static int fail(const struct row_texts *t, enum row_field f, const struct err *why, struct err *e)
{
	return err_set(e, why->code == ERR_LIMIT ? ERR_LIMIT : ERR_CORRUPT,
		       "line %llu: field '%s': %s", (unsigned long long)t->line, names[f],
		       why->msg);
}

static int need_number(const struct row_texts *t, enum row_field f, struct exact *ret,
		       struct err *e)
{
	struct bytes text = t->text[f];
	struct err why;

	if (!text.p)
		return err_set(e, ERR_CORRUPT, "line %llu: field '%s': is missing",
			       (unsigned long long)t->line, names[f]);
	if (exact_read(text, ret) && ret->units >= 0)
		return 0;
	err_set(&why, ERR_CORRUPT,
		"expected a number of 0 and above, with %d digits at most, found '%.*s'",
		EXACT_DIGITS_MAX, BYTES_ARG(text));
	return fail(t, f, &why, e);
}

static int read_counts(const struct row_texts *t, struct slo_counts *c, struct err *e)
{
	enum row_field part = t->text[ROW_GOOD].p ? ROW_GOOD : ROW_BAD;
	struct exact v;
	struct err why;

	if (t->text[ROW_GOOD].p && t->text[ROW_BAD].p)
		return err_set(e, ERR_CORRUPT, "line %llu: fields 'bad' and 'good': one of them",
			       (unsigned long long)t->line);
	if (need_number(t, ROW_TOTAL, &c->total, e) < 0 || need_number(t, part, &v, e) < 0)
		return -1;
	c->bad = v;
	if (part == ROW_GOOD && exact_cmp(v, c->total) > 0) {
		err_set(&why, ERR_CORRUPT, "there cannot be more that is good than there is");
		return fail(t, ROW_GOOD, &why, e);
	}
	if (part == ROW_GOOD && !exact_sum(c->total, exact_negative(v), &c->bad)) {
		err_set(&why, ERR_LIMIT, "has too many digits, with 'total'");
		return fail(t, ROW_GOOD, &why, e);
	}
	if (slo_counts_check(c, &why) < 0)
		return fail(t, part, &why, e);
	return 0;
}

/* What is relative to now has no place in a file. Times are so far from what 64 bits can say that
 * sums of them and of windows stay inside. */
static int read_time(struct bytes text, int64_t *ret, struct err *e)
{
	static const int64_t year_2100_ns = INT64_C(4102444800) * NS_PER_S;

	if (text.n && ((text.p[0] >= '0' && text.p[0] <= '9')) &&
	    slo_time_read(text, 0, ret, e) == 0 && *ret >= 0 && *ret < year_2100_ns)
		return 0;
	return err_set(e, ERR_CORRUPT,
		       "expected a time from 1970 to 2100 as 2026-01-15T10:00:00Z, a day or Unix "
		       "seconds, found '%.*s'",
		       BYTES_ARG(text));
}

int row_add(struct slo_rows *r, const struct row_texts *t, struct err *e)
{
	struct slo_row row = { .line = t->line };
	const struct bytes *text = t->text;
	struct err why;

	row.has_target = text[ROW_TARGET].n > 0;
	row.has_window = text[ROW_WINDOW].n > 0;
	row.has_time = text[ROW_TIME].n > 0;
	if (row.has_target && slo_target_read(text[ROW_TARGET], &row.target, &why) < 0)
		return fail(t, ROW_TARGET, &why, e);
	if (row.has_window && slo_period_read(text[ROW_WINDOW], &row.window, &why) < 0)
		return fail(t, ROW_WINDOW, &why, e);
	if (row.has_time && read_time(text[ROW_TIME], &row.time_ns, &why) < 0)
		return fail(t, ROW_TIME, &why, e);
	if (row.has_window && row.has_time)
		return err_set(
			e, ERR_CORRUPT,
			"line %llu: fields 'window' and 'time': one of them: counts are of the "
			"last of a window, or of an interval that begins at a time",
			(unsigned long long)t->line);
	if (read_counts(t, &row.counts, e) < 0)
		return -1;
	row.name = arena_copy(&r->mem, text[ROW_NAME]);
	row.service = arena_copy(&r->mem, text[ROW_SERVICE]);
	mem_grow(&r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = row;
	return 0;
}

int slo_rows_read(struct bytes text, struct slo_rows *r, struct err *e)
{
	static const struct bytes mark = BYTES_LIT("\xef\xbb\xbf");
	struct json_at j =
		json_start(bytes_starts(text, mark) ? bytes_sub(text, mark.n, text.n) : text);
	size_t n = r->n;
	int rc = 0;

	json_skip_space(&j);
	if (j.p != j.end)
		rc = *j.p == '{' || *j.p == '[' ? rows_read_json(text, r, e)
						: rows_read_csv(text, r, e);
	return rc == 0 && r->n == n ? err_set(e, ERR_CORRUPT, "has no counts") : rc;
}
