#include "ring/plant.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

static const uint64_t ALL = UINT64_C(1) << 32;

/* The positions that a token has for itself: those below it, down to the next token of its zone. */
struct gap {
	uint32_t token;
	uint64_t width;
};

/* An instance of a zone: its gaps, the widest first (a heap). */
struct planted {
	uint64_t owned; /* positions */
	struct gap *gap;
	size_t n, cap;
	struct gap *before; /* on trial: the gaps as they were; NULL: they are */
};

/* The instances of a zone; the one that owns most first (a heap). */
struct zone {
	struct planted *v;
	size_t n, cap;
};

struct ring_planter {
	struct map zones;
	struct zone *zone;
	size_t n_zones, cap_zones;
	struct arena names;
	/* Tokens that are taken: open addressing, a power of two; 0 is free, else the token + 1. */
	uint64_t *used;
	size_t n_used, cap_used;
	bool on_trial; /* what is taken is given back */
};

struct ring_planter *ring_planter_new(void)
{
	return mem_alloc(sizeof(struct ring_planter));
}

void ring_planter_free(struct ring_planter *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_zones; i++) {
		for (size_t k = 0; k < p->zone[i].n; k++)
			free(p->zone[i].v[k].gap);
		free(p->zone[i].v);
	}
	free(p->zone);
	free(p->used);
	map_release(&p->zones);
	arena_release(&p->names);
	free(p);
}

/* ---- tokens that are taken ---- */

static uint64_t *place_of(const struct ring_planter *p, uint32_t token)
{
	size_t i = (size_t)(((uint64_t)token * UINT64_C(0x9e3779b97f4a7c15)) >> 32);

	for (;; i++) {
		uint64_t *at = &p->used[i & (p->cap_used - 1)];

		if (*at == 0 || *at == (uint64_t)token + 1)
			return at;
	}
}

/* For n more. */
static void make_room(struct ring_planter *p, size_t n)
{
	uint64_t *old = p->used;
	size_t n_old = p->cap_used, cap = n_old ? n_old : 1024;

	while (2 * (p->n_used + n) > cap)
		cap *= 2;
	if (cap == n_old)
		return;
	p->cap_used = cap;
	p->used = mem_alloc(cap * sizeof(*p->used));
	for (size_t i = 0; i < n_old; i++)
		if (old[i])
			*place_of(p, (uint32_t)(old[i] - 1)) = old[i];
	free(old);
}

static void use(struct ring_planter *p, uint32_t token)
{
	uint64_t *at;

	make_room(p, 1);
	at = place_of(p, token);
	p->n_used += *at == 0;
	*at = (uint64_t)token + 1;
}

/* Of the n that were used last; there was room for them before, so that each of the others lies
 * where it would without them. */
static void give_back(struct ring_planter *p, const uint32_t *token, size_t n)
{
	uint64_t **at = mem_alloc(n * sizeof(*at));

	for (size_t i = 0; i < n; i++)
		at[i] = place_of(p, token[i]);
	for (size_t i = 0; i < n; i++)
		*at[i] = 0;
	p->n_used -= n;
	free(at);
}

static bool is_used(const struct ring_planter *p, uint32_t token)
{
	return p->cap_used && *place_of(p, token) != 0;
}

/* ---- heaps ---- */

static void sink_gap(struct gap *v, size_t n, size_t i)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		struct gap swap = v[i];

		if (child + 1 < n && v[child + 1].width > v[child].width)
			child++;
		if (v[child].width <= swap.width)
			return;
		v[i] = v[child];
		v[child] = swap;
	}
}

static void sink_planted(struct planted *v, size_t n, size_t i)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		struct planted swap = v[i];

		if (child + 1 < n && v[child + 1].owned > v[child].owned)
			child++;
		if (v[child].owned <= swap.owned)
			return;
		v[i] = v[child];
		v[child] = swap;
	}
}

static void add_gap(struct planted *in, uint32_t token, uint64_t width)
{
	mem_grow(&in->gap, &in->cap, in->n + 1, sizeof(*in->gap));
	in->gap[in->n++] = (struct gap){ token, width };
	in->owned += width;
}

static void make_heaps(struct zone *z)
{
	for (size_t i = 0; i < z->n; i++)
		for (size_t k = z->v[i].n / 2; k-- > 0;)
			sink_gap(z->v[i].gap, z->v[i].n, k);
	for (size_t i = z->n / 2; i-- > 0;)
		sink_planted(z->v, z->n, i);
}

