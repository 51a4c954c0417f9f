#include "store/s3_listing.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "store/s3_url.h"
#include "time/time.h"
#include "xml/xml.h"

void s3_listing_reset(struct s3_listing *l)
{
	l->n_objects = l->n_folders = l->n_uploads = 0;
	l->truncated = false;
	l->token = l->upload_token = (struct bytes){ 0 };
	arena_reset(&l->mem);
}

void s3_listing_release(struct s3_listing *l)
{
	free(l->object);
	free(l->folder);
	free(l->upload);
	arena_release(&l->mem);
	*l = (struct s3_listing){ 0 };
}

struct reading {
	struct s3_listing *l;
	struct s3_listed now; /* what is being read */
	bool has_key, has_size, has_date;
	bool url;      /* keys are encoded */
	bool known;    /* the root is one of ours */
	bool says_end; /* whether there are more */
};

static int take_date(struct bytes text, int64_t *ret_ns, struct err *e)
{
	int64_t ns;

	text = bytes_trim(text);
	if (text.n == 0 || time_scan_rfc3339(text, &ns) != text.n || ns < 0)
		return err_set(e, ERR_CORRUPT, "expected a time, found '%.*s'", BYTES_ARG(text));
	*ret_ns = ns / NS_PER_S * NS_PER_S;
	return 0;
}

static void add(struct s3_listed **v, size_t *n, size_t *cap, const struct s3_listed *o)
{
	mem_grow(v, cap, *n + 1, sizeof(**v));
	(*v)[(*n)++] = *o;
}

static int end_item(struct reading *r, const char *what, struct err *e)
{
	struct s3_listing *l = r->l;

	if (strcmp(what, "CommonPrefixes") == 0 && r->now.upload_id.n == 0) {
		if (!r->has_key || r->now.key.n == 0 || r->now.key.p[r->now.key.n - 1] != '/')
			return err_set(e, ERR_CORRUPT, "a folder without a name");
		add(&l->folder, &l->n_folders, &l->cap_folders, &r->now);
	} else if (strcmp(what, "Contents") == 0) {
		if (!r->has_key || !r->has_size || !r->has_date)
			return err_set(e, ERR_CORRUPT, "an object without a name, size or time");
		add(&l->object, &l->n_objects, &l->cap_objects, &r->now);
	} else if (strcmp(what, "Upload") == 0) {
		if (!r->has_key || !r->has_date || r->now.upload_id.n == 0)
			return err_set(e, ERR_CORRUPT, "an upload without a name, id or time");
		add(&l->upload, &l->n_uploads, &l->cap_uploads, &r->now);
	}
	return 0;
}

static const char *class_text(struct arena *a, struct bytes text)
{
	char *p = arena_alloc(a, text.n + 1);

	memcpy(p, text.p, text.n);
	p[text.n] = '\0';
	return p;
}

/* Within an object, a folder or an upload. */
static int take_item(struct reading *r, const char *what, struct bytes text, struct err *e)
{
	if (strcmp(what, "Contents/Key") == 0 || strcmp(what, "CommonPrefixes/Prefix") == 0 ||
	    strcmp(what, "Upload/Key") == 0) {
		r->now.key = arena_copy(&r->l->mem, text);
		r->has_key = true;
	} else if (strcmp(what, "Contents/Size") == 0) {
		r->has_size = num_u64(bytes_trim(text), &r->now.size);
		if (!r->has_size)
			return err_set(e, ERR_CORRUPT, "expected a size, found '%.*s'",
				       BYTES_ARG(bytes_sub(text, 0, 40)));
	} else if (strcmp(what, "Contents/LastModified") == 0 ||
		   strcmp(what, "Upload/Initiated") == 0) {
		r->has_date = true;
		return take_date(text, &r->now.date_ns, e);
	} else if (strcmp(what, "Contents/StorageClass") == 0) {
		if (!bytes_is(bytes_trim(text), "STANDARD"))
			r->now.storage_class = class_text(&r->l->mem, bytes_trim(text));
	} else if (strcmp(what, "Upload/UploadId") == 0) {
		r->now.upload_id = arena_copy(&r->l->mem, text);
	}
	return 0;
}

/* A part of a listing that passed for the whole would hide the rest. */
static int take_truncated(struct reading *r, struct bytes text, struct err *e)
{
	r->says_end = bytes_is(text, "true") || bytes_is(text, "false");
	r->l->truncated = bytes_is(text, "true");
	return r->says_end ? 0
			   : err_set(e, ERR_CORRUPT,
				     "IsTruncated: expected true or false, found '%.*s'",
				     BYTES_ARG(bytes_sub(text, 0, 40)));
}

static int take(const struct xml_at *at, void *data, struct err *e)
{
	static const char *const roots[] = { "/ListBucketResult", "/ListMultipartUploadsResult" };
	struct reading *r = data;
	const char *what = strchr(at->path + 1, '/');

	if (!what) {
		for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
			r->known |= strcmp(at->path, roots[i]) == 0;
		return r->known ? 0 : err_set(e, ERR_CORRUPT, "'%s' is no listing", at->path + 1);
	}
	what++;
	if (!at->end) {
		if (!strchr(what, '/')) {
			r->now = (struct s3_listed){ 0 };
			r->has_key = r->has_size = r->has_date = false;
		}
		return 0;
	}
	if (strchr(what, '/'))
		return take_item(r, what, at->text, e);
	if (strcmp(what, "IsTruncated") == 0)
		return take_truncated(r, bytes_trim(at->text), e);
	if (strcmp(what, "NextContinuationToken") == 0 || strcmp(what, "NextKeyMarker") == 0)
		r->l->token = arena_copy(&r->l->mem, at->text);
	else if (strcmp(what, "NextUploadIdMarker") == 0)
		r->l->upload_token = arena_copy(&r->l->mem, at->text);
	else if (strcmp(what, "EncodingType") == 0)
		r->url = bytes_is(bytes_trim(at->text), "url");
	return end_item(r, what, e);
}

static int decode(struct s3_listing *l, struct s3_listed *v, size_t n, struct err *e)
{
	struct buf b = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		buf_reset(&b);
		if (s3_decode(&b, v[i].key, S3_QUERY))
			v[i].key = arena_copy(&l->mem, buf_bytes(&b));
		else
			rc = err_set(e, ERR_CORRUPT, "a '%%' without two hexadecimal digits");
	}
	buf_release(&b);
	return rc;
}

int s3_listing_parse(struct s3_listing *l, struct bytes xml, struct err *e)
{
	struct reading r = { .l = l };

	if (xml_read(xml, take, &r, e) < 0)
		return -1;
	if (!r.says_end)
		return err_set(e, ERR_CORRUPT, "a listing that does not say whether it is whole");
	if (l->truncated && l->token.n == 0)
		return err_set(e, ERR_CORRUPT, "a listing that goes on nowhere");
	if (r.url && (decode(l, l->object, l->n_objects, e) < 0 ||
		      decode(l, l->folder, l->n_folders, e) < 0))
		return -1;
	return 0;
}
