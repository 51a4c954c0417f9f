#include "cost/record.h"

#include "cost/money.h"
#include "time/time.h"

/* "2023-02-29" */
static bool is_like_day(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (i == 4 || i == 7 ? text.p[i] != '-' : text.p[i] < '0' || text.p[i] > '9')
			return false;
	return text.n == TIME_DAY_LEN;
}

int cost_no_day(struct bytes text, const char *expected, enum err_code code, struct err *e)
{
	if (is_like_day(bytes_sub(text, 0, TIME_DAY_LEN)))
		return err_set(e, code, "there is no such day or time: '%.*s'",
			       BYTES_ARG(bytes_sub(text, 0, 40)));
	return err_set(e, code, "expected a day as %s, found '%.*s'", expected,
		       BYTES_ARG(bytes_sub(text, 0, 40)));
}

int cost_read_day(struct bytes text, int32_t *ret, struct err *e)
{
	int32_t day;
	int64_t ns;
	size_t n;

	if (!time_day_parse(text, &day)) {
		n = time_scan_rfc3339(text, &ns);
		if (n == 0 || n != text.n)
			return cost_no_day(text, "2024-01-15", ERR_CORRUPT, e);
		day = time_day(ns);
	}
	if (day < 0)
		return err_set(e, ERR_CORRUPT, "expected a day of 1970 or later, found '%.*s'",
			       BYTES_ARG(text));
	*ret = day;
	return 0;
}

/* Below 0, by however little: "-1e-10", not "-0.0". */
static bool is_negative(struct bytes text)
{
	for (size_t i = 1; i < text.n && text.p[0] == '-' && (text.p[i] | 32) != 'e'; i++)
		if (text.p[i] > '0' && text.p[i] <= '9')
			return true;
	return false;
}

int cost_read_amount(struct bytes text, enum cost_sign sign, int64_t *ret, struct err *e)
{
	struct bytes shown = bytes_sub(text, 0, 40);
	int64_t nano;

	switch (money_read(text, &nano)) {
	case MONEY_READ:
		break;
	case MONEY_TOO_LARGE:
		return err_set(e, ERR_CORRUPT, "more than can be counted: '%.*s' (up to %s)",
			       BYTES_ARG(shown), MONEY_MOST);
	default:
		return err_set(e, ERR_CORRUPT, "expected an amount as 125.50, found '%.*s'",
			       BYTES_ARG(shown));
	}
	if (is_negative(text) && sign == COST_NEVER_NEGATIVE)
		return err_set(e, ERR_CORRUPT, "expected 0 or more, found '%.*s'",
			       BYTES_ARG(shown));
	*ret = nano;
	return 0;
}
