/* What a server has answered, from its JSON. Of members that are not looked at nothing is asked. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"
#include "query/remote.h"
#include "time/time.h"

/* So many values may a metric's answer have room for. */
enum { VALUES_MAX = 64 << 20 };

static int is_none(struct err *e, const char *what)
{
	return err_set(e, ERR_CORRUPT, "the server's answer is none of Loki's API: expected %s",
		       what);
}

/* --- lists ----------------------------------------------------------------------------------- */

/* The elements of an array, or the members of an object. */
struct list {
	struct json_at at;
	char open, close;
	bool begun, ended;
};

static struct list list_of(struct bytes raw, char open, char close)
{
	return (struct list){ .at = json_start(raw), .open = open, .close = close };
}

/* Is there another one? False, and not .ended: it is no list. */
static bool list_more(struct list *l)
{
	if (l->begun) {
		if (json_take(&l->at, ','))
			return true;
		l->ended = json_take(&l->at, l->close);
		return false;
	}
	l->begun = true;
	if (!json_take(&l->at, l->open))
		return false;
	l->ended = json_take(&l->at, l->close);
	return !l->ended;
}

static bool list_next(struct list *l, struct bytes *ret)
{
	return list_more(l) && json_value(&l->at, ret);
}

static bool read_string(struct bytes raw, struct arena *a, struct bytes *ret)
{
	struct json_at j = json_start(raw);
	struct bytes inner;
	bool escaped;
	char *room;

	json_skip_space(&j);
	if (!json_string(&j, &inner, &escaped))
		return false;
	*ret = inner;
	if (!escaped)
		return true;
	room = arena_alloc(a, inner.n + 1);
	*ret = bytes_of(room, 0);
	return json_unescape_to(inner, room, &ret->n);
}

static bool read_data(struct bytes body, const char *name, struct bytes *ret)
{
	struct bytes data;

	return json_member(body, "data", &data) && json_member(data, name, ret);
}

/* --- labels ---------------------------------------------------------------------------------- */

/* Labels of one origin behind those that are there. */
struct pairs {
	struct log_label *v;
	size_t n, cap;
};

static bool add_pairs(struct pairs *p, struct bytes raw, enum label_kind kind, struct arena *a)
{
	struct list l = list_of(raw, '{', '}');
	struct bytes name, value;
	bool escaped;

	while (list_more(&l)) {
		struct log_label one = { .kind = kind };
		const char *start;

		json_skip_space(&l.at);
		start = l.at.p;
		if (!json_string(&l.at, &name, &escaped))
			return false;
		name = bytes_of(start, (size_t)(l.at.p - start));
		if (!json_take(&l.at, ':') || !json_value(&l.at, &value) ||
		    !read_string(name, a, &one.name) || !read_string(value, a, &one.value))
			return false;
		mem_grow(&p->v, &p->cap, p->n + 1, sizeof(*p->v));
		p->v[p->n++] = one;
	}
	return l.ended;
}

static int by_name(const void *a, const void *b)
{
	return bytes_cmp(((const struct log_label *)a)->name, ((const struct log_label *)b)->name);
}

/* Those of the entry's third element besides those of its stream, which p has first. */
static const struct log_labels *make_labels(struct pairs *p, size_t n_stream, struct bytes extra,
					    struct arena *a)
{
	struct log_labels *l;
	struct bytes raw;
	bool ok = true;

	p->n = n_stream;
	if (extra.n && json_member(extra, "structuredMetadata", &raw))
		ok = add_pairs(p, raw, LABEL_META, a);
	if (ok && extra.n && json_member(extra, "parsed", &raw))
		ok = add_pairs(p, raw, LABEL_PARSED, a);
	if (!ok)
		return NULL;
	l = arena_alloc(a, sizeof(*l) + (p->n + 1) * sizeof(*l->v));
	l->n = p->n;
	if (p->n)
		memcpy(l->v, p->v, p->n * sizeof(*l->v));
	qsort(l->v, l->n, sizeof(*l->v), by_name);
	return l;
}

