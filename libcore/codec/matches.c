/*
 * Log lines repeat whole phrases, and between them have ids and numbers, of which a few bytes stand
 * elsewhere too, by chance. So two tables are enough that know for a hash where its bytes stood
 * last: of 20 bytes, which tells the line of the same kind, and of 6. What is found is not taken
 * before the next few bytes were looked at: a longer match often begins behind a match by chance.
 */
#include "codec/matches.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	FAR = 20, /* bytes of a hash */
	NEAR = 6,
	REPEAT_MIN = 4, /* of a match as far back as one of the last two */
	STEP_LOG = 6,	/* after so many bytes without a match, only every second is looked at */
	BLOCK = ZSTD_BLOCKSIZE_MAX,
	LAP = 1 << MATCHES_WINDOW_LOG, /* a place in a table has fewer bits; above are the hash's */
};

struct match {
	uint32_t n, offset;
};

/* Places are counted from the start of a lap of the text, before which nothing is found. */
struct lap {
	const char *text;
	size_t end; /* of the block at hand */
	uint32_t *far, *near;
	unsigned log_far, log_near;
	uint32_t last, before; /* offsets */
};

void matches_release(struct matches *m)
{
	free(m->v);
	free(m->far);
	free(m->near);
	*m = (struct matches){ 0 };
}

/* ---- tables ---- */

static inline uint64_t load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t load4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t hash_far(const char *p)
{
	uint64_t first = load8(p) * UINT64_C(0xcf1bbcdcb7a56463);
	uint64_t last = load8(p + FAR - 8) * UINT64_C(0x9e3779b97f4a7c15);

	return (first ^ last >> 1) * UINT64_C(0xff51afd7ed558ccd);
}

