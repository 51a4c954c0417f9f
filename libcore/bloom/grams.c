#include "bloom/grams.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Once for each kind whose lengths are constants then: add_grams. */
#define INLINED static inline __attribute__((always_inline))

const uint8_t gram_rows[GRAM_KINDS] = {
	[GRAM_LETTERS] = 3, [GRAM_SPARSE] = 4, [GRAM_HEX] = 6, [GRAM_REST] = 4, [GRAM_ESCAPE] = 6,
};

/* Bytes of a gram, and grams of a window. */
static const struct shape {
	uint32_t gram, window;
} shape[GRAM_KINDS] = {
	[GRAM_LETTERS] = { 4, 1 },
	[GRAM_SPARSE] = { 6, 9 },
	[GRAM_HEX] = { 6, 11 },
	[GRAM_REST] = { 5, 5 },
};

/* Of a gram as a number: its bytes, the first one lowest, and a 1 above them. Never 0, as no key
 * is.
 */
static inline uint64_t hash_of(uint64_t key)
{
	key ^= key >> 30;
	key *= UINT64_C(0xbf58476d1ce4e5b9);
	key ^= key >> 27;
	key *= UINT64_C(0x94d049bb133111eb);
	return key ^ key >> 31;
}

void gram_list_release(struct gram_list *l)
{
	free(l->v);
	*l = (struct gram_list){ 0 };
}

void gram_scratch_release(struct gram_scratch *s)
{
	folded_release(&s->text);
	folded_release(&s->latin);
	buf_release(&s->replaced);
	free(s->slot);
	free(s->seen);
	*s = (struct gram_scratch){ 0 };
}

void grams_begin(struct gram_scratch *s, struct bytes text)
{
	s->latin.n = 0;
	if (!fold(&s->text, text) &&
	    fold_twins(bytes_of(folded_text(&s->text), text.n), &s->replaced))
		fold(&s->latin, buf_bytes(&s->replaced));
}

/* ---- the set of a call ---- */

/* Both are emptied for each text, so they are no larger than it needs. Most blocks have no more
 * values of a kind than fit into the set at first: one for each 43 bytes. */
enum { SLOTS_MIN = 1 << 11, SLOT_BYTES = 32, SEEN_LOG_MAX = 13 };

static unsigned log_of(size_t n, unsigned max)
{
	unsigned log = 6;

	while (log < max && (size_t)1 << log < n)
		log++;
	return log;
}

static void set_begin(struct gram_scratch *s, size_t text_n)
{
	size_t want = text_n < SLOTS_MIN ? text_n : SLOTS_MIN;

	if (want < text_n / SLOT_BYTES)
		want = text_n / SLOT_BYTES;
	s->cap_slots = (size_t)1 << log_of(want, 40);
	if (s->room_slots < s->cap_slots) {
		free(s->slot);
		s->slot = mem_alloc(s->cap_slots * sizeof(*s->slot));
		s->room_slots = s->cap_slots;
	} else {
		memset(s->slot, 0, s->cap_slots * sizeof(*s->slot));
	}
}

static void seen_begin(struct gram_scratch *s, size_t text_n)
{
	s->seen_log = log_of(text_n / 8, SEEN_LOG_MAX);
	if (s->room_seen_log < s->seen_log) {
		free(s->seen);
		s->seen = mem_alloc(sizeof(*s->seen) << s->seen_log);
		s->room_seen_log = s->seen_log;
	} else {
		memset(s->seen, 0, sizeof(*s->seen) << s->seen_log);
	}
}

