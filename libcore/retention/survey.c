/*
 * Counted is what live index files name, and these files: what is obsolete goes anyway. So room on
 * the disk is asked for less what the next sweeps free.
 */
#include "retention/survey.h"

#include <math.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/mem.h"
#include "base/num.h"
#include "retention/expire.h"
#include "store/names.h"
#include "store/tenants.h"
#include "time/time.h"
#include "yaml/key.h"

struct tally {
	const struct retain *r;
	struct survey *s;
	struct bytes tenant; /* whose days these are; of the arena */
	uint64_t tenant_bytes;
	uint64_t bytes;	  /* of all tenants: live */
	uint64_t present; /* all objects of theirs */
};

static struct bytes key_of(struct buf *b, struct bytes tenant, int32_t day,
			   const struct hash128 *pack)
{
	buf_reset(b);
	buf_addf(b, "%d/", day);
	buf_add(b, pack->b, sizeof(pack->b));
	buf_add_bytes(b, tenant);
	return buf_bytes(b);
}

/* ---- what there is ---- */

static int add_pack(struct tally *t, const struct expiry *y, size_t i, uint32_t p, int32_t day,
		    struct keep_index *index, struct err *e)
{
	struct survey *s = t->s;
	struct index_pack row;

	if (y->live->skip_pack[i][p] || y->n_left[i][p] == 0)
		return 0;
	if (index_pack_at(y->live->v[i], p, &row, e) < 0)
		return -1;
	t->tenant_bytes += row.size;
	index->n_packs++;
	mem_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct keep_pack){ .tenant = t->tenant,
					   .day = day,
					   .name = row.name,
					   .size = row.size,
					   .max_ts = row.max_ts,
					   .index = index,
					   .stays = y->held[i][p] };
	return 0;
}

/* One of which all expires now is not counted: it goes anyway; nor one that has no pack any more,
 * as keep_drop does not count what is left of those that it empties. */
static int add_index(struct tally *t, const struct expiry *y, size_t i, int32_t day, struct err *e)
{
	const struct index_info *in = index_info(y->live->v[i]);
	struct keep_index *index = arena_alloc(&t->s->mem, sizeof(*index));
	int rc = 0;

	*index = (struct keep_index){ .size = in->size };
	for (uint32_t p = 0; p < in->n_packs && rc == 0; p++)
		rc = add_pack(t, y, i, p, day, index, e);
	if (index->n_packs > 0)
		t->tenant_bytes += in->size;
	return rc;
}

static int survey_day(struct live *l, struct bytes tenant, int32_t day, void *data, struct err *e)
{
	struct tally *t = data;
	const struct expire x = { .tenant = tenant,
				  .limits = t->r->limits ? limits_of(t->r->limits, tenant) : NULL,
				  .hold = t->r->hold,
				  .now_ns = t->r->now_ns };
	uint64_t bytes = 0;
	struct expiry y;
	struct err why;
	int rc = expire_find(&x, l, &y, &why);

	for (size_t i = 0; i < l->n; i++)
		bytes += index_info(l->v[i])->size;
	if (bytes > t->s->largest_day)
		t->s->largest_day = bytes;
	if (rc < 0) { /* the run itself tells of it */
		expiry_release(&y);
		return 0;
	}
	for (size_t i = 0; i < l->n && rc == 0; i++)
		rc = add_index(t, &y, i, day, e);
	expiry_release(&y);
	return rc;
}

static int add_size(const char *name, uint64_t size, void *data, struct err *e)
{
	(void)name;
	(void)e;
	*(uint64_t *)data += size;
	return 0;
}

/* ---- one tenant ---- */

static const char *rule_text(struct survey *s, const char *name, struct buf *value)
{
	struct buf b = { 0 };
	struct bytes ret;

	buf_addf(&b, "%s %s", name, buf_str(value));
	buf_add_char(&b, '\0');
	ret = arena_copy(&s->mem, buf_bytes(&b));
	buf_release(&b);
	buf_release(value);
	return ret.p;
}

/* 0: the tenant has none. */
static uint64_t quota_of(const struct tally *t)
{
	const struct limits *l = t->r->limits ? limits_of(t->r->limits, t->tenant) : NULL;

	return l && l->max_storage_action == LIMITS_DROP_OLDEST ? l->max_storage_bytes : 0;
}

static void drop_over_quota(struct tally *t)
{
	uint64_t quota = quota_of(t);
	struct buf value = { 0 };

	if (quota == 0 || t->tenant_bytes <= quota)
		return;
	key_add_size(&value, quota);
	keep_sort(t->s->v, t->s->n);
	t->tenant_bytes -= keep_drop(t->s->v, t->s->n, t->tenant, t->tenant_bytes - quota,
				     rule_text(t->s, "max_storage_bytes", &value));
}

