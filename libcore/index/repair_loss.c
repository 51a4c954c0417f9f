#include "index/repair_loss.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "index/loss.h"

/* Of one pack. */
struct lost {
	struct store_name name;
	const struct salvaged *rest; /* NULL: it is not there */
	struct loss loss;
	bool all_known;
};

/* 1; 0, also of one that the repair has just put there; -1. */
static int is_gone(const struct repair_day *r, const struct store_name *pack, struct err *e)
{
	struct buf name = { 0 };
	int rc;

	store_name_add(&name, pack);
	rc = store_has(r->store, buf_str(&name), NULL, e);
	buf_release(&name);
	return rc < 0 ? -1 : !rc;
}

/* Index files say best what it had; else the heads of its chunks do, of those that were found. */
static int find_loss(const struct repair_day *r, struct lost *l, struct err *e)
{
	static const struct kept_blocks none;
	int rc = l->rest ? 1 : is_gone(r, &l->name, e);

	l->all_known = true;
	if (rc <= 0)
		return rc;
	rc = loss_of_pack(r->store, &l->name, l->rest ? &l->rest->kept : &none, &l->loss, e);
	l->all_known = rc == 1;
	if (rc == 0 && l->rest) {
		l->loss = l->rest->lost;
		l->all_known = l->rest->all_seen;
	}
	return rc < 0 ? -1 : 0;
}

static bool is_lost(const struct lost *l)
{
	return l->loss.entries > 0 || !l->all_known;
}

static void tell(const struct lost *l, uint64_t regained, repair_lost_fn *fn, void *data)
{
	struct buf name = { 0 }, what = { 0 };

	store_name_add(&name, &l->name);
	if (!l->rest)
		buf_add_str(&what, "there is no such pack: ");
	if (l->loss.entries > 0) {
		loss_add_text(&l->loss, &what);
		buf_add_str(&what, " of it can no longer be read");
	}
	if (!l->all_known)
		buf_addf(&what,
			 "%swhat %sit had can no longer be read, and no index file that can "
			 "be read tells how much that was",
			 l->loss.entries > 0 ? "; " : "",
			 l->loss.entries > 0 || (l->rest && l->rest->entries) ? "else " : "");
	if (regained > 0)
		buf_addf(&what, "; packs that count again have %" PRIu64 " %s, which may be of it",
			 regained, num_word(regained, "entry", "entries"));
	fn(buf_str(&name), buf_str(&what), data);
	buf_release(&name);
	buf_release(&what);
}

int repair_tell_losses(const struct repair_day *r, const struct repair_packs *unusable,
		       const struct hash_list *missing, repair_lost_fn *fn, void *data,
		       struct err *e)
{
	struct lost *v = mem_alloc((unusable->n + missing->n + 1) * sizeof(*v));
	size_t n = 0, n_lost = 0;
	uint64_t entries = 0, regained = 0;
	bool all_known = true;
	int rc = 0;

	for (size_t i = 0; i < missing->n; i++)
		v[n++] = (struct lost){ .name = { STORE_PACK, r->day, r->tenant, missing->v[i] } };
	for (size_t i = 0; i < unusable->n; i++)
		v[n++] = (struct lost){ .name = unusable->v[i].name,
					.rest = &unusable->v[i].salvaged };
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = find_loss(r, &v[i], e);
		entries += v[i].loss.entries;
		n_lost += is_lost(&v[i]);
		all_known = all_known && v[i].all_known;
	}
	if (rc == 0 && n_lost)
		rc = loss_regained(r->store, r->tenant, r->day, &r->without, &regained, e);
	for (size_t i = 0; i < n && rc == 0 && !(all_known && regained >= entries); i++)
		if (is_lost(&v[i]))
			tell(&v[i], regained, fn, data);
	free(v);
	return rc;
}