static bool read_labels(struct bytes raw, struct arena *a, struct labels *ret)
{
	struct pairs p = { 0 };
	bool ok = add_pairs(&p, raw, LABEL_STREAM, a);

	if (p.n)
		qsort(p.v, p.n, sizeof(*p.v), by_name);
	ret->v = arena_alloc(a, (p.n + 1) * sizeof(*ret->v));
	ret->n = p.n;
	for (size_t i = 0; i < p.n; i++)
		ret->v[i] = (struct label){ p.v[i].name, p.v[i].value };
	free(p.v);
	return ok;
}

/* --- entries --------------------------------------------------------------------------------- */

/* ["ts", "line", {..}] */
static bool read_entry(struct bytes raw, struct arena *a, struct log_entry *ret,
		       struct bytes *ret_extra)
{
	struct list l = list_of(raw, '[', ']');
	struct bytes v, ts;

	*ret_extra = (struct bytes){ 0 };
	if (!list_next(&l, &v) || !read_string(v, a, &ts) || !num_i64(ts, &ret->ts_ns) ||
	    !list_next(&l, &v) || !read_string(v, a, &ret->line))
		return false;
	return !list_next(&l, ret_extra) ? l.ended : !list_more(&l) && l.ended;
}

static bool read_stream(struct bytes raw, struct arena *a, struct pairs *p,
			struct remote_entries *ret)
{
	struct bytes labels, values, v, extra, before = { 0 };
	const struct log_labels *l;
	struct list each;
	size_t n_stream;

	p->n = 0;
	if (!json_member(raw, "stream", &labels) || !json_member(raw, "values", &values) ||
	    !add_pairs(p, labels, LABEL_STREAM, a))
		return false;
	n_stream = p->n;
	l = make_labels(p, n_stream, before, a);
	each = list_of(values, '[', ']');
	while (list_next(&each, &v)) {
		struct log_entry x = { 0 };

		if (!read_entry(v, a, &x, &extra))
			return false;
		if (!bytes_eq(extra, before) &&
		    !(l = make_labels(p, n_stream, extra, a))) /* neighbours often share them */
			return false;
		before = extra;
		x.labels = l;
		mem_grow(&ret->v, &ret->cap, ret->n + 1, sizeof(*ret->v));
		ret->v[ret->n++] = x;
	}
	return each.ended;
}

/* Entries of equal time in the order of the answer: qsort is not stable. */
struct placed {
	struct log_entry x;
	size_t at;
};

static int by_time(const void *a, const void *b, void *dir)
{
	const struct placed *x = a, *y = b;
	bool forward = *(const enum direction *)dir == FORWARD;

	if (x->x.ts_ns != y->x.ts_ns)
		return (x->x.ts_ns < y->x.ts_ns) == forward ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static void sort(struct remote_entries *es, enum direction dir)
{
	struct placed *v = mem_alloc((es->n + 1) * sizeof(*v));

	for (size_t i = 0; i < es->n; i++)
		v[i] = (struct placed){ es->v[i], i };
	qsort_r(v, es->n, sizeof(*v), by_time, &dir);
	for (size_t i = 0; i < es->n; i++)
		es->v[i] = v[i].x;
	free(v);
}

int remote_read_entries(struct bytes body, enum direction dir, struct arena *a,
			struct remote_entries *ret, struct err *e)
{
	struct pairs p = { 0 };
	struct bytes result, stream, type;
	struct list l;
	bool ok = true;

	ret->n = 0;
	if (!read_data(body, "resultType", &type) || !bytes_is(type, "\"streams\"") ||
	    !read_data(body, "result", &result))
		return is_none(e, "streams");
	if (bytes_is(result, "null"))
		return 0;
	l = list_of(result, '[', ']');
	while (ok && list_next(&l, &stream))
		ok = read_stream(stream, a, &p, ret);
	free(p.v);
	if (!ok || !l.ended)
		return is_none(e, "entries of streams");
	sort(ret, dir);
	return 0;
}

/* --- series of values ------------------------------------------------------------------------ */

struct point {
	int64_t ts_ns;
	double v;
	size_t series;
};

struct points {
	struct point *v;
	size_t n, cap;
};

/* [1760432405.123, "1.5"]; the time has milliseconds at most, which a double keeps. */
static bool read_point(struct bytes raw, size_t series, struct points *ps)
{
	struct list l = list_of(raw, '[', ']');
	struct bytes ts, v, text;
	struct arena a = { 0 };
	struct point p = { .series = series };
	double seconds;
	bool ok;

	ok = list_next(&l, &ts) && num_double(ts, &seconds) && seconds > -9e9 && seconds < 9e9 &&
	     list_next(&l, &v) && read_string(v, &a, &text) && num_double(text, &p.v) &&
	     !list_more(&l) && l.ended;
	arena_release(&a);
	if (!ok)
		return false;
	p.ts_ns = (int64_t)(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5)) * NS_PER_MS;
	mem_grow(&ps->v, &ps->cap, ps->n + 1, sizeof(*ps->v));
	ps->v[ps->n++] = p;
	return true;
}