static int survey_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct tally *t = data;
	struct buf folder = { 0 };
	size_t first = t->s->n;
	struct err why;
	int rc;

	(void)size;
	t->tenant = arena_copy(&t->s->mem, bytes_str(name));
	t->tenant_bytes = 0;
	if (t->r->keep_bytes == 0 && t->r->keep_free <= 0 && quota_of(t) == 0)
		return 0;
	rc = live_each(t->r->store, t->tenant, survey_day, t, &why);
	if (rc < 0 && why.code != ERR_CORRUPT) /* the run itself tells of it */
		return err_set(e, why.code, "%s", why.msg);
	rc = 0;
	if (t->s->n > first)
		keep_mark_newest(t->s->v + first, t->s->n - first, time_day(t->r->now_ns));
	if (rc == 0 && t->r->keep_free > 0) {
		buf_addf(&folder, "%s/", name);
		rc = store_list(t->r->store, buf_str(&folder), add_size, &t->present, e);
		buf_release(&folder);
	}
	if (rc == 0)
		drop_over_quota(t);
	t->bytes += t->tenant_bytes;
	return rc;
}

/* ---- the whole ---- */

static void tell_missed(const struct retain *r, const char *rule, uint64_t bytes, const char *why)
{
	struct buf b = { 0 };

	if (r->missed) {
		num_add_size(&b, bytes);
		buf_add_str(&b, why);
		r->missed(rule, buf_str(&b), r->data);
	}
	buf_release(&b);
}

static void drop_for_bytes(struct tally *t)
{
	const struct retain *r = t->r;
	struct survey *s = t->s;
	struct buf value = { 0 };
	const char *rule;
	bool any = false;

	if (t->bytes <= r->keep_bytes)
		return;
	num_add_whole_size(&value, r->keep_bytes, "i");
	rule = rule_text(s, "--keep-bytes", &value);
	t->bytes -= keep_drop(s->v, s->n, (struct bytes){ 0 }, t->bytes - r->keep_bytes, rule);
	for (size_t i = 0; i < s->n; i++)
		any = any || !s->v[i].rule;
	if (any && t->bytes > r->keep_bytes) /* else only index files are left, for a while */
		tell_missed(r, rule, t->bytes - r->keep_bytes,
			    " too many are left, and all of it is held");
}

static int drop_for_space(struct tally *t, struct err *e)
{
	const struct retain *r = t->r;
	struct buf value = { 0 };
	uint64_t is_free, want, soon, missing, dropped;
	const char *rule;
	struct statvfs fs;

	if (statvfs(store_path(r->store), &fs) < 0)
		return err_sys(e, "cannot ask how full the disk of '%s' is", store_path(r->store));
	is_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	soon = t->present > t->bytes ? t->present - t->bytes : 0;
	want = (uint64_t)ceil((double)fs.f_blocks * (double)fs.f_frsize * r->keep_free / 100);
	if (is_free + soon >= want)
		return 0;
	missing = want - is_free - soon;
	buf_addf(&value, "%g%%", r->keep_free);
	rule = rule_text(t->s, "--keep-free", &value);
	/* Who fills the disk may be somebody else: then no store is small enough. */
	for (size_t i = 0; i < t->s->n; i++)
		t->s->v[i].stays |= t->s->v[i].newest;
	dropped = keep_drop(t->s->v, t->s->n, (struct bytes){ 0 }, missing, rule);
	if (dropped < missing)
		tell_missed(r, rule, missing - dropped,
			    " more would have to be free, and all that is left is held or of the "
			    "newest day of its tenant");
	return 0;
}

static void index_picks(struct survey *s)
{
	struct buf key = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct bytes k;

		if (!s->v[i].rule)
			continue;
		k = arena_copy(&s->mem, key_of(&key, s->v[i].tenant, s->v[i].day, &s->v[i].name));
		map_put(&s->at, hash64(k), k, (uint32_t)i);
	}
	buf_release(&key);
}

int survey_store(const struct retain *r, struct survey *ret, struct err *e)
{
	struct tally t = { .r = r, .s = ret };
	int rc;

	*ret = (struct survey){ .n = 0 };
	rc = store_each_tenant(r->store, r->tenant, survey_tenant, &t, e);
	keep_sort(ret->v, ret->n);
	if (rc == 0 && r->keep_bytes)
		drop_for_bytes(&t);
	if (rc == 0 && r->keep_free > 0)
		rc = drop_for_space(&t, e);
	if (rc == 0)
		index_picks(ret);
	return rc;
}

void survey_release(struct survey *s)
{
	arena_release(&s->mem);
	free(s->v);
	map_release(&s->at);
	*s = (struct survey){ .n = 0 };
}

bool survey_is_wanted(const struct retain *r)
{
	return r->keep_bytes || r->keep_free > 0 ||
	       (r->limits && limits_any_drops_oldest(r->limits));
}

const char *survey_rule(const struct survey *s, struct bytes tenant, int32_t day,
			const struct hash128 *pack)
{
	struct buf key = { 0 };
	struct bytes k = key_of(&key, tenant, day, pack);
	uint32_t i = map_get(&s->at, hash64(k), k);

	buf_release(&key);
	return i == MAP_NONE ? NULL : s->v[i].rule;
}
