#include "cost/usage.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "index/fsck.h"
#include "index/live.h"
#include "store/names.h"
#include "store/tenants.h"
#include "time/time.h"

/* As the store lists it. */
struct pack {
	struct hash128 hash;
	int32_t day;
	uint32_t class;
	int64_t date_ns;
	bool is_known; /* some index file has it, or had it, or cannot be read */
};

struct reading {
	const struct usage_ask *ask;
	struct usage *u;
	struct bytes tenant;
	struct map packs; /* of the tenant: hash -> index in pack */
	struct pack *pack;
	size_t n_packs, cap_packs;
	struct bytes *class;
	size_t n_classes, cap_classes;
	struct buf key;
	struct arena mem; /* names of packs */
};

void usage_release(struct usage *u)
{
	free(u->v);
	map_release(&u->known);
	arena_release(&u->mem);
	*u = (struct usage){ 0 };
}

uint64_t usage_lines(const struct usage_row *r)
{
	uint64_t sum = 0;

	for (int i = 0; i < CODEC_COUNT; i++)
		sum += r->lines[i];
	return sum;
}

/* ---- rows ---- */

static struct usage_row *row_of(struct reading *r, int32_t day, struct bytes class,
				struct bytes value)
{
	struct usage *u = r->u;
	uint64_t h;
	uint32_t at;

	buf_reset(&r->key);
	buf_add_bytes(&r->key, r->tenant);
	buf_add_char(&r->key, '\0');
	buf_add(&r->key, &day, sizeof(day));
	buf_add_bytes(&r->key, class);
	buf_add_char(&r->key, '\0');
	buf_add_bytes(&r->key, value);
	h = hash64(buf_bytes(&r->key));
	at = map_get(&u->known, h, buf_bytes(&r->key));
	if (at == MAP_NONE) {
		at = (uint32_t)u->n;
		map_put(&u->known, h, arena_copy(&u->mem, buf_bytes(&r->key)), at);
		mem_grow(&u->v, &u->cap, u->n + 1, sizeof(*u->v));
		u->v[u->n++] = (struct usage_row){ .tenant = r->tenant,
						   .day = day,
						   .class = class,
						   .value = arena_copy(&u->mem, value) };
	}
	return &u->v[at];
}

/* "GLACIER_IR" is "glacier-ir". The number among the classes seen so far. */
static uint32_t class_of(struct reading *r, const char *name)
{
	const char *text = name ? name : r->ask->class;

	buf_reset(&r->key);
	for (; *text; text++)
		buf_add_char(&r->key, *text >= 'A' && *text <= 'Z' ? (char)(*text + 'a' - 'A')
				      : *text == '_'		   ? '-'
								   : *text);
	for (size_t i = 0; i < r->n_classes; i++)
		if (bytes_eq(r->class[i], buf_bytes(&r->key)))
			return (uint32_t)i;
	mem_grow(&r->class, &r->cap_classes, r->n_classes + 1, sizeof(*r->class));
	r->class[r->n_classes] = arena_copy(&r->u->mem, buf_bytes(&r->key));
	return (uint32_t)r->n_classes++;
}

/* ---- what the store lists ---- */

static int on_object(const struct store_object *o, void *data, struct err *e)
{
	struct reading *r = data;
	uint32_t class = class_of(r, o->storage_class);
	struct store_name name;
	struct usage_row *row;
	int32_t day = USAGE_NO_DAY;

	(void)e;
	if (store_name_parse(bytes_str(o->name), &name, NULL) == 0) {
		struct bytes hash = bytes_of(name.hash.b, sizeof(name.hash.b));

		day = name.day;
		if (name.kind == STORE_PACK && map_get(&r->packs, hash64(hash), hash) == MAP_NONE) {
			map_put(&r->packs, hash64(hash), arena_copy(&r->mem, hash),
				(uint32_t)r->n_packs);
			mem_grow(&r->pack, &r->cap_packs, r->n_packs + 1, sizeof(*r->pack));
			r->pack[r->n_packs++] =
				(struct pack){ name.hash, day, class, o->date_ns, false };
		}
	}
	row = row_of(
		r, day, r->class [class], (struct bytes) { 0 });
	row->objects++;
	row->bytes += o->size;
	return 0;
}

/* ---- what the index has ---- */

/* One index file, as far as it can be read. */
struct file {
	struct reading *r;
	struct index *ix;
	int32_t day;
	uint32_t *class; /* of each of its packs; MAP_NONE: it does not count */
};

