/*
 * Values that come again: a list of the different ones in order of first use, each with a newline
 * behind it, and planes of the number of each value's word. The params say how many bytes the list
 * has, then how many words. A short list stands in the params too (kind_listed), so that who looks
 * for what no value is need not read the body; a longer one stands in front of the planes, where it
 * is compressed.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/rd.h"
#include "base/wr.h"
#include "entry/planes.h"
#include "shape/kind.h"

enum {
	WORDS_MAX = 1 << 16,
	SEEN = 16, /* values that are let pass before it is asked how many words they are */
	/* Words that stand fewer times than FEW on average are better told by what they are made
	 * of, if they are; below MANY they are better told one by one. */
	USES_OF_FEW = 8,
	USES_OF_MANY = 2,
	LISTED_MAX = 256, /* bytes of a list in the params: longer ones would make heads larger */
	TRIES_MAX = 512,
};

#define NO_NUMBER UINT32_MAX

struct words {
	struct bytes *word;
	uint32_t *slot;	  /* 1 + the word's number; 0 empty */
	uint32_t *number; /* of each value's word */
	size_t n, mask;
};

/* Of short values without a call. */
static size_t hash_of(struct bytes v)
{
	uint64_t low, high, mixed;

	if (v.n > 16)
		return (size_t)hash64(v);
	near_halves(v.p, (uint32_t)v.n, &low, &high);
	mixed = (low ^ v.n) * UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 32 ^ high) * UINT64_C(0xd6e8feb86659fd93);
	return (size_t)(mixed ^ mixed >> 32);
}

/* The word's number, a new one if need be; NO_NUMBER: too many others are in its way, as only
 * values are that somebody chose for it. */
static uint32_t number_of(struct words *w, struct bytes v)
{
	size_t s = hash_of(v) & w->mask;

	for (unsigned tries = 0; w->slot[s]; s = (s + 1) & w->mask) {
		struct bytes word = w->word[w->slot[s] - 1];

		if (word.n == v.n && near_same(word.p, v.p, v.n))
			return w->slot[s] - 1;
		if (++tries == TRIES_MAX)
			return NO_NUMBER;
	}
	w->word[w->n++] = v;
	w->slot[s] = (uint32_t)w->n;
	return (uint32_t)w->n - 1;
}

static void init_words(struct words *w, size_t most, size_t n_values, struct buf *wide)
{
	size_t slots = 64;

	while (slots < 2 * most)
		slots *= 2;
	buf_reset(wide);
	buf_reserve(wide, most * sizeof(*w->word) + (slots + n_values) * sizeof(*w->slot));
	w->word = (struct bytes *)(void *)wide->p;
	w->slot = (uint32_t *)(void *)(w->word + most);
	memset(w->slot, 0, slots * sizeof(*w->slot));
	w->number = w->slot + slots;
	w->n = 0;
	w->mask = slots - 1;
}

/* Finds the words, unless they stand fewer times than `uses`. *ret_len: bytes of their list. */
static bool find_words(const struct kind_in *in, size_t uses, struct buf *wide, struct words *w,
		       size_t *ret_len)
{
	size_t len = 0;

	init_words(w, in->n / uses + SEEN + 1, in->n, wide);
	for (size_t i = 0; i < in->n; i++) {
		size_t n = w->n;

		w->number[i] = number_of(w, in->v[i]);
		if (w->number[i] == NO_NUMBER)
			return false;
		if (w->n == n)
			continue;
		len += in->v[i].n + 1;
		if (w->n > SEEN + (i + 1) / uses || (w->n == WORDS_MAX && i + 1 < in->n))
			return false;
	}
	*ret_len = len;
	return w->n <= 1 + in->n / uses;
}

