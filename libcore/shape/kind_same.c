/* One value, over and over: it stands in the params. */
#include "shape/kind.h"

static bool encode(const struct kind_in *in, struct kind_out *out)
{
	for (size_t i = 1; i < in->n; i++)
		if (in->v[i].n != in->v[0].n || !near_same(in->v[i].p, in->v[0].p, in->v[0].n))
			return false;
	buf_add_bytes(&out->params, in->v[0]);
	return true;
}

static int words(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
		 struct err *e)
{
	struct bytes params = from->params;
	struct bytes *word;
	char *text;

	if (from->body.n != 0 || memchr(params.p, '\n', params.n))
		return kind_corrupt(e, "not one value");
	if (buf_try_room(&m->words, sizeof(*word), e) < 0 ||
	    buf_try_room(&m->text, params.n + NEAR_PAD, e) < 0)
		return -1;
	text = m->text.p;
	memcpy(text, params.p, params.n);
	word = (struct bytes *)(void *)m->words.p;
	*word = bytes_of(text, params.n);
	ret->word = word;
	ret->n_words = 1;
	return 0;
}

static int decode(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
		  struct err *e)
{
	*ret = (struct shape_values){ .n = from->n };
	return words(from, m, ret, e);
}

static void may_hold(struct bytes params, bool may[256])
{
	kind_may_hold(may, params.p, params.n);
}

const struct kind kind_same = {
	.name = "same",
	.encode = encode,
	.decode = decode,
	.words = words,
	.words_in_params = true,
	.bytes = may_hold,
};
