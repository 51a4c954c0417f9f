#include "codec/gzip.h"

#include <zlib.h>

#include "base/io.h"

enum {
	LEVEL = 1, /* a quarter of level 6's time for a quarter more bytes, of JSON of logs */
	WINDOW_BITS = 15,
	GZIP_WRAPPING = 16,
	MEMORY_LEVEL = 8,
	PIECE = 64 << 10,
};

int codec_gzip(struct bytes in, int fd, uint64_t *ret_n, struct err *e)
{
	z_stream z = { 0 };
	unsigned char piece[PIECE];
	uint64_t n = 0;
	int rc;

	if (deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_BITS + GZIP_WRAPPING, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return err_set(e, ERR_NOMEM, "out of memory for gzip");
	do {
		/* zlib counts in 32 bits. */
		size_t some = in.n < (1U << 30) ? in.n : 1U << 30;

		if (z.avail_in == 0 && in.n) {
			z.next_in = (unsigned char *)in.p;
			z.avail_in = (unsigned)some;
			in = bytes_sub(in, some, in.n);
		}
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		rc = deflate(&z, in.n ? Z_NO_FLUSH : Z_FINISH);
		if (io_write(fd, piece, sizeof(piece) - z.avail_out, e) < 0) {
			deflateEnd(&z);
			return -1;
		}
		n += sizeof(piece) - z.avail_out;
	} while (rc != Z_STREAM_END);
	deflateEnd(&z);
	*ret_n = n;
	return 0;
}