static void put_words(const struct kind_in *in, const struct words *w, size_t len, struct buf *list,
		      struct kind_out *out)
{
	wr_uvarint(&out->params, len);
	wr_uvarint(&out->params, w->n);
	for (size_t k = 0; k < w->n; k++) {
		buf_add_bytes(list, w->word[k]);
		buf_add_char(list, '\n');
	}
	planes_encode32(&out->body, w->number, in->n);
	out->plane = in->n;
}

static bool encode(const struct kind_in *in, struct kind_out *out)
{
	struct words w;
	size_t len;

	if (!find_words(in, USES_OF_FEW, &out->wide, &w, &len))
		return false;
	out->listed = len <= LISTED_MAX;
	put_words(in, &w, len, out->listed ? &out->params : &out->body, out);
	return true;
}

bool kind_many_words(const struct kind_in *in, struct kind_out *out)
{
	struct words w;
	size_t len;

	if (!find_words(in, USES_OF_MANY, &out->wide, &w, &len))
		return false;
	put_words(in, &w, len, &out->body, out);
	return true;
}

/* The list, of params that end with it, or at rd. */
static int read_words(const struct kind_from *from, struct rd *rd, bool listed, struct kind_mem *m,
		      struct shape_values *ret, struct err *e)
{
	struct rd p = rd_init(from->params), *at_list = listed ? &p : rd;
	size_t len = rd_uvarint_max(&p, at_list->in.n), n = rd_uvarint_max(&p, WORDS_MAX);
	struct bytes list, *word;
	const char *at, *end;

	if (p.failed || n == 0)
		return kind_corrupt(e, "no list of words");
	list = rd_bytes(at_list, len);
	if (rd_left(&p))
		return kind_corrupt(e, "no list of words");
	if (n > list.n)
		return kind_corrupt(e, "too few words");
	if (n > from->max_words)
		return kind_corrupt(e, "more words than the lines have values");
	if (buf_try_room(&m->words, n * sizeof(*word), e) < 0)
		return -1;
	at = list.p;
	end = at + list.n;
	word = (struct bytes *)(void *)m->words.p;
	for (size_t k = 0; k < n; k++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (!newline)
			return kind_corrupt(e, "too few words");
		word[k] = bytes_of(at, (size_t)(newline - at));
		at = newline + 1;
	}
	ret->word = word;
	ret->n_words = n;
	return at == end ? 0 : kind_corrupt(e, "too many words");
}

static int decode_from(const struct kind_from *from, bool listed, struct kind_mem *m,
		       struct shape_values *ret, struct err *e)
{
	struct rd rd = rd_init(from->body);
	const uint32_t *index;

	*ret = (struct shape_values){ .n = from->n };
	if (read_words(from, &rd, listed, m, ret, e) < 0 ||
	    kind_read_planes(&rd, from, &m->off, sizeof(*index), e) < 0)
		return -1;
	index = (const uint32_t *)(const void *)m->off.p;
	if (planes_above32(index + from->first, from->end - from->first,
			   (uint32_t)ret->n_words - 1))
		return kind_corrupt(e, "a word that is not in the list");
	ret->index = index;
	return 0;
}

static int decode(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
		  struct err *e)
{
	return decode_from(from, false, m, ret, e);
}

static int decode_listed(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
			 struct err *e)
{
	return decode_from(from, true, m, ret, e);
}

static int words(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
		 struct err *e)
{
	struct rd rd = rd_init(from->body);

	return read_words(from, &rd, false, m, ret, e);
}

static int words_listed(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
			struct err *e)
{
	return read_words(from, NULL, true, m, ret, e);
}

/* Those of the two numbers too: they may be any. */
static void may_hold(struct bytes params, bool may[256])
{
	kind_may_hold(may, params.p, params.n);
}

const struct kind kind_words = {
	.name = "words", .encode = encode, .decode = decode, .words = words
};
const struct kind kind_listed = {
	.name = "listed",
	.decode = decode_listed,
	.words = words_listed,
	.words_in_params = true,
	.bytes = may_hold,
};
