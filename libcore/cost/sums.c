#include "cost/sums.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "cost/money.h"
#include "time/time.h"

/* An open table of sums; what is free has key 0. A sum is nano + over * 2^64: what is given back
 * later may bring it where it fits. */
struct slot {
	uint64_t key;
	int64_t nano, over;
};

struct cost_sums {
	const struct cost_by *by;
	size_t n_by;
	struct map map[COST_BREAKDOWNS_MAX]; /* of values, to indices of groups */
	struct cost_group *groups;
	size_t n_groups, cap_groups;
	struct slot *slots;
	size_t n, cap;		 /* cap is a power of two */
	struct cost_cell *cells; /* of cost_sums_cells; NULL: there is more since */
	size_t group_bytes;	 /* against COST_GROUPS_MAX */
	struct buf key;
	struct arena mem;
};

enum { SLOTS_AT_FIRST = 1 << 10, GROUP_BYTES = 80 };

struct cost_sums *cost_sums_new(const struct cost_by *by, size_t n_by)
{
	struct cost_sums *s = mem_alloc(sizeof(*s));

	s->by = by;
	s->n_by = n_by;
	s->cap = SLOTS_AT_FIRST;
	s->slots = mem_alloc(s->cap * sizeof(*s->slots));
	return s;
}

void cost_sums_free(struct cost_sums *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_by; i++)
		map_release(&s->map[i]);
	free(s->groups);
	free(s->slots);
	free(s->cells);
	buf_release(&s->key);
	arena_release(&s->mem);
	free(s);
}

/* --- groups ---------------------------------------------------------------------------------- */

/* All values, each behind its length, so that ("a", "bc") is not ("ab", "c"). */
static struct bytes key_of(struct cost_sums *s, size_t by, const struct cost_record *r)
{
	const struct cost_by *b = &s->by[by];

	if (b->n == 1)
		return r->dim[b->dim[0]];
	buf_reset(&s->key);
	for (size_t i = 0; i < b->n; i++) {
		struct bytes v = r->dim[b->dim[i]];
		uint32_t n = (uint32_t)v.n;

		buf_add(&s->key, &n, sizeof(n));
		buf_add_bytes(&s->key, v);
	}
	return buf_bytes(&s->key);
}

/* A copy that stays. */
static struct bytes keep(struct cost_sums *s, struct bytes name)
{
	s->group_bytes += name.n;
	return arena_copy(&s->mem, name);
}

/* key is that of key_of: of one value, it is that. */
static uint32_t new_group(struct cost_sums *s, size_t by, const struct cost_record *r,
			  struct bytes key, uint64_t hash)
{
	const struct cost_by *b = &s->by[by];
	struct cost_group *g;

	s->group_bytes += GROUP_BYTES;
	mem_grow(&s->groups, &s->cap_groups, s->n_groups + 1, sizeof(*s->groups));
	g = &s->groups[s->n_groups];
	*g = (struct cost_group){ by, arena_alloc(&s->mem, (b->n + 1) * sizeof(*g->value)), -1,
				  INT32_MIN };
	for (size_t i = 0; i < b->n; i++)
		g->value[i] = keep(s, r->dim[b->dim[i]]);
	map_put(&s->map[by], hash, b->n == 1 ? g->value[0] : keep(s, key), (uint32_t)s->n_groups);
	return (uint32_t)s->n_groups++;
}

static int group_of(struct cost_sums *s, size_t by, const struct cost_record *r, uint32_t *ret,
		    struct err *e)
{
	struct bytes key = key_of(s, by, r);
	uint64_t hash = hash64(key);

	*ret = map_get(&s->map[by], hash, key);
	if (*ret == MAP_NONE)
		*ret = new_group(s, by, r, key, hash);
	if (s->group_bytes > COST_GROUPS_MAX)
		return err_set(
			e, ERR_LIMIT,
			"more than %d MiB of groups and their names: fewer of --by, or fewer "
			"records by --match, --from and --to",
			COST_GROUPS_MAX >> 20);
	return 0;
}

/* --- cells ----------------------------------------------------------------------------------- */

static uint64_t cell_key(uint32_t group, int32_t day)
{
	return ((uint64_t)group << 32 | (uint32_t)day) + 1;
}

static struct slot *slot_of(struct slot *slots, size_t cap, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (cap - 1);

	while (slots[i].key && slots[i].key != key)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static void grow(struct cost_sums *s)
{
	size_t cap = 2 * s->cap;
	struct slot *to = mem_alloc(cap * sizeof(*to));

	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i].key)
			*slot_of(to, cap, s->slots[i].key) = s->slots[i];
	free(s->slots);
	s->slots = to;
	s->cap = cap;
}

