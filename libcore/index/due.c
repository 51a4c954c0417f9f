#include "index/due.h"

#include <stdlib.h>

#include "base/mem.h"
#include "index/live_files.h"

/* Objects of one kind, by day, then by name, as a listing gives them. */
struct objects {
	struct dated all;
	int32_t *day; /* of each */
	size_t cap;
	size_t at; /* the first that is of no day before the one at hand */
};

struct seen {
	int32_t last;
	size_t files_max;
	struct objects packs, files;
	due_wants_fn *wants;
	void *data;
	int32_t *due;
	size_t n_due, cap_due;
};

static int add(const struct store_object *o, void *data, struct err *e)
{
	struct seen *s = data;
	struct objects *to;
	struct store_name sn;

	(void)e;
	if (store_name_parse(bytes_str(o->name), &sn, NULL) < 0 || sn.day > s->last)
		return 0; /* not ours, or nothing that is looked at here */
	to = sn.kind == STORE_PACK ? &s->packs : &s->files;
	mem_grow(&to->all.v, &to->all.cap, to->all.n + 1, sizeof(*to->all.v));
	mem_grow(&to->day, &to->cap, to->all.n + 1, sizeof(*to->day));
	to->day[to->all.n] = sn.day;
	to->all.v[to->all.n++] = (struct dated_object){ sn.hash, o->size, o->date_ns };
	return 0;
}

/* Those of the day; the days come ascending. */
static struct dated of_day(struct objects *o, int32_t day)
{
	struct dated ret = { 0 };

	while (o->at < o->all.n && o->day[o->at] < day)
		o->at++;
	ret.v = o->all.v + o->at;
	while (o->at + ret.n < o->all.n && o->day[o->at + ret.n] == day)
		ret.n++;
	return ret;
}

static bool is_in_order(const struct due_day *d)
{
	const struct live *l = d->live;
	size_t n_named = 0;

	if (l->n_faults || l->n_obsolete || d->packs.n == 0)
		return false;
	for (size_t i = 0; i < l->n; i++)
		for (uint32_t k = 0; k < index_info(l->v[i])->n_packs; k++) {
			const struct dated_object *there;
			struct index_pack p;

			if (l->skip_pack[i][k])
				continue;
			if (index_pack_at(l->v[i], k, &p, NULL) < 0)
				return false;
			there = dated_find(&d->packs, &p.name);
			if (!there || there->size != p.size)
				return false;
			n_named++;
		}
	return n_named == d->packs.n;
}

static void add_due(struct seen *s, int32_t day)
{
	mem_grow(&s->due, &s->cap_due, s->n_due + 1, sizeof(*s->due));
	s->due[s->n_due++] = day;
}

static int see_day(int32_t day, struct live *l, void *data, struct err *e)
{
	struct seen *s = data;
	const struct due_day d = { day, l, of_day(&s->files, day), of_day(&s->packs, day) };

	(void)e;
	if (!is_in_order(&d) || s->wants(&d, s->data))
		add_due(s, day);
	return 0;
}

/* Fills v with the index files that are to be fetched; days with more of them are due. Returns how
 * many. */
static size_t choose_files(struct seen *s, struct live_file *v)
{
	const struct objects *f = &s->files;
	size_t n = 0;

	for (size_t i = 0, end; i < f->all.n; i = end) {
		for (end = i; end < f->all.n && f->day[end] == f->day[i];)
			end++;
		if (end - i > s->files_max) {
			add_due(s, f->day[i]);
			continue;
		}
		for (size_t k = i; k < end; k++)
			v[n++] =
				(struct live_file){ f->day[k], f->all.v[k].hash, f->all.v[k].size };
	}
	return n;
}

static int cmp_days(const void *pa, const void *pb)
{
	int32_t a = *(const int32_t *)pa, b = *(const int32_t *)pb;

	return (a > b) - (a < b);
}

static int see_days(struct store *store, struct bytes tenant, struct seen *s, struct err *e)
{
	struct buf folder = { 0 };
	struct live_file *v;
	int rc;

	buf_addf(&folder, "%.*s/", BYTES_ARG(tenant));
	rc = store_list_objects(store, buf_str(&folder), add, s, e);
	buf_release(&folder);
	if (rc < 0)
		return -1;
	v = mem_alloc((s->files.all.n + 1) * sizeof(*v));
	rc = live_fetch(store, tenant, v, choose_files(s, v), see_day, s, e);
	if (s->n_due)
		qsort(s->due, s->n_due, sizeof(*s->due), cmp_days);
	free(v);
	return rc;
}

int due_days(struct store *store, struct bytes tenant, int32_t last, size_t files_max,
	     due_wants_fn *wants, live_day_fn *each, void *data, struct err *e)
{
	struct seen s = { .last = last, .files_max = files_max, .wants = wants, .data = data };
	int rc;

	if (!store_is_remote(store) && !live_is_far(store, tenant))
		return live_days(store, tenant, INT32_MIN, last, each, data, e);
	rc = see_days(store, tenant, &s, e);
	for (size_t i = 0; i < s.n_due && rc == 0; i++)
		rc = each(s.due[i], data, e);
	dated_release(&s.packs.all);
	dated_release(&s.files.all);
	free(s.packs.day);
	free(s.files.day);
	free(s.due);
	return rc;
}