/* ---- a ring ---- */

static struct zone *zone_of(struct ring_planter *p, struct bytes name)
{
	uint64_t hash = hash64(name);
	uint32_t number = map_get(&p->zones, hash, name);

	if (number == MAP_NONE) {
		number = (uint32_t)p->n_zones;
		map_put(&p->zones, hash, arena_copy(&p->names, name), number);
		mem_grow(&p->zone, &p->cap_zones, p->n_zones + 1, sizeof(*p->zone));
		p->zone[p->n_zones++] = (struct zone){ 0 };
	}
	return &p->zone[number];
}

/* Whose zone, which of its instances, at which token. */
struct stand {
	size_t zone;
	uint32_t token, who;
};

static int cmp_stands(const void *a, const void *b)
{
	const struct stand *x = a, *y = b;

	if (x->zone != y->zone)
		return x->zone < y->zone ? -1 : 1;
	return (x->token > y->token) - (x->token < y->token);
}

static void add_gaps(struct ring_planter *p, const struct stand *v, size_t n)
{
	for (size_t i = 0, first = 0; i < n; i++) {
		uint64_t width;

		if (v[i].zone != v[first].zone)
			first = i;
		if (i > first) {
			width = v[i].token - v[i - 1].token;
		} else {
			size_t last = i;

			while (last + 1 < n && v[last + 1].zone == v[i].zone)
				last++;
			width = ALL - v[last].token + v[i].token;
		}
		add_gap(&p->zone[v[i].zone].v[v[i].who], v[i].token, width);
	}
}

void ring_planter_add_ring(struct ring_planter *p, const struct ring *r, int64_t now_ns)
{
	struct stand *v = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct ring_instance *in = &r->v[i];
		enum ring_state health = ring_health(&r->settings, in, now_ns);
		struct zone *z;

		for (size_t k = 0; k < in->n_tokens; k++)
			use(p, in->token[k]);
		if (health == RING_LEAVING || health == RING_UNHEALTHY)
			continue;
		z = zone_of(p, r->settings.zone_awareness ? in->zone : bytes_of(NULL, 0));
		mem_grow(&z->v, &z->cap, z->n + 1, sizeof(*z->v));
		z->v[z->n] = (struct planted){ 0 };
		mem_grow(&v, &cap, n + in->n_tokens, sizeof(*v));
		for (size_t k = 0; k < in->n_tokens; k++)
			v[n++] = (struct stand){ (size_t)(z - p->zone), in->token[k],
						 (uint32_t)z->n };
		z->n++;
	}
	if (n)
		qsort(v, n, sizeof(*v), cmp_stands);
	add_gaps(p, v, n);
	for (size_t i = 0; i < p->n_zones; i++)
		make_heaps(&p->zone[i]);
	free(v);
}

/* ---- a newcomer ---- */

/* A number from 0 to 1 that follows from name and i, as if by chance: so that the rings of zones do
 * not resemble one another. */
static double chance(uint64_t name, size_t i)
{
	const uint64_t of[2] = { name, i };

	return (double)(hash64(bytes_of(of, sizeof(of))) >> 11) / 9007199254740992.0;
}

/* Of n tokens, from `from` downwards, the first that is free; false when none is. */
static bool free_token(const struct ring_planter *p, uint64_t from, uint64_t n, uint32_t *ret)
{
	for (uint64_t i = 0; i < n; i++) {
		*ret = (uint32_t)(from - i);
		if (!is_used(p, *ret))
			return true;
	}
	return false;
}

