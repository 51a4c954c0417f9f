#include "server/query_encode.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "codec/gzip.h"
#include "server/query_end.h"

enum { WORTH_GZIP = 1400 }; /* bytes: a packet */

static bool is_worth_gzip(const struct query *query)
{
	return query->gzip && query->end.fd_n >= WORTH_GZIP;
}

bool query_is_to_be_encoded(const struct query *query)
{
	return query->end.status == 200 && (query->shape || is_worth_gzip(query));
}

static void replace_answer(struct query *query, int fd, uint64_t n)
{
	close(query->end.fd);
	query->end.fd = fd;
	query->end.fd_n = n;
}

static int reshape(struct query *query, struct err *e)
{
	struct io_map map = { 0 };
	int fd = memfd_create("shape", MFD_CLOEXEC), rc = -1;
	struct shape_out out = { .fd = fd };

	if (fd < 0)
		err_sys(e, "cannot hold an answer");
	else if (io_map_fd(query->end.fd, &map, e) == 0 && query->shape(map.b, &out, e) == 0)
		rc = shape_out_end(&out, e);
	if (rc == 0) {
		replace_answer(query, fd, out.n);
		fd = -1;
	}
	query_close_fd(&fd);
	io_unmap(&map);
	shape_out_release(&out);
	return rc;
}

/* An answer that cannot be compressed goes out as it is. */
static void compress(struct query *query)
{
	struct io_map map = { 0 };
	int fd = memfd_create("gzip", MFD_CLOEXEC);
	uint64_t n;
	struct err e;

	if (fd >= 0 && io_map_fd(query->end.fd, &map, &e) == 0 &&
	    codec_gzip(map.b, fd, &n, &e) == 0) {
		replace_answer(query, fd, n);
		query->end.gzipped = true;
		fd = -1;
	}
	query_close_fd(&fd);
	io_unmap(&map);
}

void query_encode(struct query *query)
{
	struct err e;

	if (query->shape && reshape(query, &e) < 0) {
		query_end_set(query, e.code == ERR_QUERY ? 400 : 500, "%s", e.msg);
		return;
	}
	if (is_worth_gzip(query))
		compress(query);
}
