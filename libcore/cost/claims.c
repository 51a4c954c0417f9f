#include "cost/claims.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cost/claims_rows.h"

enum { SHOWN_MAX = 60, PAIRS_MAX = 1 << 20 };

void claims_tell(struct claims_sink *s, uint32_t line, const char *rule, struct buf *text)
{
	s->n_found++;
	s->found(&(struct claims_finding){ line, rule, buf_str(text) }, s->data);
}

static void add_shown(struct buf *b, struct bytes text)
{
	buf_addf(b, "'%.*s'", BYTES_ARG(bytes_sub(text, 0, SHOWN_MAX)));
}

struct bytes claims_cell(const struct claims_table *t, size_t row, size_t column)
{
	return t->cell[row * t->n_columns + column];
}

/* ---- in which unit a quantity's number is said ---- */

bool claims_overlap(const struct quantity *a, num_wide low, num_wide high)
{
	return a->low < high && low < a->high;
}

/* What the number says when it was cut, not rounded: up to one more in its last digit. */
static bool is_about(const struct quantity *a, num_wide low, num_wide high)
{
	return a->low <= high && low <= a->high + a->step / 2;
}

/* "200", "4.5 to 4.7", in the unit that q was written in. */
void claims_add_range(struct buf *b, const struct quantity *like, num_wide low, num_wide high)
{
	static const num_wide ONE = 1000000000;
	num_wide unit = 1;

	if (like->kind == QUANTITY_BYTES) {
		while (unit * 1000 * ONE <= high && unit < INT64_C(1000000000000))
			unit *= 1000;
	}
	quantity_add(b, low / unit);
	if (high != low) {
		buf_add_str(b, " to ");
		quantity_add(b, high / unit);
	}
	if (like->kind == QUANTITY_BYTES)
		buf_add_str(b, unit == 1	    ? " B"
			       : unit == 1000	    ? " kB"
			       : unit == 1000000    ? " MB"
			       : unit == 1000000000 ? " GB"
						    : " TB");
}

/* ---- totals ---- */

enum claims_row claims_row_of(const struct claims_table *t, size_t row)
{
	for (size_t i = 0; i < t->n_columns && i < 2; i++) {
		struct bytes c = claims_cell(t, row, i);

		if (quantity_has_word(c, "total"))
			return CLAIMS_TOTAL;
		if (quantity_has_word(c, "compress") || quantity_has_word(c, "average"))
			return CLAIMS_OTHER;
	}
	return CLAIMS_PART;
}

/* A cell that has nothing to add. */
static bool is_blank(struct bytes c)
{
	return c.n == 0 || bytes_is(c, "-") || bytes_is(c, "\xe2\x80\x94") || bytes_is(c, "n/a");
}

/* With its sign. */
static struct quantity signed_of(struct quantity q)
{
	num_wide low = q.low;

	if (q.negative) {
		q.low = -q.high;
		q.high = -low;
	}
	return q;
}

size_t claims_parts(const struct claims_table *t, size_t column, size_t from, size_t to,
		    const struct quantity *total, num_wide *ret_low, num_wide *ret_high)
{
	size_t n = 0;

	*ret_low = *ret_high = 0;
	for (size_t r = from; r < to; r++) {
		struct quantity q;

		if (claims_row_of(t, r) != CLAIMS_PART || is_blank(claims_cell(t, r, column)))
			continue;
		if (!quantity_of_cell(claims_cell(t, r, column), &q) || q.kind != total->kind ||
		    q.unit)
			return 0;
		q = signed_of(q);
		*ret_low += q.low;
		*ret_high += q.high;
		n++;
	}
	return n;
}

static bool is_row_of(const struct claims_table *t, size_t row, const char *word)
{
	return quantity_has_word(claims_cell(t, row, 0), word) ||
	       (t->n_columns > 1 && quantity_has_word(claims_cell(t, row, 1), word));
}

/* Of rows [from, row), behind the total before; or where that was one of a part, of all from the
 * first: of what it says, when it fits one of them. False: there is nothing to add up. */
