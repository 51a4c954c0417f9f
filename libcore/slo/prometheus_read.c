/* The answer of Prometheus's /api/v1/query and query_range, from its JSON. Whatever it is, it is
 * read or refused; members that are not looked at may be anything. */
#include "json/json.h"
#include "slo/prometheus.h"
#include "time/time.h"

enum { SHOWN_MAX = 60, WARNINGS_MAX = 16 };

static int is_none(struct bytes body, const char *expected, struct err *e)
{
	return err_set(e, ERR_CORRUPT,
		       "the answer is none of Prometheus: expected %s, found '%.*s'", expected,
		       BYTES_ARG(bytes_sub(body, 0, SHOWN_MAX)));
}

/* The next element of an array: 1; 0 at its end; -1 when it is none. Before the first, j stands on
 * '['. */
static int next_element(struct json_at *j, bool *begun, struct bytes *ret)
{
	if (!*begun) {
		*begun = true;
		if (!json_take(j, '['))
			return -1;
		if (json_take(j, ']'))
			return 0;
	} else {
		if (json_take(j, ']'))
			return 0;
		if (!json_take(j, ','))
			return -1;
	}
	return json_value(j, ret) ? 1 : -1;
}

/* A string without escapes. */
static bool plain_string(struct bytes raw, struct bytes *ret)
{
	struct json_at j = json_start(raw);
	bool escaped;

	json_skip_space(&j);
	return json_string(&j, ret, &escaped) && !escaped;
}

/* [1700000000.5, "1.5"] */
static int read_sample(struct bytes raw, int64_t *ret_ns, struct slo_value *ret, struct err *e)
{
	struct json_at j = json_start(raw);
	bool begun = false;
	struct bytes time, value, text;
	struct exact t;

	json_skip_space(&j);
	if (next_element(&j, &begun, &time) != 1 || next_element(&j, &begun, &value) != 1 ||
	    next_element(&j, &begun, &text) != 0 || !plain_string(value, &text))
		return is_none(raw, "a time and a value", e);
	if (!exact_read(bytes_trim(time), &t) || t.units < 0 || t.scale > 9 ||
	    t.units > (num_wide)INT64_MAX)
		return is_none(raw, "a time in seconds", e);
	for (int i = t.scale; i < 9; i++)
		t.units *= 10;
	*ret_ns = num_clip(t.units);
	return slo_value_read(text, ret, e);
}

/* Where a sample of this time belongs: its place, or n. */
static size_t place_of(const struct slo_times *at, int64_t ns)
{
	int64_t off = ns - at->from_ns, half = at->step_ns / 2;

	if (off < -half || at->step_ns <= 0)
		return at->n;
	return (size_t)((off + half) / at->step_ns);
}

static int read_series(struct bytes series, const struct slo_times *at, struct slo_value *ret,
		       struct err *e)
{
	struct bytes raw, one;
	struct slo_value v = { 0 };
	struct json_at j;
	bool begun = false;
	int64_t ns;
	int more;

	if (at->n == 1)
		return json_member(series, "value", &raw) ? read_sample(raw, &ns, &ret[0], e)
							  : is_none(series, "'value'", e);
	if (!json_member(series, "values", &raw))
		return is_none(series, "'values'", e);
	j = json_start(raw);
	json_skip_space(&j);
	while ((more = next_element(&j, &begun, &one)) > 0) {
		size_t i;

		if (read_sample(one, &ns, &v, e) < 0)
			return -1;
		i = place_of(at, ns);
		if (i < at->n)
			ret[i] = v;
	}
	return more < 0 ? is_none(raw, "samples", e) : 0;
}

/* One series, or none. */
static int read_vector(struct bytes result, const struct slo_times *at, struct slo_value *ret,
		       struct err *e)
{
	struct json_at j = json_start(result);
	struct bytes series, first = { 0 };
	bool begun = false;
	size_t n = 0;
	int more;

	json_skip_space(&j);
	while ((more = next_element(&j, &begun, &series)) > 0 && n < PROMETHEUS_SERIES_MAX)
		if (n++ == 0)
			first = series;
	if (more < 0)
		return is_none(result, "a list of series", e);
	if (n > 1)
		return err_set(e, ERR_QUERY,
			       "expected one series, found %zu: put sum(...) around the query", n);
	return n == 0 ? 0 : read_series(first, at, ret, e);
}

static void tell_warnings(struct bytes body, void (*warn)(void *data, const struct err *e),
			  void *data)
{
	struct bytes raw, one, text;
	struct json_at j;
	bool begun = false;
	struct err e;

	if (!warn || !json_member(body, "warnings", &raw))
		return;
	j = json_start(raw);
	json_skip_space(&j);
	for (int n = 0; n < WARNINGS_MAX && next_element(&j, &begun, &one) > 0; n++) {
		struct buf b = { 0 };
		bool escaped;
		struct json_at s = json_start(one);

		json_skip_space(&s);
		if (json_string(&s, &text, &escaped) && json_unescape(text, &b)) {
			err_set(&e, ERR_NONE, "the server warns: %.*s", BYTES_ARG(buf_bytes(&b)));
			warn(data, &e);
		}
		buf_release(&b);
	}
}

