/* The daemon's file: any text is read or refused; what is printed of one that is read is read as
 * the same. Byte 0: whether variables are expanded. */
#include "fuzz.h"

#include "memory_file.h"
#include "server/config_read.h"

static void hear(void *data, enum report_kind kind, const char *text)
{
	(void)kind;
	*(size_t *)data += strlen(text);
}

/* 0 when it was read: out is then what is printed of it. */
static int read_bytes(struct bytes text, enum config_expand expand, struct buf *out)
{
	char path[MEMORY_PATH_MAX];
	int fd = memory_file(text, path);
	struct config c;
	size_t heard = 0;
	struct report r = { .say = hear, .data = &heard };
	struct err e;
	int rc;

	config_init(&c);
	rc = config_read(path, expand, &c, &r, &e);
	if (rc == 0)
		config_write(&c, c.limits, out);
	config_release(&c);
	close(fd);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = { 0 }, second = { 0 };

	if (size < 1 || size > 1 << 16)
		return 0;
	/* Secrets are not printed, and without them users are not read. */
	if (read_bytes(bytes_of(data + 1, size - 1), data[0] & 1 ? CONFIG_EXPAND : CONFIG_AS_IT_IS,
		       &first) == 0 &&
	    !memmem(first.p, first.n, "\nauth:\n", 7) &&
	    (read_bytes(buf_bytes(&first), CONFIG_AS_IT_IS, &second) < 0 ||
	     !bytes_eq(buf_bytes(&first), buf_bytes(&second))))
		abort();
	buf_release(&first);
	buf_release(&second);
	return 0;
}