static int add_chunk(const struct file *f, const struct index_chunk *c, struct bytes value,
		     struct err *e)
{
	struct usage_row *row;
	struct bytes class;
	uint64_t lines = 0, stored;

	if (f->class[c->pack] == MAP_NONE)
		return 0;
	if (index_chunk_stored(f->ix, c, &stored, e) < 0)
		return -1;
	for (uint32_t k = 0; k < c->n_blocks; k++) {
		struct index_block b;

		if (index_block_at(f->ix, c, k, &b, e) < 0)
			return -1;
		lines += b.line_bytes;
	}
	class = f->r->class[f->class[c->pack]];
	if (value.n) {
		row = row_of(f->r, f->day, class, (struct bytes){ 0 });
		if (row->bytes < stored)
			return err_set(e, ERR_CORRUPT, "its chunks are larger than their packs");
		row->bytes -= stored;
	}
	row = row_of(f->r, f->day, class, value);
	if (value.n)
		row->bytes += stored;
	row->entries += c->entries;
	if (c->encoding < CODEC_COUNT) {
		row->lines[c->encoding] += lines;
		row->chunks[c->encoding] += stored;
	}
	return 0;
}

static int add_series(const struct file *f, uint32_t i, struct arena *mem, struct err *e)
{
	struct bytes value = { 0 };
	struct index_series s;
	struct labels l;

	if (index_series_at(f->ix, i, &s, e) < 0)
		return -1;
	if (f->r->ask->label) {
		if (index_series_labels(f->ix, i, mem, &l, e) < 0)
			return -1;
		for (size_t k = 0; k < l.n; k++)
			if (bytes_is(l.v[k].name, f->r->ask->label))
				value = l.v[k].value;
	}
	for (uint32_t k = 0; k < s.n_chunks; k++) {
		struct index_chunk c;

		if (index_chunk_at(f->ix, s.first_chunk + k, &c, e) < 0 ||
		    add_chunk(f, &c, value, e) < 0)
			return -1;
	}
	return 0;
}

/* The number of the pack, or MAP_NONE: the store does not list it. */
static uint32_t find_pack(const struct reading *r, const struct hash128 *hash)
{
	struct bytes key = bytes_of(hash->b, sizeof(hash->b));

	return map_get(&r->packs, hash64(key), key);
}

/* It may have come behind the listing. */
static int check_there(const struct file *f, const struct hash128 *hash, struct err *e)
{
	struct store_name name = { STORE_PACK, f->day, f->r->tenant, *hash };
	struct buf text = { 0 };
	struct err why;
	int rc;

	store_name_add(&text, &name);
	rc = store_has(f->r->ask->store, buf_str(&text), NULL, e);
	if (rc == 0) {
		err_set(&why, ERR_CORRUPT, "'%s': its pack '%s' is not there", index_label(f->ix),
			buf_str(&text));
		f->r->ask->fault(&why, f->r->ask->data);
	}
	buf_release(&text);
	return rc < 0 ? -1 : 0;
}

static int add_file(const struct file *f, const bool *skip_pack, struct err *e)
{
	const struct index_info *in = index_info(f->ix);
	struct arena mem = { 0 };
	int rc = 0;

	for (uint32_t i = 0; i < in->n_packs && rc == 0; i++) {
		struct index_pack p;
		uint32_t at;

		f->class[i] = MAP_NONE;
		rc = index_pack_at(f->ix, i, &p, e);
		if (rc < 0 || skip_pack[i])
			continue;
		at = find_pack(f->r, &p.name);
		if (at == MAP_NONE)
			rc = check_there(f, &p.name, e);
		else
			f->class[i] = f->r->pack[at].class;
	}
	for (uint32_t i = 0; i < in->n_series && rc == 0; i++) {
		rc = add_series(f, i, &mem, e);
		arena_reset(&mem);
	}
	arena_release(&mem);
	return rc;
}

/* Of a day with index files that cannot be read nobody knows which packs they have. */
static int note_known(struct reading *r, const struct live *l, int32_t day, struct err *e)
{
	struct hash_list known = { 0 };

	if (l->n_faults == 0 && live_known_packs(l, &known, e) < 0)
		return -1;
	for (size_t i = 0; i < known.n; i++) {
		uint32_t at = find_pack(r, &known.v[i]);

		if (at != MAP_NONE)
			r->pack[at].is_known = true;
	}
	for (size_t i = 0; l->n_faults && i < r->n_packs; i++)
		r->pack[i].is_known |= r->pack[i].day == day;
	free(known.v);
	return 0;
}

