#include "query/hide.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/work.h"
#include "limits/file.h"
#include "query/source.h"
#include "retention/retention.h"
#include "store/store.h"

enum { READ_JOBS = 8 };

struct tenant {
	struct bytes name;
	struct delete_filter *filter;
	size_t n, cap;
};

struct hide {
	struct limits_set *limits; /* NULL: none */
	int64_t now_ns;
	struct tenant *v;
	size_t n, cap;
};

static const struct limits *limits_for(const struct hide *h, struct bytes tenant)
{
	return h && h->limits ? limits_of(h->limits, tenant) : NULL;
}

static const struct tenant *find_tenant(const struct hide *h, struct bytes name)
{
	for (size_t i = 0; h && i < h->n; i++)
		if (bytes_eq(h->v[i].name, name))
			return &h->v[i];
	return NULL;
}

static void tenant_release(struct tenant *t)
{
	for (size_t i = 0; i < t->n; i++)
		delete_filter_release(&t->filter[i]);
	free(t->filter);
}

void hide_close(struct hide *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++)
		tenant_release(&h->v[i]);
	limits_set_drop(h->limits);
	free(h->v);
	free(h);
}

/* --- read ------------------------------------------------------------------------------------ */

static int add_filters(struct tenant *t, const struct delete_requests *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		struct delete_filter *f;

		mem_grow(&t->filter, &t->cap, t->n + 1, sizeof(*t->filter));
		f = &t->filter[t->n];
		if (delete_filter_init(f, &l->v[i], e) < 0) {
			delete_filter_release(f);
			e->code = ERR_CORRUPT; /* it is not the query's fault */
			return err_wrap(e, "request to delete '%s'", l->v[i].id);
		}
		t->n++;
	}
	return 0;
}

/* Limits, and the requests of each tenant: at once where that is a request to somebody. */
struct reading {
	struct hide *hide;
	const char *limits_file;
	struct store *store;
	struct delete_requests *list; /* of each of hide's tenants */
};

static int read_one(void *data, unsigned worker, size_t item, size_t slot, struct err *e)
{
	struct reading *r = data;
	struct report quiet = { 0 };

	(void)worker;
	(void)slot;
	if (item == 0)
		return limits_load(r->limits_file, r->store, &r->hide->limits, &quiet, e);
	return deletes_list(r->store, r->hide->v[item - 1].name, DELETES_IN_FORCE,
			    &r->list[item - 1], e);
}

static int read_all(struct reading *r, struct err *e)
{
	struct hide *h = r->hide;
	struct work work = {
		.n = h->n + 1, .jobs = 1, .window = 2 * READ_JOBS, .run = read_one, .data = r
	};
	int rc;

	r->list = mem_alloc((h->n + 1) * sizeof(*r->list));
	if (r->store && store_is_remote(r->store))
		work.jobs = work.n < READ_JOBS ? (unsigned)work.n : READ_JOBS;
	rc = work_run(&work, e);
	for (size_t i = 0; i < h->n && rc == 0; i++) {
		const struct limits *limits = limits_for(h, h->v[i].name);

		if (!limits || limits->deletion_mode != LIMITS_DELETE_DISABLED)
			rc = add_filters(&h->v[i], &r->list[i], e);
	}
	for (size_t i = 0; i < h->n; i++)
		deletes_release(&r->list[i]);
	free(r->list);
	return rc;
}

static bool any_filter(const struct hide *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].n)
			return true;
	return false;
}

static void add_tenant(struct hide *h, struct bytes name)
{
	if (!name.n || find_tenant(h, name))
		return;
	mem_grow(&h->v, &h->cap, h->n + 1, sizeof(*h->v));
	h->v[h->n++] = (struct tenant){ .name = name };
}

/* Whether anything of the tenants (all, if there are none) ever expires. */
static bool any_expires(const struct hide *h, struct bytes tenants)
{
	struct bytes one;
	int64_t first, last;

	if (!h->limits)
		return false;
	if (!tenants.n)
		return true;
	while (bytes_split(&tenants, '|', &one)) {
		retention_bounds(limits_for(h, one), h->now_ns, &first, &last);
		if (last > INT64_MIN)
			return true;
	}
	return false;
}

int hide_open(const struct source_opts *o, struct store *s, struct hide **ret, struct err *e)
{
	struct reading r = { .limits_file = o->limits_file, .store = s };
	struct bytes rest = o->tenant, one;
	struct hide *h;

	*ret = NULL;
	if (!s && !o->limits_file)
		return 0;
	h = mem_alloc(sizeof(*h));
	h->now_ns = o->now_ns;
	while (s && bytes_split(&rest, '|', &one))
		add_tenant(h, one);
	r.hide = h;
	if (read_all(&r, e) < 0) {
		hide_close(h);
		return -1;
	}
	if (any_filter(h) || any_expires(h, o->tenant))
		*ret = h;
	else
		hide_close(h);
	return 0;
}

