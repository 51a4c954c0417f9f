/* Any bytes as a compressed body, the first byte says how: what comes out is no more than allowed.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "codec/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MAX = 50000 }; /* more than what is allocated at first */
	struct buf out = { 0 };
	struct err e = { 0 };
	struct bytes body;
	int rc;

	if (size == 0)
		return 0;
	body = bytes_sub(bytes_of(data, size), 1, size);
	rc = codec_unpack((enum codec_unpack)(data[0] % (CODEC_UNPACK_ZSTD + 1)), body, MAX, &out,
			  &e);
	if (rc == 0 ? out.n > MAX : e.code == ERR_NONE || out.cap > 4 * MAX)
		abort();
	buf_release(&out);
	return 0;
}
