/* Files of limits by themselves: any text is read or refused; what is written of one that is read
 * is read as the same, for each tenant. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/buf.h"
#include "limits/file.h"

static int read_text(struct bytes text, struct buf *out)
{
	struct limits_set *s = NULL;
	struct report quiet = { 0 };
	struct err e;
	int rc = limits_read_text(text, "f", &s, &quiet, &e);

	if (rc == 0) {
		if (limits_of(s, BYTES_LIT("fake"))->deletion_mode > LIMITS_DELETE_REMOVES)
			abort();
		limits_write_text(out, s);
	}
	limits_set_drop(s);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = { 0 }, second = { 0 };

	if (size > 1 << 16)
		return 0;
	if (read_text(bytes_of(data, size), &first) == 0 &&
	    (read_text(buf_bytes(&first), &second) < 0 ||
	     !bytes_eq(buf_bytes(&first), buf_bytes(&second))))
		abort();
	buf_release(&first);
	buf_release(&second);
	return 0;
}
