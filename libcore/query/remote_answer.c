/* What a server has answered, from its JSON. Of members that are not looked at nothing is asked. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"
#include "query/remote.h"
#include "time/time.h"

/* So many values may a metric's answer have room for: more than fit in the largest answer, so that
 * only one whose points lie far apart can need more. */
enum { VALUES_MAX = REMOTE_ANSWER_MAX / 16 };

static int is_none(struct err *e, const char *what)
{
	return err_set(e, ERR_CORRUPT, "the server's answer is none of Loki's API: expected %s",
		       what);
}

/* Has a room for n things more? A few bytes of an answer may stand for many of ours. */
static bool has_room(const struct arena *a, size_t n, size_t size)
{
	return a->total <= REMOTE_READ_MAX && n <= (REMOTE_READ_MAX - a->total) / size;
}

static int is_too_much(struct err *e)
{
	return err_set(e, ERR_LIMIT,
		       "the server's answer needs more than %d MiB of memory: ask for less at once",
		       REMOTE_READ_MAX >> 20);
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
	struct arena *mem;
	bool too_many; /* for it: why the last call has failed */
};

static bool has_room_for(struct pairs *p, size_t n)
{
	p->too_many = !has_room(p->mem, n, sizeof(*p->v));
	return !p->too_many;
}

static bool add_pairs(struct pairs *p, struct bytes raw, enum label_kind kind)
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
		    !has_room_for(p, p->n + 1) || !read_string(name, p->mem, &one.name) ||
		    !read_string(value, p->mem, &one.value))
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
static const struct log_labels *make_labels(struct pairs *p, size_t n_stream, struct bytes extra)
{
	struct log_labels *l;
	struct bytes raw;
	bool ok = true;

	p->n = n_stream;
	if (extra.n && json_member(extra, "structuredMetadata", &raw))
		ok = add_pairs(p, raw, LABEL_META);
	if (ok && extra.n && json_member(extra, "parsed", &raw))
		ok = add_pairs(p, raw, LABEL_PARSED);
	if (!ok || !has_room_for(p, p->n + 1))
		return NULL;
	l = arena_alloc(p->mem, sizeof(*l) + (p->n + 1) * sizeof(*l->v));
	l->n = p->n;
	if (p->n)
		memcpy(l->v, p->v, p->n * sizeof(*l->v));
	qsort(l->v, l->n, sizeof(*l->v), by_name);
	return l;
}

static bool read_labels(struct bytes raw, struct pairs *p, struct labels *ret)
{
	p->n = 0;
	if (!add_pairs(p, raw, LABEL_STREAM) || !has_room_for(p, p->n + 1))
		return false;
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), by_name);
	ret->v = arena_alloc(p->mem, (p->n + 1) * sizeof(*ret->v));
	ret->n = p->n;
	for (size_t i = 0; i < p->n; i++)
		ret->v[i] = (struct label){ p->v[i].name, p->v[i].value };
	return true;
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

static const char ENTRIES[] = "entries of streams";

/* An answer as far as it is read. */
struct reading {
	const struct remote_page *asked;
	struct pairs p;
	struct remote_entries *ret;
	size_t n_streams, n_values; /* that were begun; of the last of them */
};

static int is_unasked(const struct reading *r, int64_t ts_ns, struct err *e)
{
	struct buf b = { 0 };

	buf_addf(&b, "the server's answer: stream %zu, entry %zu: ", r->n_streams, r->n_values);
	if (r->ret->n == r->asked->n) {
		buf_addf(&b, "asked for %" PRIu64 " entries, found more", r->asked->n);
	} else {
		buf_add_str(&b, "asked for times from ");
		time_add_rfc3339(&b, r->asked->from);
		buf_add_str(&b, " to before ");
		time_add_rfc3339(&b, r->asked->to);
		buf_add_str(&b, ", found ");
		time_add_rfc3339(&b, ts_ns);
	}
	err_set(e, ERR_CORRUPT, "%s", buf_str(&b));
	buf_release(&b);
	return -1;
}

