#include "cost/threshold.h"

#include <fnmatch.h>

#include "cost/money.h"

void cost_threshold_release(struct cost_threshold *t)
{
	buf_release(&t->pattern);
}

bool cost_threshold_takes(const struct cost_threshold *t, struct bytes value)
{
	struct bytes name = value.n ? value : BYTES_LIT(COST_UNATTRIBUTED);
	char text[COST_NAME_MAX + 1];

	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return t->dim == COST_DIMS_MAX || fnmatch(t->pattern.p, text, 0) == 0;
}

static int wrong(enum cost_limit limit, const char *text, struct err *e)
{
	return err_set(e, ERR_USAGE, "expected %s, found '%s'",
		       limit == COST_AMOUNT
			       ? "AMOUNT, NAME=VALUE:AMOUNT or either with /day, /week or /month"
			       : "RATE%, NAME=VALUE:RATE% or either with /day, /week or /month",
		       text);
}

static bool period_of(struct bytes word, enum period *ret)
{
	for (int p = PERIOD_DAY; p <= PERIOD_ALL; p++) {
		if (bytes_is(word, period_name((enum period)p))) {
			*ret = (enum period)p;
			return true;
		}
	}
	return false;
}

/* Cuts what stands before the last colon off *rest. */
static bool take_group(struct bytes *rest, struct bytes *ret_name, struct buf *pattern)
{
	const char *colon = rest->n ? memrchr(rest->p, ':', rest->n) : NULL, *equals;
	size_t n = colon ? (size_t)(colon - rest->p) : 0;

	*ret_name = (struct bytes){ 0 };
	if (!colon)
		return true;
	equals = memchr(rest->p, '=', n);
	if (!equals || equals == rest->p || equals + 1 == colon)
		return false;
	*ret_name = bytes_of(rest->p, (size_t)(equals - rest->p));
	buf_add(pattern, equals + 1, (size_t)(colon - equals - 1));
	*rest = bytes_sub(*rest, n + 1, rest->n);
	return true;
}

static enum money_read read_limit(enum cost_limit limit, struct bytes text, int64_t *ret)
{
	enum money_read read;

	if (limit == COST_GROWTH) {
		if (text.n == 0 || text.p[text.n - 1] != '%')
			return MONEY_NO_NUMBER;
		text.n--;
	}
	read = money_read(text, ret);
	return read == MONEY_READ && *ret < 0 ? MONEY_NO_NUMBER : read;
}

int cost_threshold_parse(enum cost_limit limit, const char *text, struct bytes *ret_name,
			 struct cost_threshold *ret, struct err *e)
{
	struct cost_threshold t = {
		.limit = limit,
		.dim = COST_DIMS_MAX,
		.period = limit == COST_AMOUNT ? PERIOD_ALL : PERIOD_MONTH,
		.text = text,
	};
	struct bytes rest = bytes_str(text), name, amount;
	enum money_read read = MONEY_NO_NUMBER;

	if (take_group(&rest, &name, &t.pattern) && bytes_split(&rest, '/', &amount) &&
	    (!rest.p || period_of(rest, &t.period)) &&
	    !(limit == COST_GROWTH && t.period == PERIOD_ALL))
		read = read_limit(limit, amount, &t.nano);
	if (read != MONEY_READ) {
		cost_threshold_release(&t);
		return read == MONEY_NO_NUMBER
			       ? wrong(limit, text, e)
			       : err_set(e, ERR_USAGE, "more than can be counted (up to %s): '%s'",
					 MONEY_MOST, text);
	}
	if (name.n) /* else nothing is asked of groups */
		buf_str(&t.pattern);
	*ret_name = name;
	*ret = t;
	return 0;
}
