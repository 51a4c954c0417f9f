#include "slo/period.h"

#include "time/calendar.h"

#define DAY_NS	   ((int64_t)S_PER_DAY * NS_PER_S)
#define LONGEST_NS (3660 * DAY_NS)

static const char *const kinds[] = {
	[SLO_WEEK] = "week", [SLO_MONTH] = "month", [SLO_QUARTER] = "quarter", [SLO_YEAR] = "year"
};

int slo_window_read(struct bytes text, int64_t *ret_ns, struct err *e)
{
	int64_t ns;

	if (time_parse_age(text, &ns, e) < 0)
		return -1;
	if (ns < NS_PER_S || ns > LONGEST_NS || ns % NS_PER_S != 0)
		return err_set(e, ERR_USAGE,
			       "expected whole seconds, from 1s to ten years, found '%.*s'",
			       BYTES_ARG(text));
	*ret_ns = ns;
	return 0;
}

int slo_period_read(struct bytes text, struct slo_period *ret, struct err *e)
{
	static const struct bytes prefix = BYTES_LIT("calendar-");
	struct bytes word = bytes_starts(text, prefix) ? bytes_sub(text, prefix.n, text.n) : text;
	int64_t ns;

	for (size_t i = SLO_WEEK; i <= SLO_YEAR; i++) {
		if (bytes_is(word, kinds[i])) {
			ret->kind = (enum slo_period_kind)i;
			return 0;
		}
	}
	if (slo_window_read(text, &ns, e) < 0)
		return err_set(
			e, ERR_USAGE,
			"expected a duration from 1s to ten years such as 30d, or week, month, "
			"quarter or year, found '%.*s'",
			BYTES_ARG(text));
	ret->kind = SLO_ROLLING;
	ret->length_ns = ns;
	return 0;
}

void slo_duration_add(struct buf *b, int64_t ns)
{
	static const struct {
		int64_t s;
		char unit;
	} units[] = { { S_PER_DAY, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	int64_t left = ns / NS_PER_S;

	if (left == 0)
		buf_add_str(b, "0s");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (left >= units[i].s)
			buf_addf(b, "%lld%c", (long long)(left / units[i].s), units[i].unit);
		left %= units[i].s;
	}
}

void slo_period_add(struct buf *b, const struct slo_period *p)
{
	if (p->kind == SLO_ROLLING)
		slo_duration_add(b, p->length_ns);
	else
		buf_add_str(b, kinds[p->kind]);
}

int64_t slo_period_longest(const struct slo_period *p)
{
	static const int days[] = {
		[SLO_WEEK] = 7, [SLO_MONTH] = 31, [SLO_QUARTER] = 92, [SLO_YEAR] = 366
	};

	return p->kind == SLO_ROLLING ? p->length_ns : days[p->kind] * DAY_NS;
}

static int64_t east_of(const struct time_zone *z, int64_t s)
{
	char abbrev[TIME_ZONE_ABBREV_MAX];

	return z ? time_zone_at(z, s, abbrev) : 0;
}

/* Midnight of a day where the zone is. Where clocks are put at midnight, the first moment that is
 * called so. */
static int64_t midnight(const struct time_zone *z, int64_t day)
{
	int64_t local = day * S_PER_DAY, s = local - east_of(z, local);

	s = local - east_of(z, s);
	return s * NS_PER_S;
}

static int64_t day_of_month(int64_t year, int64_t month0)
{
	return time_days_of_date(year + time_floor_div(month0, 12),
				 (int)(month0 - time_floor_div(month0, 12) * 12) + 1, 1);
}

struct slo_span slo_period_at(const struct slo_period *p, int64_t now_ns)
{
	int64_t s = time_floor_div(now_ns, NS_PER_S), year, day;
	int64_t today = time_floor_div(s + east_of(p->zone, s), S_PER_DAY), months;
	int month, day_in_month;

	if (p->kind == SLO_ROLLING)
		return (struct slo_span){ now_ns - p->length_ns, now_ns };
	if (p->kind == SLO_WEEK) {
		/* 1970-01-01 was a Thursday: three days behind a Monday. */
		day = today - (today + 3 - time_floor_div(today + 3, 7) * 7);
		return (struct slo_span){ midnight(p->zone, day), midnight(p->zone, day + 7) };
	}
	time_date_of_days(today, &year, &month, &day_in_month);
	months = p->kind == SLO_MONTH ? 1 : p->kind == SLO_QUARTER ? 3 : 12;
	day = (month - 1) / months * months;
	return (struct slo_span){ midnight(p->zone, day_of_month(year, day)),
				  midnight(p->zone, day_of_month(year, day + months)) };
}

/* A whole number of some digits more than seconds have. */
static bool is_millis(struct bytes text)
{
	enum { SECONDS_DIGITS = 10, MICROS_DIGITS = 16 };
	size_t i = 0;

	while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9')
		i++;
	return i == text.n && i > SECONDS_DIGITS && i <= MICROS_DIGITS;
}

int slo_time_read(struct bytes text, int64_t now_ns, int64_t *ret_ns, struct err *e)
{
	if (is_millis(text))
		return err_set(e, ERR_USAGE,
			       "expected Unix seconds or nanoseconds, and none between, found "
			       "'%.*s'",
			       BYTES_ARG(text));
	return time_parse(text, now_ns, ret_ns, e);
}