/* Its 'resultType' and 'result'. Errors: ERR_CORRUPT, it is no answer, or no success. */
static int open_body(struct bytes body, struct bytes *ret_type, struct bytes *ret_result,
		     struct err *e)
{
	struct bytes raw, status, data;
	struct json_at j = json_start(body);

	json_skip_space(&j);
	if (!json_value(&j, &raw))
		return is_none(body, "JSON", e);
	if (!json_member(raw, "status", &status) || !plain_string(status, &status))
		return is_none(body, "'status'", e);
	if (!bytes_is(status, "success"))
		return is_none(body, "the status success", e);
	if (!json_member(raw, "data", &data) || !json_member(data, "resultType", ret_type) ||
	    !plain_string(*ret_type, ret_type) || !json_member(data, "result", ret_result))
		return is_none(body, "'data' with 'resultType' and 'result'", e);
	return 0;
}

static int is_no_number(struct bytes type, struct err *e)
{
	return err_set(e, ERR_QUERY, "expected a number, found a result of the type '%.*s'",
		       BYTES_ARG(type));
}

int prometheus_read(struct bytes body, const struct slo_times *at, struct slo_value *ret,
		    void (*warn)(void *data, const struct err *e), void *data, struct err *e)
{
	struct bytes result, type;
	int64_t ns;

	for (size_t i = 0; i < at->n; i++)
		ret[i] = (struct slo_value){ 0 };
	if (open_body(body, &type, &result, e) < 0)
		return -1;
	tell_warnings(body, warn, data);
	if (bytes_is(type, "scalar") && at->n == 1)
		return read_sample(result, &ns, &ret[0], e);
	if (bytes_is(type, at->n == 1 ? "vector" : "matrix"))
		return read_vector(result, at, ret, e);
	return is_no_number(type, e);
}

/* --- several series -------------------------------------------------------------------------- */

static bool next_label(struct json_at *j, struct bytes *ret_name, struct buf *value)
{
	struct bytes raw;
	bool escaped;

	json_skip_space(j);
	if (!json_string(j, ret_name, &escaped) || !json_take(j, ':'))
		return false;
	json_skip_space(j);
	buf_reset(value);
	return json_string(j, &raw, &escaped) && json_unescape(raw, value);
}

/* {"a":"b"} as b, others as a="b", c="d". */
static bool add_labels(struct bytes metric, struct buf *out)
{
	struct json_at j = json_start(metric);
	struct buf all = { 0 }, value = { 0 };
	struct bytes name;
	size_t n = 0;
	bool ok;

	if (!json_take(&j, '{'))
		return false;
	if (json_take(&j, '}'))
		return true;
	do {
		ok = next_label(&j, &name, &value);
		if (ok)
			buf_addf(&all, "%s%.*s=\"%.*s\"", n++ ? ", " : "", BYTES_ARG(name),
				 BYTES_ARG(buf_bytes(&value)));
	} while (ok && json_take(&j, ','));
	if (ok)
		buf_addf(out, "%.*s", BYTES_ARG(buf_bytes(n == 1 ? &value : &all)));
	buf_release(&all);
	buf_release(&value);
	return ok;
}

static int read_group(struct bytes series, prometheus_group_fn *each, void *data, struct err *e)
{
	const struct slo_times one = { .n = 1 };
	struct slo_value v = { 0 };
	struct buf name = { 0 };
	struct bytes metric;
	int rc;

	if (!json_member(series, "metric", &metric) || !add_labels(metric, &name))
		rc = is_none(series, "'metric' with labels", e);
	else
		rc = read_series(series, &one, &v, e);
	if (rc == 0 && v.is == SLO_NUMBER)
		rc = each(data, buf_bytes(&name), &v, e);
	buf_release(&name);
	return rc;
}

int prometheus_read_groups(struct bytes body, prometheus_group_fn *each, void *data, struct err *e)
{
	struct bytes result, type, series;
	struct json_at j;
	bool begun = false;
	int more;

	if (open_body(body, &type, &result, e) < 0)
		return -1;
	if (!bytes_is(type, "vector"))
		return is_no_number(type, e);
	j = json_start(result);
	json_skip_space(&j);
	while ((more = next_element(&j, &begun, &series)) > 0)
		if (read_group(series, each, data, e) < 0)
			return -1;
	return more < 0 ? is_none(result, "a list of series", e) : 0;
}