static bool add_rows_above(const struct claims_table *t, size_t column, size_t row, size_t from,
			   const struct quantity *total, num_wide *ret_low, num_wide *ret_high)
{
	const struct quantity is = signed_of(*total);
	num_wide low, high;
	bool some = claims_parts(t, column, from, row, total, ret_low, ret_high) > 1;

	if (from == 1 || is_row_of(t, row, "subtotal") ||
	    (some && claims_overlap(&is, *ret_low, *ret_high)) ||
	    claims_parts(t, column, 1, row, total, &low, &high) < 2)
		return some;
	if (!some || claims_overlap(&is, low, high) || is_row_of(t, from - 1, "subtotal")) {
		*ret_low = low;
		*ret_high = high;
	}
	return true;
}

static void check_total(const struct claims_table *t, size_t row, size_t from,
			struct claims_sink *sink)
{
	for (size_t c = 1; c < t->n_columns; c++) {
		struct quantity total;
		num_wide low, high;
		struct buf b = { 0 };

		if (!quantity_of_cell(claims_cell(t, row, c), &total) ||
		    !add_rows_above(t, c, row, from, &total, &low, &high))
			continue;
		sink->n_checked++;
		total = signed_of(total);
		if (claims_overlap(&total, low, high))
			continue;
		add_shown(&b, claims_cell(t, 0, c));
		buf_addf(&b, ": the total is %.*s, and its parts add up to ",
			 BYTES_ARG(claims_cell(t, row, c)));
		claims_add_range(&b, &total, low, high);
		claims_tell(sink, t->line[row], "total", &b);
		buf_release(&b);
	}
}

/* ---- periods: of a day and of a month, of a second and of a minute ---- */

/* How many of `small` there are in one `large`, at least and at most; false when that is not
 * known. */
