#include "store/s3_url.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "httpc/httpc.h"
#include "time/time.h"

enum { TRIES = 6, TRIES_MAX = 100, TIMEOUT_MS = 20000, LOCK_EXPIRY_S = 60, NAME_MAX_LEN = 255 };

static const char scheme[] = "s3://";

bool s3_is_url(const char *path)
{
	return strncmp(path, scheme, sizeof(scheme) - 1) == 0;
}

static bool is_plain(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.' || c == '~';
}

void s3_encode(struct buf *out, struct bytes b, enum s3_part part)
{
	for (size_t i = 0; i < b.n; i++) {
		if (is_plain(b.p[i]) || (b.p[i] == '/' && part == S3_PATH))
			buf_add_char(out, b.p[i]);
		else
			buf_addf(out, "%%%02X", (unsigned)(unsigned char)b.p[i]);
	}
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool s3_decode(struct buf *out, struct bytes b, enum s3_part part)
{
	for (size_t i = 0; i < b.n; i++) {
		int high, low;

		if (b.p[i] == '+' && part == S3_QUERY) {
			buf_add_char(out, ' ');
			continue;
		}
		if (b.p[i] != '%') {
			buf_add_char(out, b.p[i]);
			continue;
		}
		if (b.n - i < 3)
			return false;
		high = digit_of(b.p[i + 1]);
		low = digit_of(b.p[i + 2]);
		if (high < 0 || low < 0)
			return false;
		buf_add_char(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

void s3_query_add(struct buf *query, const char *name, struct bytes value)
{
	if (query->n)
		buf_add_char(query, '&');
	s3_encode(query, bytes_str(name), S3_QUERY);
	buf_add_char(query, '=');
	s3_encode(query, value, S3_QUERY);
}

void s3_url_add(struct buf *url, const struct s3_place *p, const char *name, const char *query)
{
	buf_add_str(url, p->base);
	buf_add_char(url, '/');
	if (!name && p->path_style)
		url->n--; /* "/BUCKET" is the bucket */
	if (name) {
		s3_encode(url, bytes_str(p->prefix), S3_PATH);
		s3_encode(url, bytes_str(name), S3_PATH);
	}
	if (query)
		buf_addf(url, "?%s", query);
}

/* ---- reading "s3://..." ---- */

/* What may stand in a query of such an URL. */
struct given {
	struct s3_place *p;
	int path_style; /* -1: not given */
};

static int take_text(char **at, const char *name, const struct buf *value, struct err *e)
{
	if (value->n == 0)
		return err_set(e, ERR_USAGE, "'%s=' has no value", name);
	for (size_t i = 0; i < value->n; i++)
		if ((unsigned char)value->p[i] <= ' ' || value->p[i] == 0x7f)
			return err_set(e, ERR_USAGE, "a blank or control character in '%s='", name);
	free(*at);
	*at = strndup(value->p, value->n);
	return 0;
}

static int take_flag(int *at, const char *name, struct bytes value, struct err *e)
{
	if (bytes_is(value, "1") || bytes_is(value, "true"))
		*at = 1;
	else if (bytes_is(value, "0") || bytes_is(value, "false"))
		*at = 0;
	else
		return err_set(e, ERR_USAGE, "'%s=': expected 1 or 0, found '%.*s'", name,
			       BYTES_ARG(value));
	return 0;
}

static int take_duration(int64_t *at, int64_t unit_ns, const char *name, struct bytes value,
			 struct err *e)
{
	int64_t ns;

	if (time_parse_duration(value, &ns, e) < 0)
		return err_wrap(e, "'%s='", name);
	if (ns < NS_PER_S || ns > 24 * 3600 * NS_PER_S)
		return err_set(e, ERR_USAGE, "'%s=': expected 1s to 24h, found '%.*s'", name,
			       BYTES_ARG(value));
	*at = ns / unit_ns;
	return 0;
}

static int take_tries(struct s3_place *p, struct bytes value, struct err *e)
{
	uint64_t n;

	if (!num_u64(value, &n) || n < 1 || n > TRIES_MAX)
		return err_set(e, ERR_USAGE, "'tries=': expected 1 to %d, found '%.*s'", TRIES_MAX,
			       BYTES_ARG(value));
	p->tries = (unsigned)n;
	return 0;
}

static int take_parameter(struct given *g, const char *name, struct buf *value, struct err *e)
{
	static const struct {
		const char *name;
		size_t at;
	} texts[] = {
		{ "endpoint", offsetof(struct s3_place, endpoint) },
		{ "region", offsetof(struct s3_place, region) },
		{ "sse", offsetof(struct s3_place, sse) },
		{ "profile", offsetof(struct s3_place, profile) },
		{ "ca", offsetof(struct s3_place, ca_file) },
	};
	struct bytes v = buf_bytes(value);
	int flag, rc;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(name, texts[i].name) == 0)
			return take_text((char **)(void *)((char *)g->p + texts[i].at), name, value,
					 e);
	if (strcmp(name, "path-style") == 0)
		return take_flag(&g->path_style, name, v, e);
	if (strcmp(name, "require-private") == 0) {
		rc = take_flag(&flag, name, v, e);
		g->p->require_private = rc == 0 && flag;
		return rc;
	}
	if (strcmp(name, "timeout") == 0)
		return take_duration(&g->p->timeout_ms, NS_PER_MS, name, v, e);
	if (strcmp(name, "lock-expiry") == 0)
		return take_duration(&g->p->lock_expiry_s, NS_PER_S, name, v, e);
	if (strcmp(name, "tries") == 0)
		return take_tries(g->p, v, e);
	return err_set(e, ERR_USAGE,
		       "unknown parameter '%s' (there are endpoint, region, path-style, sse, "
		       "profile, ca, require-private, timeout, tries, lock-expiry; keys are not "
		       "for URLs, which all see: see lokid-store(7))",
		       name);
}

static int take_query(struct given *g, struct bytes query, struct err *e)
{
	struct bytes piece;
	int rc = 0;

	while (rc == 0 && bytes_split(&query, '&', &piece)) {
		struct buf name = { 0 }, value = { 0 };
		struct bytes n;

		if (piece.n == 0)
			continue;
		bytes_split(&piece, '=', &n);
		if (!s3_decode(&name, n, S3_PATH) || !s3_decode(&value, piece, S3_PATH))
			rc = err_set(e, ERR_USAGE, "a '%%' without two hexadecimal digits");
		else
			rc = take_parameter(g, buf_str(&name), &value, e);
		buf_release(&name);
		buf_release(&value);
	}
	return rc;
}

static int check_bucket(const char *bucket, struct err *e)
{
	size_t n = strlen(bucket);

	if (n == 0)
		return err_set(e, ERR_USAGE, "expected s3://BUCKET/PREFIX");
	for (size_t i = 0; i < n; i++)
		if (!is_plain(bucket[i]) || bucket[i] == '~')
			return err_set(e, ERR_USAGE, "'%s' is no name of a bucket", bucket);
	if (n > NAME_MAX_LEN || bucket[0] == '.')
		return err_set(e, ERR_USAGE, "'%s' is no name of a bucket", bucket);
	return 0;
}

/* "a/b", without empty parts and such as a server takes for others. */
static int check_prefix(struct bytes prefix, struct err *e)
{
	struct bytes part;

	while (prefix.n && bytes_split(&prefix, '/', &part))
		if (part.n == 0 || bytes_is(part, ".") || bytes_is(part, ".."))
			return err_set(e, ERR_USAGE, "'.', '..' or nothing between two '/'");
	return 0;
}

static int check_endpoint(const char *endpoint, struct err *e)
{
	const char *host;

	if (httpc_check_url(endpoint, e) < 0)
		return err_wrap(e, "'endpoint='");
	host = strstr(endpoint, "://") + 3;
	if (host[strcspn(host, "/?#")] != '\0')
		return err_set(e, ERR_USAGE, "'endpoint=': expected a host and a port alone");
	return 0;
}

static int check_words(const struct s3_place *p, struct err *e)
{
	for (const char *c = p->region; *c; c++)
		if (!is_plain(*c))
			return err_set(e, ERR_USAGE, "'%s' is no name of a region", p->region);
	if (p->sse && strcmp(p->sse, "AES256") != 0 && strcmp(p->sse, "aws:kms") != 0)
		return err_set(e, ERR_USAGE, "'sse=': expected AES256 or aws:kms, found '%s'",
			       p->sse);
	return 0;
}

static void from_variable(char **at, const char *name)
{
	const char *value = getenv(name);

	if (!*at && value && *value)
		*at = strdup(value);
}

/* What was not given; and the URL of the bucket. */
static int complete(struct given *g, struct err *e)
{
	struct s3_place *p = g->p;
	struct buf b = { 0 };
	size_t n;

	from_variable(&p->endpoint, "AWS_ENDPOINT_URL_S3");
	from_variable(&p->endpoint, "AWS_ENDPOINT_URL");
	from_variable(&p->region, "AWS_REGION");
	from_variable(&p->region, "AWS_DEFAULT_REGION");
	if (getenv("LOKID_REQUIRE_PRIVATE"))
		p->require_private = true;
	if (!p->region)
		p->region = strdup("us-east-1");
	if (check_words(p, e) < 0)
		return -1;
	/* A bucket's own host is AWS's way; others take it in the path, and so does TLS of AWS when
	 * the bucket has dots. */
	p->path_style =
		g->path_style < 0 ? p->endpoint || strchr(p->bucket, '.') != NULL : g->path_style;
	if (!p->endpoint) {
		buf_addf(&b, "https://s3.%s.amazonaws.com", p->region);
		p->endpoint = strdup(buf_str(&b));
		buf_release(&b);
	}
	for (n = strlen(p->endpoint); n && p->endpoint[n - 1] == '/'; n--)
		p->endpoint[n - 1] = '\0';
	if (check_endpoint(p->endpoint, e) < 0)
		return -1;
	n = (size_t)(strstr(p->endpoint, "://") + 3 - p->endpoint);
	if (p->path_style)
		buf_addf(&b, "%s/%s", p->endpoint, p->bucket);
	else
		buf_addf(&b, "%.*s%s.%s", (int)n, p->endpoint, p->bucket, p->endpoint + n);
	p->base = strdup(buf_str(&b));
	buf_release(&b);
	return 0;
}

char *s3_place_text(const struct s3_place *p)
{
	struct buf b = { 0 };

	char *ret;

	buf_addf(&b, "%s/%s", p->base, p->prefix);
	ret = strdup(b.p);
	buf_release(&b);
	return ret;
}

int s3_place_parse(const char *url, struct s3_place *ret, struct err *e)
{
	struct s3_place p = { .tries = TRIES,
			      .timeout_ms = TIMEOUT_MS,
			      .lock_expiry_s = LOCK_EXPIRY_S };
	struct given g = { .p = &p, .path_style = -1 };
	struct bytes rest = bytes_str(url + sizeof(scheme) - 1), place = { 0 }, bucket = { 0 };
	struct buf b = { 0 };
	int rc;

	bytes_split(&rest, '?', &place);
	while (place.n && place.p[place.n - 1] == '/')
		place.n--;
	if (place.n)
		buf_addf(&b, "%s%.*s", scheme, BYTES_ARG(place));
	else
		buf_add_str(&b, scheme);
	p.path = strdup(buf_str(&b));
	buf_reset(&b);
	bytes_split(&place, '/', &bucket);
	p.bucket = strndup(bucket.n ? bucket.p : "", bucket.n);
	if (place.n)
		buf_addf(&b, "%.*s/", BYTES_ARG(place));
	p.prefix = strdup(buf_str(&b));
	buf_release(&b);
	rc = check_bucket(p.bucket, e);
	if (rc == 0)
		rc = check_prefix(place, e);
	if (rc == 0)
		rc = take_query(&g, rest, e);
	if (rc == 0)
		rc = complete(&g, e);
	if (rc < 0) {
		err_wrap(e, "store '%s'", p.path);
		s3_place_release(&p);
		return -1;
	}
	*ret = p;
	return 0;
}

void s3_place_release(struct s3_place *p)
{
	free(p->bucket);
	free(p->prefix);
	free(p->endpoint);
	free(p->region);
	free(p->base);
	free(p->path);
	free(p->sse);
	free(p->profile);
	free(p->ca_file);
	*p = (struct s3_place){ 0 };
}
