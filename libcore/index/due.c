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

static int see_day(int32_t day, struct live *l, void *data, struct err *e)
{
	struct seen *s = data;
	const struct due_day d = { day, l, of_day(&s->files, day), of_day(&s->packs, day) };

	(void)e;
	if (is_in_order(&d) && !s->wants(&d, s->data))
		return 0;
	mem_grow(&s->due, &s->cap_due, s->n_due + 1, sizeof(*s->due));
	s->due[s->n_due++] = day;
	return 0;
}

static int see_days(struct store *store, struct bytes tenant, struct seen *s, struct err *e)
{
	const struct dated *files = &s->files.all;
	struct buf folder = { 0 };
	struct live_file *v;
	int rc;

	buf_addf(&folder, "%.*s/", BYTES_ARG(tenant));
	rc = store_list_objects(store, buf_str(&folder), add, s, e);
	buf_release(&folder);
	if (rc < 0)
		return -1;
	v = mem_alloc((files->n + 1) * sizeof(*v));
	for (size_t i = 0; i < files->n; i++)
		v[i] = (struct live_file){ s->files.day[i], files->v[i].hash, files->v[i].size };
	rc = live_fetch(store, tenant, v, files->n, see_day, s, e);
	free(v);
	return rc;
}

int due_days(struct store *store, struct bytes tenant, int32_t last, due_wants_fn *wants,
	     live_day_fn *each, void *data, struct err *e)
{
	struct seen s = { .last = last, .wants = wants, .data = data };
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