static inline uint64_t hash_near(uint64_t first)
{
	return (first << (64 - 8 * NEAR)) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Puts a place in, and gives what was there: a place before it, where the other bits of the hash
 * are the same too; else a larger number, for nearly all others. */
static inline uint32_t exchange(uint32_t *table, unsigned log, uint64_t hash, size_t at)
{
	uint32_t *slot = &table[hash >> (64 - log)];
	uint32_t mark = (uint32_t)(hash >> (32 - log)) & ~(uint32_t)(LAP - 1), was = *slot ^ mark;

	*slot = (uint32_t)at | mark;
	return was;
}

static inline void put_in(const struct lap *l, size_t at)
{
	const char *p = l->text + at;

	exchange(l->far, l->log_far, hash_far(p), at);
	exchange(l->near, l->log_near, hash_near(load8(p)), at);
}

/* ---- matches ---- */

static inline uint32_t length(const struct lap *l, size_t at, size_t from)
{
	size_t start = at;

	for (; at + 8 <= l->end; at += 8, from += 8) {
		uint64_t differ = load8(l->text + at) ^ load8(l->text + from);

		if (differ)
			return (uint32_t)(at - start) + (uint32_t)__builtin_ctzll(differ) / 8;
	}
	while (at < l->end && l->text[at] == l->text[from])
		at++, from++;
	return (uint32_t)(at - start);
}

/* What the tables have for the bytes at a place; not with that offset, which is known already. */
static inline struct match find(const struct lap *l, size_t at, uint32_t known)
{
	const char *p = l->text + at;
	uint64_t first = load8(p);
	uint32_t far = exchange(l->far, l->log_far, hash_far(p), at);
	uint32_t near = exchange(l->near, l->log_near, hash_near(first), at);
	size_t from;

	if (far < at && load8(l->text + far) == first)
		from = far;
	else if (near < at && (load8(l->text + near) ^ first) << (64 - 8 * NEAR) == 0)
		from = near;
	else
		return (struct match){ 0 };
	if (at - from == known)
		return (struct match){ 0 };
	return (struct match){ length(l, at, from), (uint32_t)(at - from) };
}

static inline struct match repeat(const struct lap *l, size_t at, uint32_t offset)
{
	const char *p = l->text + at;

	if (offset > at || load4(p) != load4(p - offset))
		return (struct match){ 0 };
	return (struct match){ length(l, at, at - offset), offset };
}

/* Bits that it saves, about: 4 a byte, less those of its offset. */
static inline int32_t worth(const struct lap *l, struct match m)
{
	return (int32_t)m.n * 4 - (m.offset == l->last ? 0 : 31 - __builtin_clz(m.offset + 3));
}

/* What is the best so far of the matches that begin at the next bytes. */
struct best {
	struct match match;
	size_t start;
	int32_t worth; /* what another has to surpass */
	unsigned left; /* bytes that are still to be looked at */
};

static inline void consider(struct best *b, const struct lap *l, const struct match_effort *how,
			    struct match m, size_t at)
{
	if (m.n && worth(l, m) > b->worth)
		*b = (struct best){ m, at, worth(l, m) + 1, how->steps + 1 };
}

/* The best match that begins at *at or at one of the next bytes. *at becomes the first place that
 * was not looked at. */
static inline struct best look(const struct lap *l, const struct match_effort *how, size_t *at,
			       size_t limit)
{
	struct best b = { .left = 1 };

	for (; b.left > 0 && *at < limit && b.match.n < how->enough; b.left--, ++*at) {
		if (b.match.offset != l->last)
			consider(&b, l, how, repeat(l, *at, l->last), *at);
		consider(&b, l, how, find(l, *at, b.match.offset), *at);
	}
	return b;
}

static void add(struct matches *m, size_t literals, struct match match)
{
	m->v[m->n++] = (ZSTD_Sequence){ match.offset, (uint32_t)literals, match.n, 0 };
}

/* Places inside a match, from `at` to its end. */
static void put_in_some(const struct lap *l, size_t at, size_t end, size_t limit, unsigned stride)
{
	if (end > limit)
		return;
	for (at += stride - 1; at + 2 < end; at += stride)
		put_in(l, at);
	put_in(l, end - 2);
	put_in(l, end - 1);
}

static void find_in_block(struct matches *m, const struct match_effort *how, struct lap *l,
			  size_t start)
{
	size_t limit = l->end - start > FAR ? l->end - FAR : start, at = start, done = start;

	while (at < limit) {
		size_t first = at, begin, end;
		struct best best = look(l, how, &at, limit);
		struct match match = best.match;

		if (!match.n) {
			at = first + 1 + ((first - done) >> STEP_LOG);
			continue;
		}
		begin = best.start;
		end = begin + match.n;
		if (match.offset != l->last) {
			for (; begin > done && begin > match.offset &&
			       l->text[begin - 1] == l->text[begin - 1 - match.offset];
			     begin--)
				match.n++;
			l->before = l->last;
			l->last = match.offset;
		}
		add(m, begin - done, match);
		if (at < end)
			put_in_some(l, at, end, limit, how->stride);
		done = at = end;
		while (at < limit && (match = repeat(l, at, l->before)).n) {
			l->before = l->last;
			l->last = match.offset;
			add(m, 0, match);
			put_in(l, at);
			done = at += match.n;
		}
	}
	add(m, l->end - done, (struct match){ 0 });
}

static unsigned log_for(unsigned max, size_t n)
{
	unsigned log = 6;

	while (log < max && (size_t)1 << log < n)
		log++;
	return log;
}

static void make_room(uint32_t **table, uint8_t *log, uint8_t want)
{
	if (*log >= want && *table)
		return;
	free(*table);
	*table = mem_alloc(sizeof(**table) << want);
	*log = want;
}

void matches_find(struct matches *m, const struct match_effort *how, struct bytes text)
{
	struct lap l = { .last = 1, .before = 4 };

	mem_grow(&m->v, &m->cap, text.n / REPEAT_MIN + text.n / BLOCK + 2, sizeof(*m->v));
	make_room(&m->far, &m->log_far, how->log_far);
	make_room(&m->near, &m->log_near, how->log_near);
	l.far = m->far;
	l.near = m->near;
	m->n = 0;
	for (size_t lap = 0; lap < text.n; lap += LAP) {
		size_t n = text.n - lap < LAP ? text.n - lap : LAP;

		l.text = text.p + lap;
		l.log_far = log_for(how->log_far, n);
		l.log_near = log_for(how->log_near, n);
		memset(l.far, 0, sizeof(*l.far) << l.log_far);
		memset(l.near, 0, sizeof(*l.near) << l.log_near);
		for (size_t at = 0; at < n; at = l.end) {
			l.end = n - at < BLOCK ? n : at + BLOCK;
			find_in_block(m, how, &l, at);
		}
	}
}
