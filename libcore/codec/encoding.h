/* What an encoding is made of: for the files of codec/ only. */
#ifndef CODEC_ENCODING_H
#define CODEC_ENCODING_H

#include "codec/codec.h"
#include "codec/matches.h"

struct codec {
	int level;
	void *zstd_c, *zstd_d;		/* contexts, made at first use */
	struct matches matches;		/* of levels of our own */
	size_t plane_first, plane_step; /* during codec_compress_planes; step else 0 */
};

struct encoding {
	const char *name;
	size_t (*bound)(size_t raw_n);
	size_t (*compress)(struct codec *c, struct bytes in, void *to, size_t cap);
	int (*decompress)(struct codec *c, struct bytes in, void *to, size_t raw_n, struct err *e);
	/* With parts: fills those that reach into to[from..end). NULL: it has none. */
	int (*decompress_range)(struct codec *c, struct bytes in, char *to, size_t raw_n,
				size_t from, size_t end, struct err *e);
};

extern const struct encoding encoding_none, encoding_snappy, encoding_zstd;

void encoding_zstd_release(struct codec *c);

#endif
