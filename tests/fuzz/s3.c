/* What object stores answer, and the URLs that name them: 'l' before a listing, 'u' before an URL.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "store/s3_listing.h"
#include "store/s3_url.h"

static void listing(struct bytes xml)
{
	struct s3_listing l = { 0 };

	if (s3_listing_parse(&l, xml, NULL) == 0) {
		assert(!l.truncated || l.token.n > 0);
		for (size_t i = 0; i < l.n_folders; i++)
			assert(l.folder[i].key.n > 0);
		for (size_t i = 0; i < l.n_uploads; i++)
			assert(l.upload[i].upload_id.n > 0);
	}
	s3_listing_release(&l);
}

/* An URL that is taken names objects in the one form that can be signed. */
static void url(struct bytes text)
{
	struct buf b = { 0 }, made = { 0 }, back = { 0 };
	struct s3_place p;

	buf_addf(&b, "s3://%.*s", BYTES_ARG(text));
	if (s3_place_parse(buf_str(&b), &p, NULL) == 0) {
		s3_url_add(&made, &p, "t/x y", NULL);
		assert(bytes_starts(buf_bytes(&made), bytes_str(p.base)));
		assert(strstr(buf_str(&made), "/t/x%20y"));
		assert(strstr(p.endpoint, "://") && !strpbrk(p.endpoint, " \r\n"));
		assert(s3_decode(&back, buf_bytes(&made), S3_PATH));
		s3_place_release(&p);
	}
	buf_release(&b);
	buf_release(&made);
	buf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	if (data[0] == 'u')
		url(bytes_of(data + 1, n - 1));
	else
		listing(bytes_of(data + 1, n - 1));
	return 0;
}