static int add(struct cost_sums *s, uint64_t key, int64_t nano, struct err *e)
{
	struct slot *to = slot_of(s->slots, s->cap, key);

	if (!to->key) {
		if (s->n == COST_CELLS_MAX)
			return err_set(e, ERR_LIMIT,
				       "more than %d groups and days: fewer of --by, or a shorter "
				       "time by --from and --to",
				       COST_CELLS_MAX);
		if (4 * (s->n + 1) > 3 * s->cap) {
			grow(s);
			to = slot_of(s->slots, s->cap, key);
		}
		s->n++;
		to->key = key;
	}
	if (__builtin_add_overflow(to->nano, nano, &to->nano))
		to->over += nano < 0 ? -1 : 1;
	return 0;
}

/* A count is not a sum over days: the newest one holds. */
static void add_objects(struct cost_group *g, const struct cost_record *r)
{
	if (r->day < g->objects_day)
		return;
	if (r->day > g->objects_day)
		g->objects = 0;
	g->objects_day = r->day;
	if (!money_add(&g->objects, r->objects))
		g->objects = INT64_MAX;
}

int cost_sums_add(struct cost_sums *s, const struct cost_record *r, struct err *e)
{
	free(s->cells);
	s->cells = NULL;
	for (size_t i = 0; i < s->n_by; i++) {
		uint32_t group;

		if (group_of(s, i, r, &group, e) < 0)
			return -1;
		if (r->objects >= 0)
			add_objects(&s->groups[group], r);
		if (add(s, cell_key(group, r->day), r->nano, e) < 0)
			return -1;
	}
	return 0;
}

int cost_sums_check(const struct cost_sums *s, struct err *e)
{
	char day[TIME_DAY_LEN + 1];

	for (size_t i = 0; i < s->cap; i++) {
		if (!s->slots[i].key || !s->slots[i].over)
			continue;
		time_day_text((int32_t)(s->slots[i].key - 1), day);
		return err_set(e, ERR_LIMIT, "the sum of %s is more than can be counted (up to %s)",
			       day, MONEY_MOST);
	}
	return 0;
}

/* --- in order -------------------------------------------------------------------------------- */

/* What says nothing stands behind all that says something. */
static int compare_values(struct bytes a, struct bytes b)
{
	if (!a.n || !b.n)
		return !a.n - !b.n;
	return bytes_cmp(a, b);
}

static int compare_groups(const void *pa, const void *pb, void *data)
{
	const struct cost_sums *s = data;
	const struct cost_group *a = &s->groups[*(const uint32_t *)pa],
				*b = &s->groups[*(const uint32_t *)pb];
	int c = (a->by > b->by) - (a->by < b->by);

	for (size_t i = 0; c == 0 && i < s->by[a->by].n; i++)
		c = compare_values(a->value[i], b->value[i]);
	return c;
}

static int compare_cells(const void *pa, const void *pb, void *data)
{
	const struct cost_cell *a = pa, *b = pb;
	const uint32_t *rank = data;
	uint32_t ra = rank[a->group], rb = rank[b->group];

	if (ra != rb)
		return ra < rb ? -1 : 1;
	return (a->day > b->day) - (a->day < b->day);
}

/* Of each group its place among all. */
static uint32_t *ranks(struct cost_sums *s)
{
	uint32_t *order = mem_alloc((s->n_groups + 1) * sizeof(*order));
	uint32_t *rank = mem_alloc((s->n_groups + 1) * sizeof(*rank));

	for (size_t i = 0; i < s->n_groups; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, s->n_groups, sizeof(*order), compare_groups, s);
	for (size_t i = 0; i < s->n_groups; i++)
		rank[order[i]] = (uint32_t)i;
	free(order);
	return rank;
}

const struct cost_cell *cost_sums_cells(struct cost_sums *s, size_t *ret_n)
{
	uint32_t *rank;
	size_t n = 0;

	*ret_n = s->n;
	if (s->cells)
		return s->cells;
	rank = ranks(s);
	s->cells = mem_alloc((s->n + 1) * sizeof(*s->cells));
	for (size_t i = 0; i < s->cap; i++) {
		uint64_t key = s->slots[i].key - 1;

		if (s->slots[i].key)
			s->cells[n++] = (struct cost_cell){ (uint32_t)(key >> 32), (int32_t)key,
							    s->slots[i].nano };
	}
	qsort_r(s->cells, n, sizeof(*s->cells), compare_cells, rank);
	free(rank);
	return s->cells;
}

const struct cost_group *cost_sums_group(const struct cost_sums *s, uint32_t group)
{
	return &s->groups[group];
}

size_t cost_sums_n_groups(const struct cost_sums *s)
{
	return s->n_groups;
}

const struct cost_by *cost_sums_by(const struct cost_sums *s, size_t by)
{
	return &s->by[by];
}
