/* Of a day and of a month, of a second and of a minute: in columns, and in rows below each other.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "cost/claims_rows.h"

bool claims_times_of(enum quantity_per small, enum quantity_per large, num_wide *ret_least,
		     num_wide *ret_most)
{
	static const struct {
		enum quantity_per small, large;
		num_wide least, most;
	} known[] = {
		{ QUANTITY_SECOND, QUANTITY_MINUTE, 60, 60 },
		{ QUANTITY_SECOND, QUANTITY_HOUR, 3600, 3600 },
		{ QUANTITY_SECOND, QUANTITY_DAY, 86400, 86400 },
		{ QUANTITY_MINUTE, QUANTITY_HOUR, 60, 60 },
		{ QUANTITY_MINUTE, QUANTITY_DAY, 1440, 1440 },
		{ QUANTITY_HOUR, QUANTITY_DAY, 24, 24 },
		{ QUANTITY_HOUR, QUANTITY_MONTH, 672, 744 },
		{ QUANTITY_DAY, QUANTITY_MONTH, 28, 31 },
		{ QUANTITY_DAY, QUANTITY_YEAR, 365, 366 },
		{ QUANTITY_MONTH, QUANTITY_YEAR, 12, 12 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].small == small && known[i].large == large) {
			*ret_least = known[i].least;
			*ret_most = known[i].most;
			return true;
		}
	return false;
}

static bool is_peak(struct bytes heading)
{
	return quantity_has_word(heading, "peak") || quantity_has_word(heading, "max");
}

static bool is_money(struct bytes heading, const struct quantity *q)
{
	return q->kind == QUANTITY_MONEY || quantity_has_word(heading, "cost") ||
	       quantity_has_word(heading, "price");
}

/* The first word: "Lines/min" and "Lines/sec" are of the same. */
static struct bytes subject(struct bytes heading)
{
	size_t n = 0;

	while (n < heading.n && ((heading.p[n] | 32) >= 'a' && (heading.p[n] | 32) <= 'z'))
		n++;
	return bytes_sub(heading, 0, n);
}

/* Bytes are of the same wherever they stand, lines and others where they are called alike; money is
 * spent on many things, of which a heading names one. */
static bool is_of_the_same(struct bytes ha, struct bytes hb, const struct quantity *a,
			   const struct quantity *b)
{
	if (a->kind != b->kind || is_peak(ha) || is_peak(hb))
		return false;
	if (is_money(ha, a) || is_money(hb, b))
		return quantity_same_subject(ha, hb);
	return a->kind == QUANTITY_BYTES || bytes_eq(subject(ha), subject(hb));
}

static void tell_period(struct claims_sink *sink, uint32_t line, struct bytes a, struct bytes b,
			const struct quantity *qa, const struct quantity *qb, num_wide low,
			num_wide high)
{
	struct buf text = { 0 };

	claims_add_shown(&text, a);
	buf_addf(&text, " is %.*s, so that ", BYTES_ARG(qa->text));
	claims_add_shown(&text, b);
	buf_add_str(&text, " is ");
	claims_add_range(&text, qb, low, high);
	buf_addf(&text, ", and not %.*s", BYTES_ARG(qb->text));
	claims_tell(sink, line, "period", &text);
	buf_release(&text);
}

static void check_period(const struct claims_table *t, size_t row, size_t a, size_t b,
			 struct claims_sink *sink)
{
	struct bytes ha = claims_cell(t, 0, a), hb = claims_cell(t, 0, b);
	enum quantity_per pa = quantity_per_of_heading(ha), pb = quantity_per_of_heading(hb);
	struct quantity qa, qb;
	num_wide least, most;

	if (!claims_times_of(pa, pb, &least, &most) ||
	    !quantity_of_cell(claims_cell(t, row, a), &qa) ||
	    !quantity_of_cell(claims_cell(t, row, b), &qb) || !is_of_the_same(ha, hb, &qa, &qb))
		return;
	sink->n_checked++;
	if (!claims_about(&qb, qa.low * least, (qa.high + qa.step / 2) * most))
		tell_period(sink, t->line[row], ha, hb, &qa, &qb, qa.low * least, qa.high * most);
}

void claims_check_periods(const struct claims_table *t, size_t row, struct claims_sink *sink)
{
	for (size_t a = 0; a < t->n_columns; a++)
		for (size_t b = 0; b < t->n_columns; b++)
			if (a != b)
				check_period(t, row, a, b, sink);
}

