#include "push/body.h"

#include <strings.h>

#include "codec/unpack.h"

int push_encoding_of(struct bytes name, enum push_encoding *ret, struct err *e)
{
	static const struct {
		const char *name;
		enum push_encoding encoding;
	} known[] = {
		{ "", PUSH_PLAIN },	   { "identity", PUSH_PLAIN },	{ "gzip", PUSH_GZIP },
		{ "x-gzip", PUSH_GZIP },   { "deflate", PUSH_DEFLATE }, { "zlib", PUSH_DEFLATE },
		{ "snappy", PUSH_SNAPPY }, { "zstd", PUSH_ZSTD },
	};

	name = bytes_trim(name);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) == name.n &&
		    (name.n == 0 || strncasecmp(known[i].name, name.p, name.n) == 0)) {
			*ret = known[i].encoding;
			return 0;
		}
	}
	return err_set(e, ERR_USAGE, "Content-Encoding \"%.*s\" not supported", BYTES_ARG(name));
}

int push_decompress(enum push_encoding how, struct bytes body, size_t max, struct buf *out,
		    struct err *e)
{
	switch (how) {
	case PUSH_PLAIN:
		break;
	case PUSH_GZIP:
		return codec_unpack(CODEC_UNPACK_GZIP, body, max, out, e);
	case PUSH_DEFLATE:
		return codec_unpack(CODEC_UNPACK_DEFLATE, body, max, out, e);
	case PUSH_SNAPPY:
		return codec_unpack(CODEC_UNPACK_SNAPPY, body, max, out, e);
	case PUSH_ZSTD:
		return codec_unpack(CODEC_UNPACK_ZSTD, body, max, out, e);
	}
	buf_reset(out);
	if (body.n > max)
		return err_set(e, ERR_LIMIT, "message size too large: %zu bytes, at most %zu",
			       body.n, max);
	buf_add_bytes(out, body);
	return 0;
}
