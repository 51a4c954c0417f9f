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
	LISTED_MAX = 256 /* bytes of a list in the params: longer ones would make heads larger */
};

struct words {
	struct bytes *word;
	uint32_t *slot; /* 1 + the word's number; 0 empty */
	size_t n, mask;
};

/* The word's number, a new one if need be. */
static uint32_t number_of(struct words *w, struct bytes v)
{
	size_t s = hash64(v) & w->mask;

	for (; w->slot[s]; s = (s + 1) & w->mask)
		if (bytes_eq(w->word[w->slot[s] - 1], v))
			return w->slot[s] - 1;
	w->word[w->n++] = v;
	w->slot[s] = (uint32_t)w->n;
	return (uint32_t)w->n - 1;
}

static bool encode(const struct kind_in *in, struct kind_out *out, size_t uses, size_t list_max)
{
	size_t most = in->n / uses + SEEN + 1, slots = 64, len = 0;
	struct words w = { .n = 0 };
	uint32_t *number;
	struct buf *list;

	while (slots < 2 * most)
		slots *= 2;
	w.mask = slots - 1;
	buf_reset(&out->wide);
	buf_reserve(&out->wide, most * sizeof(*w.word) + (slots + in->n) * sizeof(*w.slot));
	w.word = (struct bytes *)(void *)out->wide.p;
	w.slot = (uint32_t *)(void *)(w.word + most);
	memset(w.slot, 0, slots * sizeof(*w.slot));
	number = w.slot + slots;
	for (size_t i = 0; i < in->n; i++) {
		size_t n = w.n;

		if (n > SEEN + i / uses || n == WORDS_MAX)
			return false;
		number[i] = number_of(&w, in->v[i]);
		len += number[i] == n ? in->v[i].n + 1 : 0;
		if (len > list_max)
			return false;
	}
	if (w.n > 1 + in->n / uses)
		return false;
	wr_uvarint(&out->params, len);
	wr_uvarint(&out->params, w.n);
	list = list_max == LISTED_MAX ? &out->params : &out->body;
	for (size_t k = 0; k < w.n; k++) {
		buf_add_bytes(list, w.word[k]);
		buf_add_char(list, '\n');
	}
	planes_encode32(&out->body, number, in->n);
	out->plane = in->n;
	return true;
}

static bool encode_few(const struct kind_in *in, struct kind_out *out)
{
	return encode(in, out, USES_OF_FEW, SIZE_MAX);
}

static bool encode_listed(const struct kind_in *in, struct kind_out *out)
{
	return encode(in, out, USES_OF_FEW, LISTED_MAX);
}

bool kind_many_words(const struct kind_in *in, struct kind_out *out)
{
	return encode(in, out, USES_OF_MANY, SIZE_MAX);
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
	.name = "words", .encode = encode_few, .decode = decode, .words = words
};
const struct kind kind_listed = {
	.name = "listed",
	.encode = encode_listed,
	.decode = decode_listed,
	.words = words_listed,
	.words_in_params = true,
	.bytes = may_hold,
};