/* ---- rows of two cells: "Monthly cost", "Annual cost" ---- */

struct row_of {
	size_t row, subject,
		n; /* where its subject stands in a text that holds all, and its length */
	enum quantity_per per;
	const struct buf *subjects;
};

static enum quantity_per per_of_label(struct bytes label)
{
	static const struct {
		const char *word;
		enum quantity_per per;
	} alone[] = { { "hour", QUANTITY_HOUR },
		      { "day", QUANTITY_DAY },
		      { "month", QUANTITY_MONTH },
		      { "year", QUANTITY_YEAR } };

	for (size_t i = 0; i < sizeof(alone) / sizeof(*alone); i++)
		if (label.n == strlen(alone[i].word) && quantity_has_word(label, alone[i].word))
			return alone[i].per;
	return quantity_per_of_heading(label);
}

static struct bytes subject_of(const struct row_of *r)
{
	return bytes_sub(buf_bytes(r->subjects), r->subject, r->n);
}

static int by_subject(const void *a, const void *b)
{
	const struct row_of *ra = a, *rb = b;
	int order = bytes_cmp(subject_of(ra), subject_of(rb));

	if (order == 0)
		order = (ra->per > rb->per) - (ra->per < rb->per);
	return order ? order : (ra->row > rb->row) - (ra->row < rb->row);
}

/* A year that is paid at once may cost less, and what is highest in it is no sum. */
static bool may_be_less(struct bytes label)
{
	static const char *const words[] = { "discount", "bill",  "commit",  "reserved",
					     "upfront",	 "prepa", "average", "subscription" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (quantity_has_word(label, words[i]))
			return true;
	return is_peak(label);
}

static void check_rows(const struct claims_table *t, const struct row_of *ra,
		       const struct row_of *rb, struct claims_sink *sink)
{
	struct bytes a = claims_cell(t, ra->row, 0), b = claims_cell(t, rb->row, 0);
	struct quantity qa, qb;
	num_wide least, most;

	if (!claims_times_of(ra->per, rb->per, &least, &most) || may_be_less(a) || may_be_less(b) ||
	    !quantity_of_cell(claims_cell(t, ra->row, 1), &qa) ||
	    !quantity_of_cell(claims_cell(t, rb->row, 1), &qb) || qa.kind != qb.kind ||
	    (ra->n == 0 && qa.kind == QUANTITY_NUMBER) || qa.unit || qb.unit || qa.per || qb.per)
		return;
	sink->n_checked++;
	if (!claims_about(&qb, qa.low * least, qa.high * most))
		tell_period(sink, t->line[rb->row], a, b, &qa, &qb, qa.low * least, qa.high * most);
}

/* Of rows of one subject, those whose time no other one has. */
static void check_subject(const struct claims_table *t, const struct row_of *v, size_t n,
			  struct claims_sink *sink)
{
	const struct row_of *of[QUANTITY_YEAR + 1] = { NULL };
	size_t count[QUANTITY_YEAR + 1] = { 0 };

	for (size_t i = 0; i < n; i++) {
		count[v[i].per]++;
		of[v[i].per] = &v[i];
	}
	for (int a = 0; a <= QUANTITY_YEAR; a++)
		for (int b = 0; b <= QUANTITY_YEAR; b++)
			if (count[a] == 1 && count[b] == 1)
				check_rows(t, of[a], of[b], sink);
}

void claims_check_period_rows(const struct claims_table *t, struct claims_sink *sink)
{
	struct buf subjects = { 0 };
	struct row_of *v = NULL;
	size_t n = 0, cap = 0, from = 0;

	for (size_t r = 1; r < t->n_rows && t->n_columns == 2; r++) {
		struct bytes label = claims_cell(t, r, 0);
		enum quantity_per per = per_of_label(label);
		size_t at = subjects.n;

		if (per == QUANTITY_AT_ALL)
			continue;
		if (quantity_per_of_heading(label) == per)
			quantity_add_subject(&subjects, label);
		mem_grow(&v, &cap, n + 1, sizeof(*v));
		v[n++] = (struct row_of){ r, at, subjects.n - at, per, &subjects };
	}
	if (n)
		qsort(v, n, sizeof(*v), by_subject);
	for (size_t i = 1; i <= n; i++)
		if (i == n || !bytes_eq(subject_of(&v[i]), subject_of(&v[from]))) {
			check_subject(t, v + from, i - from, sink);
			from = i;
		}
	free(v);
	buf_release(&subjects);
}
