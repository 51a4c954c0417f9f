#include "slo/measure.h"

#include <stdlib.h>

#include "base/mem.h"
#include "slo/query.h"

/* What a server has calculated in floating point may be that much off, as a part of the total. */
static const struct exact TOLERANCE = { 1, 9 };

int slo_value_read(struct bytes text, struct slo_value *ret, struct err *e)
{
	if (bytes_is(text, "NaN")) {
		*ret = (struct slo_value){ .is = SLO_NAN };
		return 0;
	}
	if (bytes_is(text, "+Inf") || bytes_is(text, "-Inf"))
		return err_set(e, ERR_CORRUPT, "the value is %.*s", BYTES_ARG(text));
	if (!exact_read(text, &ret->v)) {
		double v;

		return num_double(text, &v)
			       ? err_set(e, ERR_LIMIT, "the value '%.*s' has more than %d digits",
					 BYTES_ARG(text), EXACT_DIGITS_MAX)
			       : err_set(e, ERR_CORRUPT, "expected a number, found '%.*s'",
					 BYTES_ARG(text));
	}
	ret->is = SLO_NUMBER;
	return 0;
}

static int ask_text(const struct slo_source *from, struct bytes text, const struct slo_times *at,
		    struct slo_value *ret, struct err *e)
{
	if (!from->one_by_one || at->n == 1)
		return from->values(from->data, text, at, ret, e);
	for (size_t i = 0; i < at->n; i++) {
		const struct slo_times one = { .from_ns = at->from_ns + (int64_t)i * at->step_ns,
					       .n = 1 };

		if (from->values(from->data, text, &one, &ret[i], e) < 0)
			return -1;
	}
	return 0;
}

/* Values of a query over a window; of a rate, as many events as there were in it. */
static int ask(const struct slo_source *from, struct bytes query, int64_t window_ns,
	       const struct slo_times *at, struct slo_value *ret, struct err *e)
{
	const struct exact seconds = { window_ns / NS_PER_S, 0 };
	bool is_rate = slo_query_is_rate(query);
	struct buf text = { 0 };
	int rc;

	slo_query_add(&text, query, window_ns);
	rc = ask_text(from, buf_bytes(&text), at, ret, e);
	buf_release(&text);
	for (size_t i = 0; rc == 0 && is_rate && i < at->n; i++)
		if (ret[i].is == SLO_NUMBER && !exact_product(ret[i].v, seconds, &ret[i].v))
			rc = err_set(e, ERR_LIMIT,
				     "a rate times its window has more than %d digits",
				     EXACT_DIGITS_MAX);
	return rc;
}

/* Rounding of a server may put a count a hair below 0 or above the total. */
static void round_off(struct slo_counts *c)
{
	struct exact over, most;

	if (!exact_sum(c->bad, exact_negative(c->total), &over) ||
	    !exact_product(c->total, TOLERANCE, &most))
		return;
	if (over.units > 0 && exact_cmp(over, most) <= 0)
		c->bad = c->total;
	if (c->bad.units < 0 && exact_cmp(exact_negative(c->bad), most) <= 0)
		c->bad = (struct exact){ 0 };
}

/* Which part of a total is known. */
enum part { PART_BAD, PART_GOOD };

/* of_total: how many of it are that part. Nothing is none; nothing by nothing, of nothing, too. */
static int make_counts(struct slo_value total, struct slo_value of_total, enum part which,
		       struct slo_counts *ret, struct err *e)
{
	struct exact part = of_total.is == SLO_NUMBER ? of_total.v : (struct exact){ 0 };
	struct buf b = { 0 };
	struct err why;

	*ret = (struct slo_counts){ 0 };
	if (total.is == SLO_NUMBER)
		ret->total = total.v;
	if (of_total.is == SLO_NAN && ret->total.units != 0) {
		exact_add(&b, ret->total);
		err_set(e, ERR_CORRUPT, "the %s query: the value is NaN, of a total of %s",
			which == PART_GOOD ? "good" : "error", buf_str(&b));
		buf_release(&b);
		return -1;
	}
	if (total.is == SLO_NO_SERIES && part.units > 0)
		return err_set(
			e, ERR_CORRUPT,
			"the total query gives no series, but the %s query does (is there such "
			"a metric, with these labels?)",
			which == PART_GOOD ? "good" : "error");
	ret->bad = part;
	if (which == PART_GOOD && !exact_sum(total.v, exact_negative(part), &ret->bad))
		return err_set(e, ERR_LIMIT, "the counts have more than %d digits",
			       EXACT_DIGITS_MAX);
	round_off(ret);
	if (slo_counts_check(ret, &why) < 0)
		return err_set(e, ERR_CORRUPT, "what the queries give cannot be: %s", why.msg);
	return 0;
}