/* {"metric":{..},"values":[..]}, or "value" */
static bool read_series(struct bytes raw, struct vec *ret, struct labels **names, size_t *cap,
			struct points *ps)
{
	struct bytes labels, values, v;
	struct list l;

	mem_grow(names, cap, ret->n + 1, sizeof(**names));
	if (!json_member(raw, "metric", &labels) ||
	    !read_labels(labels, &ret->mem, &(*names)[ret->n]))
		return false;
	ret->n++;
	if (json_member(raw, "value", &v))
		return read_point(v, ret->n - 1, ps);
	if (!json_member(raw, "values", &values))
		return false;
	l = list_of(values, '[', ']');
	while (list_next(&l, &v))
		if (!read_point(v, ret->n - 1, ps))
			return false;
	return l.ended;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
	while (b) {
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* The steps on which all points lie: what was asked for is not known when the server chose them. */
static bool find_steps(const struct points *ps, struct steps *ret)
{
	int64_t min, max, span, step = 0;

	*ret = (struct steps){ 0, NS_PER_S, 1 };
	if (ps->n == 0)
		return true;
	min = max = ps->v[0].ts_ns;
	for (size_t i = 0; i < ps->n; i++) {
		min = ps->v[i].ts_ns < min ? ps->v[i].ts_ns : min;
		max = ps->v[i].ts_ns > max ? ps->v[i].ts_ns : max;
	}
	if (__builtin_sub_overflow(max, min, &span))
		return false;
	for (size_t i = 0; i < ps->n; i++)
		step = common_divisor(ps->v[i].ts_ns - min, step);
	step = step ? step : NS_PER_S;
	*ret = (struct steps){ min, step, (size_t)(span / step) + 1 };
	return ret->n <= VALUES_MAX;
}

/* Series, whose number ret has already, with their values. */
static bool fill(struct vec *ret, const struct labels *names, const struct points *ps,
		 const struct steps *steps)
{
	size_t n = ret->n;
	bool scalar = ret->is_scalar;

	if (n && steps->n > VALUES_MAX / n)
		return false;
	ret->n = 0;
	ret->n_steps = steps->n;
	for (size_t i = 0; i < n; i++)
		vec_add_own(ret, names[i], arena_zalloc(&ret->mem, steps->n * sizeof(double)));
	ret->is_scalar = scalar;
	for (size_t i = 0; i < ps->n; i++) {
		size_t k = (size_t)((ps->v[i].ts_ns - steps->start_ns) / steps->step_ns);

		ret->v[ps->v[i].series].v[k] = ps->v[i].v;
		ret->v[ps->v[i].series].has[k] = true;
	}
	return true;
}

static bool read_result(struct bytes result, struct vec *ret, struct labels **names,
			struct points *ps)
{
	struct list l = list_of(result, '[', ']');
	size_t cap = 0;
	struct bytes one;

	if (ret->is_scalar) {
		mem_grow(names, &cap, 1, sizeof(**names));
		(*names)[ret->n++] = (struct labels){ 0 };
		return read_point(result, 0, ps);
	}
	if (bytes_is(result, "null"))
		return true;
	while (list_next(&l, &one))
		if (!read_series(one, ret, names, &cap, ps))
			return false;
	return l.ended;
}

int remote_read_metric(struct bytes body, struct vec *ret, struct steps *ret_steps,
		       enum metric_kind *ret_kind, struct err *e)
{
	struct bytes type, result;
	struct labels *names = NULL;
	struct points ps = { 0 };
	bool ok;

	vec_init(ret, 1);
	if (!read_data(body, "resultType", &type) || !read_data(body, "result", &result) ||
	    !(bytes_is(type, "\"matrix\"") || bytes_is(type, "\"vector\"") ||
	      bytes_is(type, "\"scalar\""))) {
		vec_release(ret);
		return is_none(e, "a matrix, a vector or a scalar");
	}
	*ret_kind = bytes_is(type, "\"matrix\"") ? METRIC_RANGE : METRIC_INSTANT;
	ret->is_scalar = bytes_is(type, "\"scalar\"");
	ret->ordered = *ret_kind == METRIC_INSTANT; /* as the server has them */
	ok = read_result(result, ret, &names, &ps) && find_steps(&ps, ret_steps) &&
	     fill(ret, names, &ps, ret_steps);
	free(names);
	free(ps.v);
	if (ok)
		return 0;
	vec_release(ret);
	return is_none(e, "series with values at regular steps");
}

/* --- about streams --------------------------------------------------------------------------- */

int remote_read_words(struct bytes body, struct arena *a, struct bytes **ret, size_t *ret_n,
		      struct err *e)
{
	struct bytes status, data, one;
	size_t n = 0;
	struct list l;

	if (!json_member(body, "status", &status) || !bytes_is(status, "\"success\""))
		return is_none(e, "a list of names");
	*ret = NULL;
	*ret_n = 0;
	if (!json_member(body, "data", &data) || bytes_is(data, "null"))
		return 0;
	l = list_of(data, '[', ']');
	while (list_next(&l, &one))
		n++;
	*ret = arena_alloc(a, (n + 1) * sizeof(**ret));
	l = list_of(data, '[', ']');
	for (size_t i = 0; list_next(&l, &one); i++)
		if (!read_string(one, a, &(*ret)[i]))
			return is_none(e, "names");
	*ret_n = n;
	return l.ended ? 0 : is_none(e, "a list of names");
}

int remote_read_series(struct bytes body, struct arena *a, struct labels **ret, size_t *ret_n,
		       struct err *e)
{
	struct bytes data, one;
	size_t n = 0;
	struct list l;

	*ret = NULL;
	*ret_n = 0;
	if (!json_member(body, "data", &data))
		return is_none(e, "a list of label sets");
	l = list_of(data, '[', ']');
	while (list_next(&l, &one))
		n++;
	*ret = arena_alloc(a, (n + 1) * sizeof(**ret));
	l = list_of(data, '[', ']');
	for (size_t i = 0; list_next(&l, &one); i++)
		if (!read_labels(one, a, &(*ret)[i]))
			return is_none(e, "label sets");
	*ret_n = n;
	return l.ended ? 0 : is_none(e, "a list of label sets");
}

int remote_read_count(struct bytes body, const char *name, uint64_t *ret, struct err *e)
{
	struct bytes raw;

	return json_member(body, name, &raw) && num_u64(raw, ret) ? 0
								  : is_none(e, "counts of streams");
}
