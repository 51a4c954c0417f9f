#include "shape/kind.h"

#include <stdlib.h>

#include "entry/planes.h"

const struct kind *const kinds[KIND_COUNT] = {
	[KIND_TEXT] = &kind_text,     [KIND_SAME] = &kind_same, [KIND_WORDS] = &kind_words,
	[KIND_NUMBER] = &kind_number, [KIND_HEX] = &kind_hex,	[KIND_TIME] = &kind_time,
	[KIND_LISTED] = &kind_listed,
};

enum kind_id kind_choose(const struct kind_in *in, struct kind_out *out)
{
	/* What is smaller and cheaper first; the last takes all. */
	static const enum kind_id order[] = { KIND_SAME, KIND_TIME, KIND_WORDS, KIND_NUMBER,
					      KIND_HEX };
	static const size_t n = sizeof(order) / sizeof(*order);

	for (size_t k = 0; k <= n + 1; k++) {
		enum kind_id id = k < n ? order[k] : k == n ? KIND_WORDS : KIND_TEXT;

		buf_reset(&out->params);
		buf_reset(&out->body);
		out->plane = 0;
		out->listed = false;
		if (k == n ? kind_many_words(in, out) : kinds[id]->encode(in, out))
			return out->listed ? KIND_LISTED : id;
	}
	abort(); /* kind_text takes all */
}

int kind_room(struct kind_mem *m, const struct kind_from *from, size_t len, char **ret_text,
	      uint32_t **ret_off, struct err *e)
{
	if (buf_try_room(&m->text, len + NEAR_PAD, e) < 0 ||
	    buf_try_room(&m->off, (from->n + 1) * sizeof(uint32_t), e) < 0)
		return -1;
	*ret_text = m->text.p;
	*ret_off = (uint32_t *)(void *)m->off.p;
	(*ret_off)[from->first] = 0;
	return 0;
}

int kind_room_each(struct kind_mem *m, const struct kind_from *from, size_t len, char **ret_text,
		   struct shape_values *ret, struct err *e)
{
	size_t n = kind_n_wanted(from);
	uint32_t *off;

	if (len * from->n > from->max)
		return kind_corrupt(e, "longer than the lines");
	if (kind_room(m, from, len * n, ret_text, &off, e) < 0)
		return -1;
	for (size_t k = 0; k < n; k++) {
		size_t i = kind_wanted(from, k);

		off[i] = (uint32_t)(k * len);
		off[i + 1] = off[i] + (uint32_t)len;
	}
	*ret = (struct shape_values){ .n = from->n, .text = *ret_text, .off = off };
	return 0;
}

uint64_t *kind_numbers(struct kind_out *out, size_t n)
{
	buf_reset(&out->wide);
	return (uint64_t *)(void *)buf_reserve(&out->wide, n * sizeof(uint64_t));
}

void kind_planes(struct kind_out *out, size_t n)
{
	planes_encode(&out->body, (const uint64_t *)(const void *)out->wide.p, n);
	out->plane = n;
}

int kind_read_planes(struct rd *rd, const struct kind_from *from, struct buf *to, size_t size,
		     struct err *e)
{
	if (buf_try_room(to, from->n * size, e) < 0)
		return -1;
	if (size == sizeof(uint32_t))
		planes_decode32_part(rd, (uint32_t *)(void *)to->p, from->n, from->first,
				     from->end);
	else
		planes_decode_part(rd, (uint64_t *)(void *)to->p, from->n, from->first, from->end);
	return rd->failed || rd_left(rd) ? kind_corrupt(e, "as long as no numbers can be") : 0;
}