static int cmp_packs(const void *pa, const void *pb)
{
	const struct pack *a = pa, *b = pb;

	return (a->day > b->day) - (a->day < b->day);
}

/* Day by day. The map is of no use behind it. */
static void tell_unindexed(struct reading *r)
{
	if (r->n_packs)
		qsort(r->pack, r->n_packs, sizeof(*r->pack), cmp_packs);
	for (size_t i = 0, end; i < r->n_packs; i = end) {
		struct buf folder = { 0 };
		bool may_come = false;
		uint64_t n = 0;
		struct err e;

		for (end = i; end < r->n_packs && r->pack[end].day == r->pack[i].day; end++) {
			if (r->pack[end].is_known)
				continue;
			n++;
			may_come |=
				r->ask->now_ns - r->pack[end].date_ns < FSCK_UNINDEXED_S * NS_PER_S;
		}
		if (n == 0)
			continue;
		store_folder_add(&folder, STORE_PACK, r->tenant, r->pack[i].day);
		err_set(&e, ERR_CORRUPT,
			"'%s': no index file has %" PRIu64 " of its packs: entries in them are not "
			"counted",
			buf_str(&folder), n);
		r->ask->unindexed(&e, may_come, r->ask->data);
		buf_release(&folder);
	}
}

static int on_day(struct live *l, struct bytes tenant, int32_t day, void *data, struct err *e)
{
	struct reading *r = data;

	(void)tenant;
	if (note_known(r, l, day, e) < 0)
		return -1;
	for (size_t i = 0; i < l->n_faults; i++)
		r->ask->fault(&l->faults[i].err, r->ask->data);
	for (size_t i = 0; i < l->n; i++) {
		uint32_t n_packs = index_info(l->v[i])->n_packs;
		struct file f = { .r = r, .ix = l->v[i], .day = day };
		struct err why;

		f.class = mem_alloc((n_packs + 1) * sizeof(*f.class));
		if (add_file(&f, l->skip_pack[i], &why) < 0) {
			err_wrap(&why, "'%s'", index_label(l->v[i]));
			r->ask->fault(&why, r->ask->data);
		}
		free(f.class);
	}
	return 0;
}

static int on_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct reading *r = data;
	struct buf folder = { 0 };
	int rc;

	(void)size;
	r->tenant = arena_copy(&r->u->mem, bytes_str(name));
	map_reset(&r->packs);
	r->n_packs = 0;
	arena_reset(&r->mem);
	buf_addf(&folder, "%s/", name);
	rc = store_list_objects(r->ask->store, buf_str(&folder), on_object, r, e);
	if (rc == 0)
		rc = live_each(r->ask->store, r->tenant, on_day, r, e);
	if (rc == 0)
		tell_unindexed(r);
	buf_release(&folder);
	return rc;
}

static int cmp_rows(const void *pa, const void *pb)
{
	const struct usage_row *a = pa, *b = pb;
	int c = bytes_cmp(a->tenant, b->tenant);

	if (c == 0)
		c = (a->day > b->day) - (a->day < b->day);
	if (c == 0)
		c = bytes_cmp(a->class, b->class);
	return c ? c : bytes_cmp(a->value, b->value);
}

int usage_read(const struct usage_ask *ask, struct usage *ret, struct err *e)
{
	struct usage u = { 0 };
	struct reading r = { .ask = ask, .u = &u };
	int rc = store_each_tenant(ask->store, ask->tenant, on_tenant, &r, e);

	map_release(&r.packs);
	free(r.class);
	free(r.pack);
	buf_release(&r.key);
	arena_release(&r.mem);
	if (rc < 0) {
		usage_release(&u);
		return -1;
	}
	if (u.n)
		qsort(u.v, u.n, sizeof(*u.v), cmp_rows);
	*ret = u;
	return 0;
}

void usage_until(struct usage *u, int32_t last)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		if (u->v[i].day <= last) /* USAGE_NO_DAY is before all */
			u->v[n++] = u->v[i];
	u->n = n;
}

struct bytes usage_class_of(const struct usage_row *r, const struct usage_tier *v, size_t n,
			    const char *from_class, int32_t today)
{
	struct bytes class = r->class;

	if (!bytes_is(r->class, from_class) || r->day == USAGE_NO_DAY)
		return class;
	for (size_t i = 0; i < n; i++)
		if ((int64_t)today - r->day >= v[i].days)
			class = bytes_str(v[i].class);
	return class;
}
