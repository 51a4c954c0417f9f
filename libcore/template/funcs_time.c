/*
 * Times. What Go takes as the local zone is UTC here, whatever the machine's is: an answer must not
 * depend on where it is computed.
 */
#include "template/func.h"

#include "base/convert.h"
#include "base/mem.h"
#include "base/num.h"
#include "labels/quote.h"
#include "labels/value_error.h"
#include "template/literal.h"
#include "time/time.h"

#define FUNC(NAME) \
	static int NAME(struct template_run *r, const struct value *v, size_t n, struct value *ret)
#define UNUSED_RUN ((void)r, (void)n)

FUNC(f_line)
{
	(void)v;
	(void)n;
	*ret = value_string(r->entry->line);
	return 0;
}

FUNC(f_timestamp)
{
	(void)v;
	(void)n;
	*ret = value_time(time_at_ns(r->entry->ts_ns));
	return 0;
}

FUNC(f_now)
{
	UNUSED_RUN;
	(void)v;
	*ret = value_time(time_at_ns(time_now_ns()));
	return 0;
}

/* The zone of that name, read once and kept. UTC (NULL) when there is none. */
static const struct time_zone *zone_get(struct template_run *r, struct bytes name)
{
	struct time_zone *z;

	if (name.n == 0 || bytes_is(name, "UTC") || bytes_is(name, "Local"))
		return NULL;
	for (size_t i = 0; i < r->n_zones; i++)
		if (bytes_eq(time_zone_name(r->zones[i]), name))
			return r->zones[i];
	z = time_zone_open(name, NULL);
	if (!z)
		return NULL;
	mem_grow(&r->zones, &r->cap_zones, r->n_zones + 1, sizeof(struct time_zone *));
	r->zones[r->n_zones++] = z;
	return z;
}

FUNC(f_date)
{
	struct time_at t;

	(void)n;
	if (v[1].type == T_TIME)
		t = v[1].u.t;
	else if (v[1].type == T_INT || v[1].type == T_INT64)
		t = (struct time_at){ .s = v[1].u.i };
	else
		t = time_at_ns(time_now_ns());
	t.zone = NULL;
	t.is_fixed = false;
	time_format(&r->scratch, &t, v[0].u.s);
	if (run_check_size(r, r->scratch.n) < 0)
		return -1;
	*ret = run_take_scratch(r);
	return 0;
}

static int to_date(struct bytes layout, struct bytes text, const struct time_zone *zone,
		   struct value *ret)
{
	struct time_at t = TIME_ZERO;

	time_read(layout, text, zone, &t);
	*ret = value_time(t);
	return 0;
}

FUNC(f_to_date)
{
	UNUSED_RUN;
	return to_date(v[0].u.s, v[1].u.s, NULL, ret);
}

FUNC(f_to_date_in_zone)
{
	(void)n;
	return to_date(v[0].u.s, v[2].u.s, zone_get(r, v[1].u.s), ret);
}

static int number_text(struct template_run *r, int64_t i, struct value *ret)
{
	num_add_i64(&r->scratch, i);
	*ret = run_take_scratch(r);
	return 0;
}

/* What does not fit wraps, as in Go. */
static int64_t in_units(const struct time_at *t, int64_t per_s)
{
	return (int64_t)((uint64_t)t->s * (uint64_t)per_s + (uint64_t)(t->ns / (NS_PER_S / per_s)));
}

FUNC(f_unix_epoch)
{
	(void)n;
	return number_text(r, v[0].u.t.s, ret);
}

FUNC(f_unix_epoch_millis)
{
	(void)n;
	return number_text(r, in_units(&v[0].u.t, 1000), ret);
}

FUNC(f_unix_epoch_nanos)
{
	(void)n;
	return number_text(r, in_units(&v[0].u.t, NS_PER_S), ret);
}

/* By their number of digits: days, seconds, milli-, micro- or nanoseconds. */
FUNC(f_unix_to_time)
{
	struct bytes s = v[0].u.s;
	struct time_at t = { 0 };
	enum parse_result parsed;
	int64_t i;

	(void)n;
	parsed = literal_read_i64(s, 10, &i);
	if (parsed != PARSE_OK) {
		run_fail_bytes(r, "unable to parse time '", s, "': strconv.ParseInt: parsing ");
		quote_add(&r->message, s);
		buf_add_str(&r->message,
			    parsed == PARSE_RANGE ? ": value out of range" : ": invalid syntax");
		return -1;
	}
	switch (s.n) {
	case 5:
		t.s = i * 86400;
		break;
	case 10:
		t.s = i;
		break;
	case 13:
		t = time_at_ns((int64_t)((uint64_t)i * 1000000));
		break;
	case 16:
		t = time_at_ns((int64_t)((uint64_t)i * 1000));
		break;
	case 19:
		t = time_at_ns(i);
		break;
	default:
		return run_fail_bytes(r, "unable to parse time '", s, "': %!w(<nil>)");
	}
	*ret = value_time(t);
	return 0;
}

FUNC(f_duration)
{
	int64_t ns;

	(void)n;
	if (!convert_duration(v[0].u.s, &ns)) {
		run_fail(r, "%s", "");
		value_error_duration(&r->message, v[0].u.s);
		return -1;
	}
	*ret = value_float(convert_seconds(ns));
	return 0;
}

#define TIME               \
	{                  \
		PARAM_TIME \
	}
#define STRINGS                                          \
	{                                                \
		PARAM_STRING, PARAM_STRING, PARAM_STRING \
	}

const struct func funcs_time[] = {
	{ .name = "__line__", .call = f_line },
	{ .name = "__timestamp__", .call = f_timestamp },
	{ .name = "now", .call = f_now },
	{ .name = "date", .call = f_date, .n = 2, .params = { PARAM_STRING, PARAM_ANY } },
	{ .name = "toDate", .call = f_to_date, .n = 2, .params = STRINGS },
	{ .name = "toDateInZone", .call = f_to_date_in_zone, .n = 3, .params = STRINGS },
	{ .name = "unixEpoch", .call = f_unix_epoch, .n = 1, .params = TIME },
	{ .name = "unixEpochMillis", .call = f_unix_epoch_millis, .n = 1, .params = TIME },
	{ .name = "unixEpochNanos", .call = f_unix_epoch_nanos, .n = 1, .params = TIME },
	{ .name = "unixToTime", .call = f_unix_to_time, .n = 1, .params = STRINGS },
	{ .name = "duration", .call = f_duration, .n = 1, .params = STRINGS },
	{ .name = "duration_seconds", .call = f_duration, .n = 1, .params = STRINGS },
	{ 0 },
};