static bool times_of(enum quantity_per small, enum quantity_per large, num_wide *ret_least,
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

static void check_period(const struct claims_table *t, size_t row, size_t a, size_t b,
			 struct claims_sink *sink)
{
	struct bytes ha = claims_cell(t, 0, a), hb = claims_cell(t, 0, b);
	enum quantity_per pa = quantity_per_of_heading(ha), pb = quantity_per_of_heading(hb);
	struct quantity qa, qb;
	num_wide least, most;
	struct buf text = { 0 };

	if (!times_of(pa, pb, &least, &most) || !quantity_of_cell(claims_cell(t, row, a), &qa) ||
	    !quantity_of_cell(claims_cell(t, row, b), &qb) || !is_of_the_same(ha, hb, &qa, &qb))
		return;
	sink->n_checked++;
	if (is_about(&qb, qa.low * least, (qa.high + qa.step / 2) * most))
		return;
	add_shown(&text, ha);
	buf_addf(&text, " is %.*s, so that ", BYTES_ARG(qa.text));
	add_shown(&text, hb);
	buf_add_str(&text, " is ");
	claims_add_range(&text, &qb, qa.low * least, qa.high * most);
	buf_addf(&text, ", and not %.*s", BYTES_ARG(qb.text));
	claims_tell(sink, t->line[row], "period", &text);
	buf_release(&text);
}

/* ---- products: "50 GB x $0.023/GB = $1.15", "100Gi x 3 = 300Gi" ---- */

static bool find_column(const struct claims_table *t, const char *const *words, size_t not_this,
			size_t *ret)
{
	for (; *words; words++)
		for (size_t c = 0; c < t->n_columns; c++)
			if (c != not_this && quantity_has_word(claims_cell(t, 0, c), *words)) {
				*ret = c;
				return true;
			}
	return false;
}

static void tell_product(struct claims_sink *sink, uint32_t line, struct bytes a, struct bytes b,
			 const struct quantity *is, num_wide low, num_wide high)
{
	struct buf text = { 0 };

	add_shown(&text, a);
	if (b.n) {
		buf_add_str(&text, " times ");
		add_shown(&text, b);
	}
	buf_add_str(&text, " is ");
	claims_add_range(&text, is, low, high);
	buf_addf(&text, ", and not %.*s", BYTES_ARG(is->text));
	claims_tell(sink, line, "product", &text);
	buf_release(&text);
}

/* n * price / unit, all in billionths; what is too much is no cost that is written. */
static num_wide multiply(num_wide n, num_wide price, num_wide unit)
{
	num_wide v;

	return __builtin_mul_overflow(n, price, &v) ? INT64_MAX : v / unit;
}

static const num_wide NUMBER_ONE = 1000000000;

/* Whether a price that names no unit is that of one of the things, in the period of the cost. */
static bool is_of_one(const struct claims_table *t, size_t price_column, size_t cost_column,
		      const struct quantity *price)
{
	return price->unit == 0 && price->per == QUANTITY_AT_ALL &&
	       quantity_per_of_heading(claims_cell(t, 0, price_column)) ==
		       quantity_per_of_heading(claims_cell(t, 0, cost_column));
}

/* " at ", " x ": behind a quantity, before its price. */
static bool skip_times(struct bytes *rest)
{
	static const char *const words[] = { " at ", " x ", " \xc3\x97 ", " * ", " @ " };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (bytes_starts(*rest, bytes_str(words[i]))) {
			*rest = bytes_sub(*rest, strlen(words[i]), rest->n);
			return true;
		}
	return false;
}

static void check_product(const struct quantity *count, const struct quantity *price,
			  const struct quantity *cost, uint32_t line, struct claims_sink *sink)
{
	num_wide low, high;

	if (price->kind != QUANTITY_MONEY || cost->kind != QUANTITY_MONEY || price->unit == 0 ||
	    price->unit_kind != count->kind)
		return;
	sink->n_checked++;
	/* A price is what it says; only the cost is rounded. */
	low = multiply(count->low + count->step / 2, price->low + price->step / 2, price->unit);
	high = multiply(count->high - count->step / 2, price->high - price->step / 2, price->unit);
	if (!is_about(cost, low, high))
		tell_product(sink, line, count->text, price->text, cost, low, high);
}

static void check_price(const struct claims_table *t, size_t row, struct claims_sink *sink)
{
	static const char *const prices[] = { "unit price", "unit", "price", "rate", NULL },
				 *const costs[] = { "cost", "amount", NULL },
				 *const counts[] = { "volume", "quantity", "count", "qty", NULL };
	size_t p, c, n;
	struct quantity price, cost, count;

	if (!find_column(t, prices, SIZE_MAX, &p) || !find_column(t, costs, p, &c) ||
	    !find_column(t, counts, p, &n) || n == c ||
	    !quantity_of_cell(claims_cell(t, row, p), &price) ||
	    !quantity_of_cell(claims_cell(t, row, c), &cost) ||
	    !quantity_of_cell(claims_cell(t, row, n), &count))
		return;
	if (is_of_one(t, p, c, &price) && count.kind == QUANTITY_NUMBER)
		price.unit = NUMBER_ONE;
	check_product(&count, &price, &cost, t->line[row], sink);
}

/* "50 GB at $0.023/GB" in one cell, and what it costs in the first amount behind. */
static void check_price_in_cell(const struct claims_table *t, size_t row, struct claims_sink *sink)
{
	for (size_t a = 0; a < t->n_columns; a++) {
		struct bytes rest = claims_cell(t, row, a);
		struct quantity count, price, cost;
		bool found;

		if (!quantity_next(&rest, &count) || count.kind == QUANTITY_MONEY ||
		    !skip_times(&rest) || !quantity_next(&rest, &price))
			continue;
		found = quantity_next(&rest, &cost);
		for (size_t b = a + 1; b < t->n_columns && !found; b++)
			found = quantity_of_cell(claims_cell(t, row, b), &cost) &&
				cost.kind == QUANTITY_MONEY && cost.unit == 0;
		if (found)
			check_product(&count, &price, &cost, t->line[row], sink);
	}
}

static void check_times(const struct claims_table *t, size_t row, struct claims_sink *sink)
{
	for (size_t a = 0; a < t->n_columns; a++) {
		struct quantity q, other;

		if (!quantity_of_cell(claims_cell(t, row, a), &q) || q.times == 0)
			continue;
		for (size_t b = a + 1; b < t->n_columns; b++) {
			num_wide n = (num_wide)q.times;

			if (!quantity_of_cell(claims_cell(t, row, b), &other) ||
			    other.kind != q.kind || other.per != q.per ||
			    (q.kind == QUANTITY_NUMBER))
				continue;
			sink->n_checked++;
			if (!claims_overlap(&other, q.low * n, q.high * n))
				tell_product(sink, t->line[row], q.text, (struct bytes){ 0 },
					     &other, q.low * n, q.high * n);
			break;
		}
	}
}

/* ---- the document ---- */

static void check_table(const struct claims_table *t, struct claims_sink *sink)
{
	size_t from = 1;

	for (size_t r = 1; r < t->n_rows; r++) {
		if (claims_row_of(t, r) == CLAIMS_TOTAL) {
			check_total(t, r, from, sink);
			from = r + 1;
		}
		for (size_t a = 0; a < t->n_columns; a++)
			for (size_t b = 0; b < t->n_columns; b++)
				if (a != b)
					check_period(t, r, a, b, sink);
		check_price(t, r, sink);
		check_price_in_cell(t, r, sink);
		check_times(t, r, sink);
	}
}

/* Rows whose first cell names a period, one of them after the other. */
struct rows_of {
	uint32_t *row;
	size_t n, cap;
};

/* A word of both, by its first four letters: "tiering" and "Tier". */
static bool share_word(struct bytes a, struct bytes b)
{
	static const char *const generic[] = { "cost", "mont",	"with", "tota",
					       "stor", "about", "esti", "pric" };
	struct bytes rest = a;

	while (rest.n) {
		struct bytes w = subject(rest);
		char stem[5] = "";
		bool skip = w.n < 4;

		for (size_t i = 0; i < 4 && i < w.n; i++)
			stem[i] = (char)(w.p[i] | 32);
		for (size_t i = 0; i < sizeof(generic) / sizeof(*generic); i++)
			skip |= strncmp(stem, generic[i], 4) == 0;
		if (!skip && quantity_has_word(b, stem))
			return true;
		rest = bytes_sub(rest, w.n ? w.n : 1, rest.n);
	}
	return false;
}

static void check_year(const struct claims_table *t, size_t i, size_t k, struct claims_sink *sink)
{
	struct bytes a = claims_cell(t, i, 0), b = claims_cell(t, k, 0);
	struct quantity qa, qb;
	num_wide least, most;

	if (!times_of(quantity_per_of_heading(a), quantity_per_of_heading(b), &least, &most) ||
	    !share_word(b, a) || !quantity_of_cell(claims_cell(t, i, 1), &qa) ||
	    !quantity_of_cell(claims_cell(t, k, 1), &qb) || qa.kind != qb.kind)
		return;
	sink->n_checked++;
	if (!is_about(&qb, qa.low * least, qa.high * most))
		tell_product(sink, t->line[k], a, b, &qb, qa.low * least, qa.high * most);
}

/* "Monthly savings" and "Annual savings" in rows of two cells. */
static int check_years(const struct claims_table *t, struct claims_sink *sink, struct err *e)
{
	struct rows_of of[QUANTITY_YEAR + 1] = { 0 };
	size_t n_pairs = 0;
	num_wide least, most;

	for (uint32_t r = 1; r < t->n_rows && t->n_columns == 2; r++) {
		struct rows_of *to = &of[quantity_per_of_heading(claims_cell(t, r, 0))];

		mem_grow(&to->row, &to->cap, to->n + 1, sizeof(*to->row));
		to->row[to->n++] = r;
	}
	for (int a = 0; a <= QUANTITY_YEAR; a++)
		for (int b = 0; b <= QUANTITY_YEAR && n_pairs <= PAIRS_MAX; b++) {
			if (!times_of((enum quantity_per)a, (enum quantity_per)b, &least, &most))
				continue;
			n_pairs += of[a].n * of[b].n;
			if (n_pairs > PAIRS_MAX)
				break;
			for (size_t i = 0; i < of[a].n; i++)
				for (size_t k = 0; k < of[b].n; k++)
					check_year(t, of[a].row[i], of[b].row[k], sink);
		}
	for (int a = 0; a <= QUANTITY_YEAR; a++)
		free(of[a].row);
	return n_pairs <= PAIRS_MAX
		       ? 0
		       : err_set(e, ERR_LIMIT,
				 "line %u: a table of more than %d pairs of periods that may be of "
				 "the same",
				 t->line[0], PAIRS_MAX);
}

int claims_check(const struct claims_doc *d, struct claims_sink *sink, struct err *e)
{
	for (size_t i = 0; i < d->n_tables; i++) {
		check_table(&d->table[i], sink);
		if (check_years(&d->table[i], sink, e) < 0)
			return -1;
	}
	return claims_check_statements(d, sink, e);
}