static int cmp_tokens(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The first of a zone: evenly round the circle, but for a little; in fewer places when it is to
 * have less than what comes by itself. */
static void choose_first(struct ring_planter *p, uint64_t name, size_t n, double share,
			 struct planted *x, uint32_t *ret)
{
	size_t places = share < 1 ? (size_t)(share * (double)n) : n;

	places += places == 0;
	for (size_t i = 0; i < n; i++) {
		size_t place = i % places;
		double at = ((double)place + chance(name, place)) / (double)places;

		free_token(p, ALL + (uint64_t)(at * (double)ALL), ALL, &ret[i]);
		use(p, ret[i]);
	}
	qsort(ret, n, sizeof(*ret), cmp_tokens);
	for (size_t i = 0; i < n; i++)
		add_gap(x, ret[i], i ? ret[i] - ret[i - 1] : ALL - ret[n - 1] + ret[0]);
}

static void keep_gaps(struct planted *x)
{
	if (x->before)
		return;
	x->before = mem_alloc(x->n * sizeof(*x->before));
	memcpy(x->before, x->gap, x->n * sizeof(*x->before));
}

/* Takes about `want` positions from the one that has most, at the far end of its widest gap: the
 * newcomer's token stands before its own. Returns how many it took, 0: there is no room. */
static uint64_t take(struct ring_planter *p, struct zone *z, uint64_t want, uint32_t *ret)
{
	struct planted *most = &z->v[0];
	struct gap *widest = &most->gap[0];
	uint64_t got, most_of_it = widest->width - 1;

	if (most_of_it == 0)
		return 0;
	if (want > most_of_it)
		want = most_of_it;
	if (!free_token(p, ALL + widest->token - widest->width + want, want, ret))
		return 0;
	use(p, *ret);
	if (p->on_trial)
		keep_gaps(most);
	got = (uint32_t)(*ret - (widest->token - (uint32_t)widest->width));
	widest->width -= got;
	most->owned -= got;
	sink_gap(most->gap, most->n, 0);
	sink_planted(z->v, z->n, 0);
	return got;
}

static void choose_among(struct ring_planter *p, struct zone *z, uint64_t name, size_t n,
			 double share, struct planted *x, uint32_t *ret)
{
	double left = share * (double)ALL / (double)(z->n + 1);

	for (size_t i = 0; i < n; i++) {
		double want = left / (double)(n - i);
		uint64_t got;

		if (i + 1 < n)
			want *= 0.5 + chance(name, i);
		got = take(p, z, want < 1 ? 1 : (uint64_t)want, &ret[i]);
		left = (double)got < left ? left - (double)got : 0;
		if (got == 0) { /* the zone is cut to pieces: anywhere */
			free_token(p, ALL + (uint64_t)(chance(name, i) * (double)ALL), ALL,
				   &ret[i]);
			use(p, ret[i]);
			got = 1;
		}
		add_gap(x, ret[i], got);
	}
	qsort(ret, n, sizeof(*ret), cmp_tokens);
}

static void add_planted(struct zone *z, const struct planted *x)
{
	size_t i = z->n;

	mem_grow(&z->v, &z->cap, z->n + 1, sizeof(*z->v));
	z->v[z->n++] = *x;
	for (size_t k = x->n / 2; k-- > 0;)
		sink_gap(x->gap, x->n, k);
	for (; i > 0 && z->v[(i - 1) / 2].owned < z->v[i].owned; i = (i - 1) / 2) {
		struct planted swap = z->v[i];

		z->v[i] = z->v[(i - 1) / 2];
		z->v[(i - 1) / 2] = swap;
	}
}

static void choose(struct ring_planter *p, struct zone *z, const struct ring_newcomer *of,
		   double share, struct planted *x, uint32_t *ret)
{
	const uint64_t both[2] = { hash64(of->name), hash64(of->zone) };
	uint64_t hash = hash64(bytes_of(both, sizeof(both)));

	if (z->n == 0)
		choose_first(p, hash, of->n_tokens, share, x, ret);
	else
		choose_among(p, z, hash, of->n_tokens, share, x, ret);
}

void ring_planter_choose(struct ring_planter *p, const struct ring_newcomer *of, double share,
			 uint32_t *ret)
{
	struct zone *z = zone_of(p, of->zone);
	struct planted x = { 0 };

	choose(p, z, of, share, &x, ret);
	add_planted(z, &x);
}

void ring_planter_try(struct ring_planter *p, const struct ring_newcomer *of, double share,
		      uint32_t *ret)
{
	struct zone *z = zone_of(p, of->zone);
	struct planted *before = mem_alloc(z->n * sizeof(*before)), x = { 0 };

	if (z->n)
		memcpy(before, z->v, z->n * sizeof(*before));
	make_room(p, of->n_tokens);
	p->on_trial = true;
	choose(p, z, of, share, &x, ret);
	p->on_trial = false;
	free(x.gap);
	give_back(p, ret, of->n_tokens);
	for (size_t i = 0; i < z->n; i++) {
		if (!z->v[i].before)
			continue;
		memcpy(z->v[i].gap, z->v[i].before, z->v[i].n * sizeof(*z->v[i].gap));
		free(z->v[i].before);
	}
	if (z->n)
		memcpy(z->v, before, z->n * sizeof(*before));
	free(before);
}