static int add_entry(struct reading *r, struct log_entry x, struct err *e)
{
	struct remote_entries *es = r->ret;

	if (es->n == r->asked->n || x.ts_ns < r->asked->from ||
	    time_is_behind(x.ts_ns, r->asked->to))
		return is_unasked(r, x.ts_ns, e);
	mem_grow(&es->v, &es->cap, es->n + 1, sizeof(*es->v));
	es->v[es->n++] = x;
	return 0;
}

static int read_values(struct reading *r, struct bytes values, struct err *e)
{
	struct list each = list_of(values, '[', ']');
	size_t n_stream = r->p.n;
	struct bytes v, extra, before = { 0 };
	const struct log_labels *l = make_labels(&r->p, n_stream, before);

	if (!l)
		return is_too_much(e);
	while (list_next(&each, &v)) {
		struct log_entry x = { 0 };

		r->n_values++;
		if (!read_entry(v, r->p.mem, &x, &extra))
			return is_none(e, ENTRIES);
		if (!bytes_eq(extra, before) &&
		    !(l = make_labels(&r->p, n_stream, extra))) /* neighbours often share them */
			return r->p.too_many ? is_too_much(e) : is_none(e, ENTRIES);
		before = extra;
		x.labels = l;
		if (add_entry(r, x, e) < 0)
			return -1;
	}
	return each.ended ? 0 : is_none(e, ENTRIES);
}

