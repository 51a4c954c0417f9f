#include "index/look.h"

#include "base/io.h"
#include "index/check.h"
#include "store/names.h"

/* Faults of one file: the calls that find them know only the place inside. */
struct place {
	struct index_look *l;
	struct index *ix;
};

static void on_fault(const struct err *e, void *data)
{
	const struct place *p = data;
	struct err full = *e;

	err_wrap(&full, "'%s'", index_label(p->ix));
	p->l->fault(&full, p->l->data);
}

static int print_stats(struct index_look *l, struct err *e)
{
	struct buf out = { 0 };
	int rc;

	if (!l->stats)
		return 0;
	index_stats_print(l->stats, buf_bytes(&l->tenant), l->n_largest, &out);
	rc = l->sink(buf_bytes(&out), l->data, e);
	index_stats_free(l->stats);
	l->stats = NULL;
	buf_release(&out);
	return rc;
}

static int add_stats(struct index_look *l, struct index *ix, const bool *skip_pack, struct err *e)
{
	struct place place = { l, ix };
	struct bytes tenant = index_info(ix)->tenant;
	struct err why;

	if (l->stats && !bytes_eq(buf_bytes(&l->tenant), tenant) &&
	    (print_stats(l, e) < 0 || l->sink(BYTES_LIT("\n"), l->data, e) < 0))
		return -1;
	if (!l->stats) {
		l->stats = index_stats_new();
		buf_reset(&l->tenant);
		buf_add_bytes(&l->tenant, tenant);
	}
	if (index_stats_add(l->stats, ix, skip_pack, &why) < 0)
		on_fault(&why, &place);
	return 0;
}

/* s is NULL for a file that is looked at alone. */
static int look(struct index_look *l, struct store *s, struct index *ix, const bool *skip_pack,
		struct err *e)
{
	struct place place = { l, ix };
	struct err why;

	switch (l->what) {
	case INDEX_LOOK_DUMP:
		if (index_dump(ix, l->sink, l->data, &why) == 0)
			break;
		if (why.code != ERR_CORRUPT) {
			*e = why;
			return -1;
		}
		on_fault(&why, &place);
		break;
	case INDEX_LOOK_STATS:
		return add_stats(l, ix, skip_pack, e);
	case INDEX_LOOK_VERIFY:
		if (index_check(s, ix, s ? INDEX_CHECK_PACKS : INDEX_CHECK_FILE, on_fault,
				&place) == 0)
			l->right(index_label(ix), l->data);
		break;
	}
	return 0;
}

int index_look_file(struct index_look *l, const char *path, struct err *e)
{
	struct io_map map;
	struct index *ix;
	struct err why;
	int rc = 0;

	if (io_map(path, &map, &why) < 0) {
		l->fault(&why, l->data);
		return 0;
	}
	ix = index_open(map.b, path, &why);
	if (ix)
		rc = look(l, NULL, ix, NULL, e);
	else
		l->fault(&why, l->data);
	index_close(ix);
	io_unmap(&map);
	return rc;
}

/* What is obsolete may be deleted at any moment. */
static int look_at_obsolete(struct index_look *l, struct store *s, const struct store_name *name,
			    struct err *e)
{
	struct buf text = { 0 };
	struct index *ix;
	struct err why = { 0 };
	int rc = 0;

	store_name_add(&text, name);
	ix = index_load(s, buf_str(&text), &why);
	if (ix)
		rc = look(l, NULL, ix, NULL, e);
	else if (why.code != ERR_NO)
		l->fault(&why, l->data);
	index_close(ix);
	buf_release(&text);
	return rc;
}

struct walk {
	struct index_look *l;
	struct store *s;
};

static int look_at_day(struct live *live, struct bytes tenant, int32_t day, void *data,
		       struct err *e)
{
	struct walk *w = data;
	int rc = 0;

	for (size_t i = 0; i < live->n_faults; i++)
		w->l->fault(&live->faults[i].err, w->l->data);
	for (size_t i = 0; i < live->n && rc == 0; i++)
		rc = look(w->l, w->s, live->v[i], live->skip_pack[i], e);
	if (w->l->what != INDEX_LOOK_VERIFY)
		return rc;
	for (size_t i = 0; i < live->n_obsolete && rc == 0; i++) {
		struct store_name sn = { STORE_INDEX, day, tenant, live->obsolete[i] };

		rc = look_at_obsolete(w->l, w->s, &sn, e);
	}
	return rc;
}

int index_look_store(struct index_look *l, struct store *s, struct bytes tenant, struct err *e)
{
	struct walk w = { l, s };

	return live_each(s, tenant, look_at_day, &w, e);
}

int index_look_end(struct index_look *l, struct err *e)
{
	int rc = print_stats(l, e);

	index_stats_free(l->stats);
	buf_release(&l->tenant);
	return rc;
}
