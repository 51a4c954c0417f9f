/* Reading: whole objects, and ranges of them, several at once. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "store/s3.h"

enum { PIECE = 8 << 20, RANGE_LEN = 64 };

int s3_get(struct store *s, const char *name, size_t max, struct buf *b, struct err *e)
{
	struct s3_call c = { .kind = S3_GET, .name = name, .body_max = max ? max : 1 };
	int rc = s3_do_one((struct s3_store *)s, &c, e);

	if (rc < 0 && e && e->code == ERR_LIMIT)
		err_set(e, ERR_LIMIT, "'%s/%s': more than %zu bytes", s->path, name, max);
	else if (rc == 0 && c.answer.n > max)
		rc = err_set(e, ERR_LIMIT, "'%s/%s': more than %zu bytes", s->path, name, max);
	else if (rc == 0)
		buf_add_bytes(b, buf_bytes(&c.answer));
	s3_call_release(&c);
	return rc;
}

int s3_has(struct store *store, const char *name, struct store_object *ret, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct s3_call c = { .kind = S3_HEAD, .name = name };
	uint64_t size;
	int64_t date_ns;
	int rc;

	s3_do(s, &c, 1);
	if (c.err.code == ERR_NO) {
		rc = 0;
	} else if (c.err.code != ERR_NONE) {
		rc = err_set(e, c.err.code, "%s", c.err.msg);
	} else {
		date_ns = s3_date(s, c.kept[S3_MODIFIED].value);
		rc = 1;
		if (!num_u64(bytes_str(c.kept[S3_LENGTH].value), &size) || date_ns < 0)
			rc = err_set(e, ERR_IO, "'%s/%s': the server tells no size or time of it",
				     store->path, name);
		else
			*ret = (struct store_object){ name, size, date_ns, NULL };
	}
	s3_call_release(&c);
	return rc;
}

int s3_file_open(struct store *s, const char *name, const uint64_t *size, struct store_file *ret,
		 struct err *e)
{
	struct store_object o = { .size = size ? *size : 0 };
	int rc = size ? 1 : s3_has(s, name, &o, e);

	if (rc == 0)
		return err_set(e, ERR_NO, "'%s/%s': no such object", s->path, name);
	if (rc < 0)
		return -1;
	ret->name = strdup(name);
	ret->size = o.size;
	ret->is_open = true;
	return 0;
}

void s3_file_close(struct store_file *f)
{
	struct io_map m = { f->map };

	io_unmap(&m);
	free(f->name);
}

/* "bytes 0-9/100": is it of an object of this size? An object's name is made of its bytes, so
 * another size is another object, or one that was cut. */
static int check_range(struct s3_call *c, struct err *e)
{
	const struct store_read *r = c->data;
	struct bytes size_text = bytes_str(c->kept[S3_RANGE].value), unit, first, last;
	uint64_t size, off;

	if (c->status == 200 && r->n == r->file->size)
		return 0;
	bytes_split(&size_text, ' ', &unit);
	bytes_split(&size_text, '-', &first);
	bytes_split(&size_text, '/', &last);
	if (c->status != 206 || !num_u64(first, &off) || !num_u64(size_text, &size))
		return err_set(e, ERR_IO, "'%s': no answer to a request for a range (status %d)",
			       r->file->name, c->status);
	if (size != r->file->size)
		return err_set(e, ERR_CORRUPT, "'%s': expected %" PRIu64 " bytes, found %" PRIu64,
			       r->file->name, r->file->size, size);
	if (off != r->off)
		return err_set(e, ERR_IO,
			       "'%s': asked for bytes from %" PRIu64 ", and had some from %" PRIu64,
			       r->file->name, r->off, off);
	return 0;
}

void s3_read_all(struct store *s, struct store_read *v, size_t n)
{
	struct s3_call *c = mem_alloc((n + 1) * sizeof(*c));
	char(*range)[RANGE_LEN] = mem_alloc((n + 1) * sizeof(*range));

	for (size_t i = 0; i < n; i++) {
		snprintf(range[i], sizeof(range[i]), "Range: bytes=%" PRIu64 "-%" PRIu64, v[i].off,
			 v[i].off + v[i].n - 1);
		c[i] = (struct s3_call){ .kind = S3_GET,
					 .name = v[i].file->name,
					 .header = { range[i] },
					 .n_headers = 1,
					 .into = v[i].p,
					 .into_n = v[i].n,
					 .accept = check_range,
					 .data = &v[i] };
	}
	s3_do((struct s3_store *)s, c, n);
	for (size_t i = 0; i < n; i++) {
		v[i].err = c[i].err;
		s3_call_release(&c[i]);
	}
	free(c);
	free(range);
}

/* Fetches all of it to p. */
static int fetch(struct store_file *f, char *p, struct err *e)
{
	size_t n = (size_t)((f->size + PIECE - 1) / PIECE);
	struct store_read *v = mem_alloc(n * sizeof(*v));
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		const uint64_t off = (uint64_t)i * PIECE, left = f->size - off;

		v[i] = (struct store_read){ .file = f,
					    .off = off,
					    .p = p + off,
					    .n = left < PIECE ? (size_t)left : PIECE };
	}
	s3_read_all(f->store, v, n);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (v[i].err.code != ERR_NONE)
			rc = err_set(e, v[i].err.code, "%s", v[i].err.msg);
	free(v);
	return rc;
}

/* Into a file without a name, whose pages the system may write out, and who maps it may forget. */
int s3_file_map(struct store_file *f, struct err *e)
{
	int fd, rc;
	void *p;

	if (f->size == 0)
		return 0;
	fd = io_tmpfile(e);
	if (fd < 0)
		return -1;
	rc = posix_fallocate(fd, 0, (off_t)f->size); /* else a full disk would kill us */
	if (rc != 0) {
		errno = rc;
		rc = err_sys(e, "temporary file of %" PRIu64 " bytes for '%s'", f->size, f->name);
		close(fd);
		return rc;
	}
	p = mmap(NULL, (size_t)f->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		rc = err_sys(e, "cannot map %" PRIu64 " bytes", f->size);
	} else if (fetch(f, p, e) < 0) {
		munmap(p, (size_t)f->size);
		rc = -1;
	} else {
		f->map = bytes_of(p, (size_t)f->size);
	}
	close(fd);
	return rc;
}