/* --- meanwhile --- */

struct hide_later {
	const struct source_opts *o;
	struct store *s;
	struct hide *hide;
	int rc;
	struct err err; /* of rc -1 */
	pthread_t thread;
	bool runs;
};

static void *read_meanwhile(void *data)
{
	struct hide_later *l = data;

	l->rc = hide_open(l->o, l->s, &l->hide, &l->err);
	return NULL;
}

struct hide_later *hide_begin(const struct source_opts *o, struct store *s)
{
	struct hide_later *l = mem_alloc(sizeof(*l));

	l->o = o;
	l->s = s;
	l->runs =
		s && store_is_remote(s) && pthread_create(&l->thread, NULL, read_meanwhile, l) == 0;
	if (!l->runs)
		read_meanwhile(l);
	return l;
}

static void wait_for(struct hide_later *l)
{
	if (l->runs)
		pthread_join(l->thread, NULL);
	l->runs = false;
}

int hide_get(struct hide_later *l, const struct hide **ret, struct err *e)
{
	wait_for(l);
	if (l->rc < 0)
		return err_set(e, l->err.code, "%s", l->err.msg);
	*ret = l->hide;
	return 0;
}

void hide_end(struct hide_later *l)
{
	if (!l)
		return;
	wait_for(l);
	hide_close(l->hide);
	free(l);
}

/* --- asked ----------------------------------------------------------------------------------- */

int64_t hide_from(const struct hide *h, struct bytes tenant)
{
	const struct limits *l = limits_for(h, tenant);
	int64_t first = INT64_MIN, last;

	if (l)
		retention_bounds(l, h->now_ns, &first, &last);
	return first;
}

bool hide_touches(const struct hide *h, struct bytes tenant, int64_t min_ts, int64_t max_ts)
{
	const struct limits *l = limits_for(h, tenant);
	const struct tenant *t = find_tenant(h, tenant);
	int64_t first, last = INT64_MIN;

	if (l)
		retention_bounds(l, h->now_ns, &first, &last);
	if (min_ts < last)
		return true;
	for (size_t i = 0; t && i < t->n; i++)
		if (delete_filter_touches(&t->filter[i], min_ts, max_ts))
			return true;
	return false;
}

struct hide_stream hide_stream_of(const struct hide *h, struct arena *a, struct bytes tenant,
				  const struct labels *own)
{
	const struct limits *l = limits_for(h, tenant);
	const struct tenant *t = find_tenant(h, tenant);
	struct hide_stream ret = { .from_ns = INT64_MIN };
	const struct delete_filter **v = NULL;

	if (l && tenant.n) /* raw lines are nobody's */
		ret.from_ns = retention_cut(retention_of(l, own).period_ns, h->now_ns);
	for (size_t i = 0; t && i < t->n; i++) {
		if (!delete_filter_wants(&t->filter[i], own))
			continue;
		if (!v)
			v = arena_alloc(a, (t->n - i) * sizeof(*v));
		v[ret.n++] = &t->filter[i];
	}
	ret.filter = v;
	return ret;
}

static bool is_applied(const struct hide_applied *applied, const char *id)
{
	for (size_t i = 0; i < applied->n; i++)
		if (bytes_is(applied->v[i], id))
			return true;
	return false;
}

bool hide_stream_touches(const struct hide_stream *s, const struct hide_applied *applied,
			 int64_t min_ts, int64_t max_ts)
{
	for (size_t i = 0; i < s->n; i++)
		if (delete_filter_touches(s->filter[i], min_ts, max_ts) &&
		    !is_applied(applied, s->filter[i]->id))
			return true;
	return false;
}

unsigned hide_stream_wants(const struct hide_stream *s, int64_t min_ts, int64_t max_ts)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->filter[i]->n_lines && delete_filter_touches(s->filter[i], min_ts, max_ts))
			return WANT_TS | WANT_LENS | WANT_LINES;
	return WANT_TS;
}

bool hide_stream_hides(const struct hide_stream *s, const struct run *r, size_t i)
{
	int64_t ts = r->ts_ns[i];

	if (ts < s->from_ns)
		return true;
	for (size_t k = 0; k < s->n; k++) {
		const struct delete_filter *f = s->filter[k];
		bool in_time = delete_filter_touches(f, ts, ts);

		if (in_time && (!f->n_lines || delete_filter_means(f, ts, run_line(r, i))))
			return true;
	}
	return false;
}
