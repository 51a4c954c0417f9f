#include "cost/claims.h"

#include "cost/claims_rows.h"
#include "cost/claims_words.h"

enum { SHOWN_MAX = 60 };

void claims_tell(struct claims_sink *s, uint32_t line, const char *rule, struct buf *text)
{
	s->n_found++;
	s->found(&(struct claims_finding){ line, rule, buf_str(text) }, s->data);
}

void claims_add_shown(struct buf *b, struct bytes text)
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

bool claims_about(const struct quantity *a, num_wide low, num_wide high)
{
	return a->low <= high && low <= a->high + a->step / 2;
}

/* "Gi", "2.5 GiB": as of powers of 1024. */
static bool is_binary(struct bytes text)
{
	return quantity_has_word(text, "ki") || quantity_has_word(text, "mi") ||
	       quantity_has_word(text, "gi") || quantity_has_word(text, "ti");
}

void claims_add_range(struct buf *b, const struct quantity *like, num_wide low, num_wide high)
{
	static const num_wide ONE = 1000000000;
	static const char *const decimal[] = { " B", " kB", " MB", " GB", " TB" },
				 *const binary[] = { " B", " Ki", " Mi", " Gi", " Ti" };
	const bool bytes = like->kind == QUANTITY_BYTES, by_1024 = bytes && is_binary(like->text);
	num_wide unit = 1;
	size_t n = 0;

	for (; bytes && n < 4 && unit * 1000 * ONE <= high; n++)
		unit *= by_1024 ? 1024 : 1000;
	quantity_add(b, low / unit);
	if (high != low) {
		buf_add_str(b, " to ");
		quantity_add(b, high / unit);
	}
	if (bytes)
		buf_add_str(b, by_1024 ? binary[n] : decimal[n]);
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

/* In one column "1.00" is money beside "$4.00". */
static bool is_alike(const struct quantity *part, const struct quantity *total)
{
	const num_wide cent = 10000000;

	if (part->unit || part->kind == total->kind)
		return part->unit == 0;
	return total->text.n && ((part->kind == QUANTITY_NUMBER && part->step == cent &&
				  total->kind == QUANTITY_MONEY) ||
				 (part->kind == QUANTITY_MONEY && total->step == cent &&
				  total->kind == QUANTITY_NUMBER));
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
		if (!quantity_of_cell(claims_cell(t, r, column), &q) || !is_alike(&q, total))
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
	bool some = claims_parts(t, column, from, row, total, ret_low, ret_high) > 0;

	if (from == 1 || is_row_of(t, row, "subtotal") ||
	    (some && claims_overlap(&is, *ret_low, *ret_high)) ||
	    claims_parts(t, column, 1, row, total, &low, &high) == 0)
		return some;
	if (!some || claims_overlap(&is, low, high) || is_row_of(t, from - 1, "subtotal")) {
		*ret_low = low;
		*ret_high = high;
	}
	return true;
}

/* Which cell of a row has the word. */
static struct bytes label_of(const struct claims_table *t, size_t row)
{
	struct bytes first = claims_cell(t, row, 0);

	return quantity_has_word(first, "total") || t->n_columns < 2 ? first
								     : claims_cell(t, row, 1);
}

/* "Total hosts" in a table of many things is no sum of the rows above. */
static bool is_of_all(const struct claims_table *t, size_t row)
{
	static const char *const all[] = { "subtotal", "sub",	   "sum", "all",
					   "overall",  "combined", "and", "net" };
	struct claims_words label = { 0 }, known = { 0 };

	claims_words_add(&label, label_of(t, row));
	claims_words_add(&known, t->title);
	for (size_t c = 0; c < t->n_columns; c++)
		claims_words_add(&known, claims_cell(t, 0, c));
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		claims_words_add(&known, bytes_str(all[i]));
	for (size_t i = 0; i < label.n; i++)
		if (!claims_words_has(&known, label.word[i]))
			return false;
	return true;
}

/* The time that the parts are of: 0, they do not say. */
static enum quantity_per per_of_parts(const struct claims_table *t, size_t column, size_t row)
{
	enum quantity_per per = quantity_per_of_heading(claims_cell(t, 0, column));
	struct quantity q;

	for (size_t r = 1; r < row && per == QUANTITY_AT_ALL; r++)
		if (claims_row_of(t, r) == CLAIMS_PART &&
		    quantity_of_cell(claims_cell(t, r, column), &q))
			per = q.per;
	return per;
}

/* Whether it is what parts of [low, high) that are of `of` come to in the time of the total. */
static bool is_in_time(const struct quantity *total, enum quantity_per of, enum quantity_per per,
		       num_wide low, num_wide high)
{
	const num_wide large = (num_wide)1 << 108; /* times 86400 still fits */
	num_wide least, most;

	if (low < -large || high > large)
		return true;
	if (claims_times_of(of, per, &least, &most))
		return claims_about(total, low < 0 ? low * most : low * least,
				    high < 0 ? high * least : high * most);
	return claims_times_of(per, of, &least, &most) && low <= total->high * most &&
	       total->low * least <= high;
}

/* Below the sum of a month there may be that of a year, and parts that do not say which they are
 * may be of any time of which there are so many in the total's. */
static bool does_follow(const struct claims_table *t, size_t column, size_t row,
			const struct quantity *total, num_wide low, num_wide high)
{
	enum quantity_per per = total->per ? total->per : quantity_per_of_heading(label_of(t, row)),
			  of = per_of_parts(t, column, row);

	if (per == QUANTITY_AT_ALL || per == of)
		return claims_overlap(total, low, high);
	if (of != QUANTITY_AT_ALL)
		return is_in_time(total, of, per, low, high);
	if (claims_overlap(total, low, high))
		return true;
	for (int p = QUANTITY_SECOND; p <= QUANTITY_YEAR; p++)
		if (is_in_time(total, (enum quantity_per)p, per, low, high))
			return true;
	return false;
}

static void check_total(const struct claims_table *t, size_t row, size_t from,
			struct claims_sink *sink)
{
	for (size_t c = 1; is_of_all(t, row) && c < t->n_columns; c++) {
		struct quantity total;
		num_wide low, high;
		struct buf b = { 0 };

		if (!quantity_of_cell(claims_cell(t, row, c), &total) ||
		    !add_rows_above(t, c, row, from, &total, &low, &high))
			continue;
		sink->n_checked++;
		total = signed_of(total);
		if (does_follow(t, c, row, &total, low, high))
			continue;
		claims_add_shown(&b, claims_cell(t, 0, c));
		buf_addf(&b, ": the total is %.*s, and its parts add up to ",
			 BYTES_ARG(claims_cell(t, row, c)));
		claims_add_range(&b, &total, low, high);
		claims_tell(sink, t->line[row], "total", &b);
		buf_release(&b);
	}
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

	claims_add_shown(&text, a);
	if (b.n) {
		buf_add_str(&text, " times ");
		claims_add_shown(&text, b);
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
	if (!claims_about(cost, low, high))
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
		claims_check_periods(t, r, sink);
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

int claims_check(const struct claims_doc *d, struct claims_sink *sink, struct err *e)
{
	for (size_t i = 0; i < d->n_tables; i++) {
		check_table(&d->table[i], sink);
		claims_check_period_rows(&d->table[i], sink);
	}
	return claims_check_statements(d, sink, e);
}