static int count_events(const struct slo_source *from, const struct slo *o, int64_t window_ns,
			const struct slo_times *at, struct slo_value *v, struct slo_counts *ret,
			struct err *e)
{
	struct bytes part = o->good.n ? o->good : o->error;

	if (ask(from, o->total, window_ns, at, v, e) < 0)
		return err_wrap(e, "the total query");
	if (ask(from, part, window_ns, at, v + at->n, e) < 0)
		return err_wrap(e, "the %s query", o->good.n ? "good" : "error");
	for (size_t i = 0; i < at->n; i++)
		if (make_counts(v[i], v[at->n + i], o->good.n ? PART_GOOD : PART_BAD, &ret[i], e) <
		    0)
			return -1;
	return 0;
}

static int count_share(const struct slo_source *from, const struct slo *o, int64_t window_ns,
		       const struct slo_times *at, struct slo_value *v, struct slo_counts *ret,
		       struct err *e)
{
	const struct slo_value one = { SLO_NUMBER, { 1, 0 } }, none = { 0 };
	struct buf text = { 0 };
	int rc;

	slo_query_add(&text, o->share, window_ns);
	rc = ask_text(from, buf_bytes(&text), at, v, e);
	buf_release(&text);
	if (rc < 0)
		return err_wrap(e, "the ratio query");
	for (size_t i = 0; i < at->n; i++) {
		if (make_counts(v[i].is == SLO_NUMBER ? one : none, v[i],
				o->share_is_good ? PART_GOOD : PART_BAD, &ret[i], e) < 0)
			return -1;
		ret[i].is_share = true;
	}
	return 0;
}

/* Values of the total, or of the share, are left in v, which has room for two of each time. */
static int measure(const struct slo_source *from, const struct slo *o, int64_t window_ns,
		   const struct slo_times *at, struct slo_value *v, struct slo_counts *ret,
		   struct err *e)
{
	struct buf name = { 0 };
	int rc = o->share.n ? count_share(from, o, window_ns, at, v, ret, e)
			    : count_events(from, o, window_ns, at, v, ret, e);

	if (rc < 0) {
		slo_duration_add(&name, window_ns);
		err_wrap(e, "window %s", buf_str(&name));
		buf_release(&name);
	}
	return rc;
}

int slo_measure_counts(const struct slo_source *from, const struct slo *o, int64_t window_ns,
		       int64_t at_ns, struct slo_counts *ret, struct err *e)
{
	const struct slo_times at = { .from_ns = at_ns, .n = 1 };
	struct slo_value v[2];

	return measure(from, o, window_ns, &at, v, ret, e);
}

int slo_measure_series(const struct slo_source *from, const struct slo *o,
		       const struct slo_times *at, struct slo_series *ret, struct err *e)
{
	struct slo_value *v = mem_alloc(2 * at->n * sizeof(*v));
	struct slo_counts *counts = mem_alloc(at->n * sizeof(*counts));
	struct slo_series s = { 0 };
	int rc = measure(from, o, at->step_ns, at, v, counts, e);

	for (size_t i = 0; rc == 0 && i < at->n; i++) {
		int64_t end = at->from_ns + (int64_t)i * at->step_ns;

		slo_series_add(&s, end - at->step_ns, end, &counts[i]);
	}
	if (rc == 0)
		*ret = s;
	free(v);
	free(counts);
	return rc;
}

/* Whole seconds, and one at least. */
static int64_t elapsed_of(const struct slo_period *p, int64_t now_ns)
{
	int64_t ns = now_ns - slo_period_at(p, now_ns).from;

	return ns < NS_PER_S ? NS_PER_S : ns / NS_PER_S * NS_PER_S;
}

int slo_measure(const struct slo_source *from, const struct slo_alerts *a, struct slo_state *s,
		struct err *e)
{
	const struct slo_times now = { .from_ns = s->m.now_ns, .n = 1 };
	int64_t window[SLO_WINDOWS_MAX];
	size_t n = slo_state_windows(s, a, window);
	struct slo_value v[2];
	struct slo_counts c;

	if (measure(from, s->slo, elapsed_of(&s->slo->period, s->m.now_ns), &now, v, &s->m.counts,
		    e) < 0)
		return -1;
	if (v[0].is == SLO_NO_SERIES)
		s->data = SLO_DATA_NO_SERIES;
	for (size_t i = 0; i < n; i++) {
		if (measure(from, s->slo, window[i], &now, v, &c, e) < 0 ||
		    slo_state_add(s, window[i], &c, e) < 0)
			return -1;
		/* LogQL has no series of what is idle; a ratio has none where no error is yet. */
		if (v[0].is == SLO_NO_SERIES && !from->one_by_one && !s->slo->share.n)
			s->window[s->m.n_windows - 1].no_series = s->has_gap = true;
	}
	return 0;
}
