#include "codec/codec.h"

#include <stdlib.h>

#include "base/mem.h"
#include "codec/encoding.h"

static const struct encoding *const table[CODEC_COUNT] = {
	[CODEC_NONE] = &encoding_none,
	[CODEC_SNAPPY] = &encoding_snappy,
	[CODEC_ZSTD] = &encoding_zstd,
};

struct codec *codec_new(int level)
{
	struct codec *c = mem_alloc(sizeof(*c));

	c->level = level;
	return c;
}

void codec_free(struct codec *c)
{
	if (!c)
		return;
	encoding_zstd_release(c);
	free(c);
}

const char *codec_name(unsigned id)
{
	return id < CODEC_COUNT ? table[id]->name : NULL;
}

void codec_compress(struct codec *c, enum codec_id id, struct bytes in, struct buf *out)
{
	const struct encoding *enc = table[id];
	char *to = buf_reserve(out, enc->bound(in.n));

	out->n += enc->compress(c, in, to, enc->bound(in.n));
}

void codec_compress_planes(struct codec *c, enum codec_id id, struct bytes in, size_t first,
			   size_t step, struct buf *out)
{
	c->plane_first = first;
	c->plane_step = step;
	codec_compress(c, id, in, out);
	c->plane_step = 0;
}

void codec_compress_parts(struct codec *c, enum codec_id id, struct bytes in, size_t part_bytes,
			  struct buf *out)
{
	size_t n = table[id]->decompress_range && in.n > part_bytes
			   ? (in.n + part_bytes - 1) / part_bytes
			   : 1;

	for (size_t i = 0, at = 0; i < n; i++) {
		size_t end = at + (in.n - at) / (n - i);

		codec_compress(c, id, bytes_sub(in, at, end - at), out);
		at = end;
	}
}

int codec_decompress(struct codec *c, unsigned id, struct bytes in, void *ret, size_t raw_n,
		     struct err *e)
{
	if (id >= CODEC_COUNT)
		return err_set(e, ERR_VERSION, "unknown encoding %u", id);
	return table[id]->decompress(c, in, ret, raw_n, e);
}

int codec_decompress_range(struct codec *c, unsigned id, struct bytes in, void *ret, size_t raw_n,
			   size_t from, size_t to, struct err *e)
{
	if (id >= CODEC_COUNT || !table[id]->decompress_range)
		return codec_decompress(c, id, in, ret, raw_n, e);
	return table[id]->decompress_range(c, in, ret, raw_n, from, to, e);
}