static inline size_t place_of(const struct gram_scratch *s, uint64_t key)
{
	return (key * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & (s->cap_slots - 1);
}

static void set_grow(struct gram_scratch *s)
{
	uint64_t *old = s->slot;
	size_t cap_old = s->cap_slots;

	s->cap_slots *= 2;
	s->room_slots = s->cap_slots;
	s->slot = mem_alloc(s->cap_slots * sizeof(*s->slot));
	for (size_t i = 0; i < cap_old; i++) {
		size_t at;

		if (!old[i])
			continue;
		at = place_of(s, old[i]);
		while (s->slot[at])
			at = (at + 1) & (s->cap_slots - 1);
		s->slot[at] = old[i];
	}
	free(old);
}

/* Whether the key is new; *n counts those that are. */
static inline bool set_add(struct gram_scratch *s, uint64_t key, size_t *n)
{
	size_t at = place_of(s, key);

	while (s->slot[at] != key) {
		if (!s->slot[at]) {
			s->slot[at] = key;
			if (++*n * 4 > s->cap_slots * 3)
				set_grow(s);
			return true;
		}
		at = (at + 1) & (s->cap_slots - 1);
	}
	return false;
}

static void list_add(struct gram_list *l, uint64_t hash)
{
	mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = hash;
}

/* Which of 64 bytes are the last of n bytes one of which is in the mask; before: that of the 64
 * before. */
INLINED uint64_t any_of(uint64_t mask, uint64_t before, unsigned n)
{
	unsigned __int128 any = (unsigned __int128)mask << 64 | before;

	for (unsigned have = 1; have < n;) {
		unsigned more = have < n - have ? have : n - have;

		any |= any << more;
		have += more;
	}
	return (uint64_t)(any >> 64);
}

/* Which bytes end a gram of the kind. */
INLINED uint64_t ends_of(enum gram_kind kind, struct fold_classes c, struct fold_classes before)
{
	unsigned n = shape[kind].gram;
	uint64_t newline;

	if (kind == GRAM_HEX)
		return ~any_of(~c.hex, ~before.hex, n);
	newline = any_of(c.newline, before.newline, n);
	if (kind == GRAM_REST)
		return any_of(~(c.letter | c.hex), ~(before.letter | before.hex), n) &
		       ~any_of(c.letter, before.letter, n) & ~newline;
	return any_of(c.letter, before.letter, n) & ~newline;
}

/* ---- grams ---- */

static inline uint64_t load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The gram of n bytes, 7 at most, that ends with the one at p. */
static inline uint64_t key_at(const char *p, unsigned n)
{
	return load8(p - 7) >> (64 - 8 * n) | UINT64_C(1) << 8 * n;
}

/* Whether these 8 bytes, which are not all 0, stood in the text before, as far as is remembered. */
static inline bool seen(struct gram_scratch *s, uint64_t bytes)
{
	uint64_t *slot = &s->seen[bytes * UINT64_C(0x9e3779b97f4a7c15) >> (64 - s->seen_log)];
	bool ret = *slot == bytes;

	*slot = bytes;
	return ret;
}

/* Each gram that ends at one of 64 bytes. Text repeats itself: where 8 bytes do, none of the grams
 * in them is new. */
INLINED void add_each(struct gram_scratch *s, unsigned gram, const char *p, uint64_t ends,
		      size_t *n, struct gram_list *ret)
{
	const uint64_t in_8 = (UINT64_C(1) << (8 + 1 - gram)) - 1;

	while (ends) {
		unsigned first = (unsigned)__builtin_ctzll(ends);
		uint64_t left = ends & in_8 << first;

		ends &= ~left;
		if (seen(s, load8(p + first + 1 - gram)))
			continue;
		for (; left; left &= left - 1) {
			uint64_t key = key_at(p + __builtin_ctzll(left), gram);

			if (set_add(s, key, n))
				list_add(ret, hash_of(key));
		}
	}
}

/* As many grams at most are looked at together. */
enum { RUN_MAX = 1024 };

/* The least hash of each window of a run of grams, of which the first ends at p. */
static void add_windows(struct gram_scratch *s, enum gram_kind kind, const char *p, size_t n_grams,
			size_t *n, struct gram_list *ret)
{
	unsigned window = shape[kind].window, gram = shape[kind].gram;
	size_t least = 0; /* the number of the gram that counts */
	uint64_t hash[RUN_MAX];

	for (size_t i = 0; i < n_grams; i++)
		hash[i] = hash_of(key_at(p + i, gram));
	for (size_t i = 1; i < window; i++)
		least = hash[i] < hash[least] ? i : least;
	for (size_t end = window;; end++) {
		/* the least ones would crowd the first groups */
		if (set_add(s, hash[least], n))
			list_add(ret, hash_of(hash[least]));
		for (; end < n_grams && hash[end] >= hash[least] && least + window > end; end++)
			;
		if (end == n_grams)
			return;
		if (hash[end] < hash[least]) {
			least = end;
			continue;
		}
		least = end + 1 - window;
		for (size_t i = least + 1; i <= end; i++)
			least = hash[i] < hash[least] ? i : least;
	}
}

static void add_run(struct gram_scratch *s, enum gram_kind kind, const char *p, size_t n_grams,
		    size_t *n, struct gram_list *ret)
{
	unsigned window = shape[kind].window;

	while (n_grams >= window) {
		size_t k = n_grams < RUN_MAX ? n_grams : RUN_MAX;

		add_windows(s, kind, p, k, n, ret);
		p += k + 1 - window;
		n_grams -= k + 1 - window;
	}
}

/* Runs of grams; the one at a text's end is ended by what stands behind it. */
INLINED void add_text(struct gram_scratch *s, enum gram_kind kind, const struct folded *t,
		      size_t *n, struct gram_list *ret)
{
	struct fold_classes before = { .newline = UINT64_MAX };
	const char *run = NULL; /* where its first gram ends */
	const char *p = folded_text(t);

	for (size_t i = 0; i <= t->n; i += 64) {
		struct fold_classes c = t->classes[i / 64];
		uint64_t ends = ends_of(kind, c, before);

		before = c;
		if (shape[kind].window == 1) {
			add_each(s, shape[kind].gram, p + i, ends, n, ret);
			continue;
		}
		for (unsigned at = 0; at < 64;) {
			uint64_t left = (run ? ~ends : ends) >> at;

			if (!left)
				break;
			at += (unsigned)__builtin_ctzll(left);
			if (run)
				add_run(s, kind, run, (size_t)(p + i + at - run), n, ret);
			run = run ? NULL : p + i + at;
		}
	}
}

/* Of \u00XX for what stands as it is elsewhere. */
static void add_escape(const struct folded *t, struct gram_list *ret)
{
	static const char as_is[] = "234567", escaped[] = "22 26 27 2f 3c 3e 5c 7f";
	const char *p = folded_text(t), *end = p + t->n;

	while (p < end && (p = memchr(p, '\\', (size_t)(end - p))) && end - p >= 6) {
		char code[3] = { p[4], p[5], 0 };
		bool is = memcmp(p, "\\u00", 4) == 0;

		p++;
		if (!is || !code[0] || !strchr(as_is, code[0]) || strstr(escaped, code))
			continue;
		list_add(ret, hash_of(1)); /* two, since one alone is too often there by chance */
		list_add(ret, hash_of(2));
		return;
	}
}

/* The kinds that every block has have code of their own. */
static void add_grams(struct gram_scratch *s, enum gram_kind kind, const struct folded *t,
		      size_t *n, struct gram_list *ret)
{
	if (kind == GRAM_LETTERS)
		add_text(s, GRAM_LETTERS, t, n, ret);
	else if (kind == GRAM_HEX)
		add_text(s, GRAM_HEX, t, n, ret);
	else
		add_text(s, kind, t, n, ret);
}

/* Of the text, and of what it is with other letters unless that is empty. */
static void add_kind(struct gram_scratch *s, enum gram_kind kind, const struct folded *latin,
		     struct gram_list *ret)
{
	size_t n = 0;

	if (kind == GRAM_ESCAPE) {
		add_escape(&s->text, ret);
		return;
	}
	set_begin(s, s->text.n);
	if (shape[kind].window == 1)
		seen_begin(s, s->text.n);
	add_grams(s, kind, &s->text, &n, ret);
	if (latin && latin->n)
		add_grams(s, kind, latin, &n, ret);
}

void grams_add(struct gram_scratch *s, enum gram_kind kind, struct gram_list *ret)
{
	add_kind(s, kind, &s->latin, ret);
}

/* A character that is not ASCII may be written in other bytes, so a needle is cut there. */
static void add_pieces(struct gram_scratch *s, enum gram_kind kind, struct bytes needle,
		       struct gram_list *ret)
{
	for (size_t at = 0, end; at < needle.n; at = end + 1) {
		end = at;
		while (end < needle.n && !(needle.p[end] & 0x80))
			end++;
		grams_begin(s, bytes_sub(needle, at, end - at));
		grams_add(s, kind, ret);
	}
}

void grams_of_needle(struct gram_scratch *s, enum gram_kind kind, struct bytes needle,
		     enum gram_case how, struct gram_list *ret)
{
	if (how == GRAM_CASE_FOLD) {
		add_pieces(s, kind, needle, ret);
		return;
	}
	grams_begin(s, needle);
	add_kind(s, kind, NULL, ret);
}