static int read_stream(struct reading *r, struct bytes raw, struct err *e)
{
	struct bytes labels, values;

	r->n_streams++;
	r->n_values = 0;
	r->p.n = 0;
	r->p.too_many = false;
	if (!json_member(raw, "stream", &labels) || !json_member(raw, "values", &values) ||
	    !add_pairs(&r->p, labels, LABEL_STREAM))
		return r->p.too_many ? is_too_much(e) : is_none(e, ENTRIES);
	return read_values(r, values, e);
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

int remote_read_entries(struct bytes body, const struct remote_page *asked, struct arena *a,
			struct remote_entries *ret, struct err *e)
{
	struct reading r = { .asked = asked, .p.mem = a, .ret = ret };
	struct bytes result, stream, type;
	struct list l;
	int rc = 0;

	ret->n = 0;
	if (!read_data(body, "resultType", &type) || !bytes_is(type, "\"streams\"") ||
	    !read_data(body, "result", &result))
		return is_none(e, "streams");
	if (bytes_is(result, "null"))
		return 0;
	l = list_of(result, '[', ']');
	while (rc == 0 && list_next(&l, &stream))
		rc = read_stream(&r, stream, e);
	free(r.p.v);
	if (rc < 0)
		return -1;
	if (!l.ended)
		return is_none(e, ENTRIES);
	sort(ret, asked->dir);
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

/* Series whose values are not at their steps yet. */
struct series_reading {
	struct vec *ret; /* the number of series, and their memory */
	struct pairs p;
	struct labels *names;
	size_t cap;
	struct points ps;
};

/* {"metric":{..},"values":[..]}, or "value" */
static bool read_series(struct series_reading *r, struct bytes raw)
{
	struct bytes labels, values, v;
	struct list l;

	if (!json_member(raw, "metric", &labels))
		return false;
	mem_grow(&r->names, &r->cap, r->ret->n + 1, sizeof(*r->names));
	if (!read_labels(labels, &r->p, &r->names[r->ret->n]))
		return false;
	r->ret->n++;
	if (json_member(raw, "value", &v))
		return read_point(v, r->ret->n - 1, &r->ps);
	if (!json_member(raw, "values", &values))
		return false;
	l = list_of(values, '[', ']');
	while (list_next(&l, &v))
		if (!read_point(v, r->ret->n - 1, &r->ps))
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
	return true;
}

/* Series, whose number ret has already, with their values. */
static void fill(struct vec *ret, const struct labels *names, const struct points *ps,
		 const struct steps *steps)
{
	size_t n = ret->n;
	bool scalar = ret->is_scalar;

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
}

static bool read_result(struct series_reading *r, struct bytes result)
{
	struct list l = list_of(result, '[', ']');
	struct bytes one;

	if (r->ret->is_scalar) {
		mem_grow(&r->names, &r->cap, 1, sizeof(*r->names));
		r->names[r->ret->n++] = (struct labels){ 0 };
		return read_point(result, 0, &r->ps);
	}
	if (bytes_is(result, "null"))
		return true;
	while (list_next(&l, &one))
		if (!read_series(r, one))
			return false;
	return l.ended;
}

/* Of an answer that was read, or not so. */
static int check_values(bool ok, const struct series_reading *r, const struct steps *steps,
			struct err *e)
{
	if (!ok)
		return r->p.too_many ? is_too_much(e)
				     : is_none(e, "series with values at regular steps");
	if (r->ret->n && steps->n > VALUES_MAX / r->ret->n)
		return err_set(e, ERR_LIMIT,
			       "the server's answer has %zu series at %zu steps, more than %d "
			       "values: ask for less at once",
			       r->ret->n, steps->n, VALUES_MAX);
	return 0;
}

int remote_read_metric(struct bytes body, struct vec *ret, struct steps *ret_steps,
		       enum metric_kind *ret_kind, struct err *e)
{
	struct series_reading r = { .ret = ret, .p.mem = &ret->mem };
	struct bytes type, result;
	bool ok;
	int rc;

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
	ok = read_result(&r, result) && find_steps(&r.ps, ret_steps);
	rc = check_values(ok, &r, ret_steps, e);
	if (rc == 0)
		fill(ret, r.names, &r.ps, ret_steps);
	else
		vec_release(ret);
	free(r.names);
	free(r.ps.v);
	free(r.p.v);
	return rc;
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
	if (!has_room(a, n + 1, sizeof(**ret)))
		return is_too_much(e);
	*ret = arena_alloc(a, (n + 1) * sizeof(**ret));
	l = list_of(data, '[', ']');
	for (size_t i = 0; list_next(&l, &one); i++)
		if (!read_string(one, a, &(*ret)[i]))
			return is_none(e, "names");
	*ret_n = n;
	return l.ended ? 0 : is_none(e, "a list of names");
}

void remote_read_warnings(struct bytes body, struct arena *a, struct bytes *ret, size_t *ret_n)
{
	struct bytes raw, one;
	struct list l;

	*ret_n = 0;
	if (!json_member(body, "warnings", &raw))
		return;
	l = list_of(raw, '[', ']');
	while (*ret_n < REMOTE_WARNINGS_MAX && list_next(&l, &one))
		if (read_string(one, a, &ret[*ret_n]))
			(*ret_n)++;
}

static int read_sets(struct bytes data, struct pairs *p, struct labels *v, struct err *e)
{
	struct list l = list_of(data, '[', ']');
	struct bytes one;

	for (size_t i = 0; list_next(&l, &one); i++)
		if (!read_labels(one, p, &v[i]))
			return p->too_many ? is_too_much(e) : is_none(e, "label sets");
	return l.ended ? 0 : is_none(e, "a list of label sets");
}

int remote_read_series(struct bytes body, struct arena *a, struct labels **ret, size_t *ret_n,
		       struct err *e)
{
	struct pairs p = { .mem = a };
	struct bytes data, one;
	struct list l;
	int rc;

	*ret = NULL;
	*ret_n = 0;
	if (!json_member(body, "data", &data))
		return is_none(e, "a list of label sets");
	l = list_of(data, '[', ']');
	while (list_next(&l, &one))
		++*ret_n;
	if (!has_room(a, *ret_n + 1, sizeof(**ret)))
		return is_too_much(e);
	*ret = arena_alloc(a, (*ret_n + 1) * sizeof(**ret));
	rc = read_sets(data, &p, *ret, e);
	free(p.v);
	return rc;
}

int remote_read_count(struct bytes body, const char *name, uint64_t *ret, struct err *e)
{
	struct bytes raw;

	return json_member(body, name, &raw) && num_u64(raw, ret) ? 0
								  : is_none(e, "counts of streams");
}
