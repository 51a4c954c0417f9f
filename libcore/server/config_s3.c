/* What Loki's own settings of a bucket amount to as an URL of common.store, for who comes with
 * them: where, never with which keys. */
#include "base/buf.h"
#include "server/config_parts.h"
#include "yaml/report.h"

struct place {
	struct bytes bucket, endpoint, region; /* empty: not given */
	bool has_keys;
	size_t n_buckets;
};

static struct bytes text_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = map->kind == YAML_MAP ? yaml_get(map, key) : NULL;

	return n && n->kind == YAML_SCALAR && !yaml_is_null(n) ? n->text : (struct bytes){ 0 };
}

static bool is_set(const struct yaml_node *map, const char *key)
{
	return bytes_is(text_of(map, key), "true");
}

/* What stands behind the last '@', before which keys may be. */
static struct bytes without_keys(struct bytes at, bool *has_keys)
{
	const char *p = at.n ? memrchr(at.p, '@', at.n) : NULL;

	if (!p)
		return at;
	*has_keys = true;
	return bytes_of(p + 1, at.n - (size_t)(p + 1 - at.p));
}

/* "s3://KEY:SECRET@HOST/BUCKET", where a HOST without a point is a region. */
static void take_url(struct bytes url, struct place *p)
{
	static const struct bytes scheme = BYTES_LIT("s3://");
	struct bytes host;

	if (!bytes_starts(url, scheme))
		return;
	url = without_keys(bytes_sub(url, scheme.n, url.n), &p->has_keys);
	if (!bytes_split(&url, '/', &host) || !url.p) { /* a bucket alone */
		p->bucket = host;
		return;
	}
	p->bucket = url;
	if (host.n && (memchr(host.p, '.', host.n) || memchr(host.p, ':', host.n)))
		p->endpoint = host;
	else
		p->region = host;
}

/* "HOST" or "https://HOST". */
static void add_endpoint(struct buf *b, struct bytes endpoint, bool insecure)
{
	static const struct bytes schemes[] = { BYTES_LIT("http://"), BYTES_LIT("https://") };
	size_t i = insecure ? 0 : 1;
	bool keys;

	for (size_t k = 0; k < 2; k++)
		if (bytes_starts(endpoint, schemes[k])) {
			endpoint = bytes_sub(endpoint, schemes[k].n, endpoint.n);
			i = k;
		}
	endpoint = without_keys(endpoint, &keys);
	while (endpoint.n && endpoint.p[endpoint.n - 1] == '/')
		endpoint.n--;
	buf_addf(b, "?endpoint=%.*s%.*s", BYTES_ARG(schemes[i]), BYTES_ARG(endpoint));
}

static void add_rest(struct buf *b, const struct yaml_node *s3, struct bytes region)
{
	const struct yaml_node *sse = config_node(s3, "sse"),
			       *http = config_node(s3, "http_config");
	struct bytes type = sse ? text_of(sse, "type") : (struct bytes){ 0 };
	struct bytes ca = http ? text_of(http, "ca_file") : (struct bytes){ 0 };
	const bool path_style = is_set(s3, "s3forcepathstyle");
	const bool endpoint = memchr(b->p, '?', b->n) != NULL;
	const size_t first = b->n;

	if (region.n)
		buf_addf(b, "&region=%.*s", BYTES_ARG(region));
	if (endpoint != path_style)
		buf_addf(b, "&path-style=%d", path_style);
	if (bytes_is(type, "SSE-S3") || bytes_is(type, "SSE-KMS"))
		buf_addf(b, "&sse=%s", bytes_is(type, "SSE-S3") ? "AES256" : "aws:kms");
	if (ca.n)
		buf_addf(b, "&ca=%.*s", BYTES_ARG(ca));
	if (!endpoint && b->n > first)
		b->p[first] = '?';
}

static void tell(const struct yaml_node *s3, struct report *r)
{
	struct bytes names = text_of(s3, "bucketnames"), one;
	struct place p = { 0 };
	struct buf b = { 0 };

	take_url(text_of(s3, "s3"), &p);
	while (names.n && bytes_split(&names, ',', &one))
		if (p.n_buckets++ == 0)
			p.bucket = one;
	if (text_of(s3, "endpoint").n)
		p.endpoint = text_of(s3, "endpoint");
	if (text_of(s3, "region").n)
		p.region = text_of(s3, "region");
	p.has_keys = p.has_keys || text_of(s3, "access_key_id").n > 0;
	if (p.bucket.n == 0)
		return;
	buf_addf(&b, "s3://%.*s/lokid", BYTES_ARG(bytes_trim(p.bucket)));
	if (p.endpoint.n)
		add_endpoint(&b, p.endpoint, is_set(s3, "insecure"));
	add_rest(&b, s3, p.region);
	report_say(r, REPORT_NOTE, s3, "Loki's bucket%s would be common.store: \"%s\"%s",
		   p.n_buckets > 1 ? ", the first of several," : "", buf_str(&b),
		   p.has_keys ? ", with the keys in the environment (lokid-store(7))" : "");
	buf_release(&b);
}

void config_tell_s3(const struct yaml_node *root, struct report *r)
{
	static const char *const places[] = { "common.storage.s3", "storage_config.aws" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const struct yaml_node *s3 = config_node(root, places[i]);

		if (s3 && s3->kind == YAML_MAP)
			tell(s3, r);
	}
}
