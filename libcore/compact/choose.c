/*
 * A run is as long as it can be without a pack that is much larger than the others: its largest
 * pack is at most 2 / fan_in of the whole. So with each rewriting a byte comes into a pack that is
 * fan_in / 2 times as large as the one before, and mostly fan_in times.
 */
#include "compact/choose.h"

enum {
	RUN_PACKS = 8,	    /* what one run makes at most, so that a killed one loses little */
	KEY_STEP = 1 << 20, /* room for as many keys where a tie leaves no other place */
};

static bool is_free(const struct choose_pack *p, const struct choose_how *how)
{
	return !p->stays && (p->wasteful || p->size < how->pack_bytes / 2);
}

/* The largest key below `below` of v[0..end); false when there is none. */
static bool key_below(const struct choose_pack *v, size_t end, int64_t below, int64_t *ret)
{
	while (end > 0 && v[end - 1].order_key >= below)
		end--;
	if (end > 0)
		*ret = v[end - 1].order_key;
	return end > 0;
}

/*
 * A key for what the run becomes: above that of the pack before it, below that of the pack behind.
 * It is the highest of its own, unless one of those has that, too, as packs of JSON lines have,
 * whose keys are all 0. False when there is no such key.
 */
static bool find_key(const struct choose_pack *v, size_t n, struct choose_run *r)
{
	size_t end = r->first + r->n;
	int64_t key = v[end - 1].order_key;
	const int64_t *before = r->first > 0 ? &v[r->first - 1].order_key : NULL;
	const int64_t *behind = end < n ? &v[end].order_key : NULL;

	if (behind && key == *behind) {
		if (key_below(v, end, *behind, &key))
			key++;
		else if (__builtin_sub_overflow(*behind, KEY_STEP, &key))
			return false;
	} else if (before && key == *before) {
		if (__builtin_add_overflow(*before, KEY_STEP, &key))
			return false;
		if (behind && key >= *behind)
			key = *behind - 1;
	}
	if ((before && key <= *before) || (behind && key >= *behind))
		return false;
	r->order_key = key;
	return true;
}

/* Shortens a run that no key fits, first at its end, then at its beginning, to `least` packs at
 * the least. */
static bool settle(const struct choose_pack *v, size_t n, size_t least, struct choose_run *r)
{
	const struct choose_run all = *r;

	for (; r->n >= least; r->n--)
		if (find_key(v, n, r))
			return true;
	for (*r = all; r->n >= least; r->first++, r->n--)
		if (find_key(v, n, r))
			return true;
	return false;
}

/* The longest run from `first` on of packs of `max` bytes at most. */
static size_t run_from(const struct choose_pack *v, size_t n, const struct choose_how *how,
		       size_t first, uint64_t max, uint64_t *ret_total, uint64_t *ret_largest)
{
	uint64_t total = 0, largest = 0;
	size_t i = first;

	for (; i < n && is_free(&v[i], how) && v[i].size <= max &&
	       total < RUN_PACKS * how->pack_bytes && (how->most == 0 || i - first < how->most);
	     i++) {
		total += v[i].size;
		largest = v[i].size > largest ? v[i].size : largest;
	}
	*ret_total = total;
	*ret_largest = largest;
	return i - first;
}

static bool run_below(const struct choose_pack *v, size_t n, const struct choose_how *how,
		      uint64_t max, struct choose_run *ret)
{
	size_t least = how->day_over ? 2 : how->fan_in;

	if (how->most && how->most < least)
		least = how->most;
	for (size_t i = 0; i < n; i++) {
		struct choose_run r = { .first = i };
		uint64_t total, largest;

		r.n = run_from(v, n, how, i, max, &total, &largest);
		i += r.n;
		if (r.n < least)
			continue;
		if (!how->day_over && total < least * largest / 2)
			continue;
		if (settle(v, n, least, &r)) {
			*ret = r;
			return true;
		}
	}
	return false;
}

/* Neighbours of which most is dead: each is written once, and is then not wasteful any more. */
static bool wasteful_run(const struct choose_pack *v, size_t n, const struct choose_how *how,
			 struct choose_run *ret)
{
	for (size_t i = 0; i < n; i++) {
		struct choose_run r = { .first = i };
		uint64_t total = 0;

		for (; i < n && v[i].wasteful && !v[i].stays &&
		       total < RUN_PACKS * how->pack_bytes && (how->most == 0 || r.n < how->most);
		     i++, r.n++)
			total += v[i].size;
		if (r.n > 0 && settle(v, n, 1, &r)) {
			*ret = r;
			return true;
		}
	}
	return false;
}

bool choose_run(const struct choose_pack *v, size_t n, const struct choose_how *how,
		struct choose_run *ret)
{
	if (wasteful_run(v, n, how, ret))
		return true;
	if (how->day_over)
		return run_below(v, n, how, UINT64_MAX, ret);
	/* The small ones first: they are in the way of the others, and cheap. */
	for (uint64_t max = 1; max / 2 < how->pack_bytes; max *= 2)
		if (run_below(v, n, how, max, ret))
			return true;
	return false;
}
