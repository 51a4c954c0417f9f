#include "retention/retention.h"

#include "yaml/key.h"

static bool is_before(const struct limits_stream_rule *a, const struct limits_stream_rule *b)
{
	return a->priority != b->priority ? a->priority > b->priority : a->period_ns < b->period_ns;
}

struct retention retention_of(const struct limits *l, const struct labels *stream)
{
	const struct limits_stream_rule *best = NULL;

	for (size_t i = 0; i < l->retention_stream.n; i++) {
		const struct limits_stream_rule *r = &l->retention_stream.v[i];

		if ((!best || is_before(r, best)) &&
		    matcher_match_labels(r->match, r->n_match, stream))
			best = r;
	}
	return (struct retention){ best ? best->period_ns : l->retention_period_ns, best };
}

int64_t retention_cut(int64_t period_ns, int64_t now_ns)
{
	int64_t cut;

	if (period_ns <= 0 || __builtin_sub_overflow(now_ns, period_ns, &cut))
		return INT64_MIN;
	return cut;
}

void retention_bounds(const struct limits *l, int64_t now_ns, int64_t *ret_first, int64_t *ret_last)
{
	*ret_first = *ret_last = retention_cut(l->retention_period_ns, now_ns);
	for (size_t i = 0; i < l->retention_stream.n; i++) {
		int64_t cut = retention_cut(l->retention_stream.v[i].period_ns, now_ns);

		if (cut < *ret_first)
			*ret_first = cut;
		if (cut > *ret_last)
			*ret_last = cut;
	}
}

static void add_period(struct buf *b, int64_t period_ns)
{
	static const struct key period = { "period", KEY_DURATION, KEY_USED, 0, NULL, NULL };

	key_add_value(&period, &period_ns, KEY_YAML, b);
}

void retention_add_rule(struct buf *b, const struct retention *r)
{
	if (r->rule)
		buf_addf(b, "retention_stream %.*s priority %llu period ",
			 BYTES_ARG(r->rule->selector), (unsigned long long)r->rule->priority);
	else
		buf_add_str(b, "retention_period ");
	add_period(b, r->period_ns);
}
