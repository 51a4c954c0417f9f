/*
 * Heads that two readers could understand in two ways: a proxy in front of us may see another end
 * of the request than we do, and what follows would be taken for a request of somebody else. They
 * are refused, whatever libmicrohttpd makes of them.
 */
#include "http/conn.h"

#include <strings.h>

#include "base/num.h"

struct guard {
	const char *at; /* behind the line before, without its end; NULL: not looked at */
	bool torn;
	unsigned n_length, n_encoding, n_host;
	struct bytes length, encoding;
	const char *bad; /* a header with bytes that none may have */
};

static bool is_token(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return n > 0;
}

static bool has_control(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

/* Others than libmicrohttpd take a tab for the end of the path. */
static bool is_path(const char *uri)
{
	return !has_control(uri, strlen(uri)) && !strchr(uri, '\t');
}

/*
 * libmicrohttpd 0.9.75 also takes lines that end in LF alone, lines folded into one, and bytes of
 * 0, and its strings do not show it. But they lie where they were read, the bytes between them set
 * to 0, and so do their distances: two bytes from the end of one line to the begin of the next.
 * What that cannot tell is a byte of 0 before an LF from the CR that belongs there; but whoever
 * forwards heads must not forward that byte (RFC 9110, 5.5), and we take it for no end either way.
 * Later versions refuse such heads themselves.
 */
static bool looks_at_lines(void)
{
	return !strncmp(MHD_get_version(), "0.9.", 4);
}

static void follow_line(struct guard *g, const char *key, size_t key_n, const char *value,
			size_t value_n)
{
	if (!g->at)
		return;
	if (key != g->at + 2 || value <= key + key_n)
		g->torn = true;
	for (const char *p = key + key_n + 1; p < value && !g->torn; p++)
		g->torn = *p != ' ' && *p != '\t';
	g->at = value + value_n;
}

static void follow_first_line(struct guard *g, const struct http_request *r, const char *version)
{
	if (!looks_at_lines())
		return;
	g->at = version + strlen(version);
	g->torn = r->uri_at != r->method_name + strlen(r->method_name) + 1 ||
		  version != r->uri_at + strlen(r->uri) + 1;
}

static const char *end_of_head(const struct http_request *r)
{
	return r->method_name +
	       MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
		       ->header_size;
}

static enum MHD_Result look_at(void *data, enum MHD_ValueKind kind, const char *key, size_t key_n,
			       const char *value, size_t value_n)
{
	struct guard *g = data;

	(void)kind;
	follow_line(g, key, key_n, value, value_n);
	if (!is_token(key, key_n))
		g->bad = "a header's name";
	else if (has_control(value, value_n))
		g->bad = "a header's value";
	if (key_n == 14 && !strncasecmp(key, "Content-Length", key_n)) {
		g->n_length++;
		g->length = bytes_of(value, value_n);
	} else if (key_n == 17 && !strncasecmp(key, "Transfer-Encoding", key_n)) {
		g->n_encoding++;
		g->encoding = bytes_of(value, value_n);
	} else if (key_n == 4 && !strncasecmp(key, "Host", key_n)) {
		g->n_host++;
	}
	return MHD_YES;
}

int guard_head(const struct http_request *r, const char *version, struct head *ret, struct err *e)
{
	struct guard g = { 0 };
	struct bytes expect = http_header(r, "Expect");

	*ret = (struct head){ 0 };
	follow_first_line(&g, r, version);
	MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, look_at, &g);
	if (g.torn || (g.at && g.at + 4 != end_of_head(r)))
		return err_set(e, ERR_USAGE, "a line of the head does not end as it must");
	if (g.bad)
		return err_set(e, ERR_USAGE, "%s has bytes that none may have", g.bad);
	if (!is_token(r->method_name, strlen(r->method_name)))
		return err_set(e, ERR_USAGE, "the method has bytes that none may have");
	if (!is_path(r->uri))
		return err_set(e, ERR_USAGE, "the path has bytes that none may have");
	if (g.n_host > 1)
		return err_set(e, ERR_USAGE, "%u headers Host", g.n_host);
	if (g.n_length > 1)
		return err_set(e, ERR_USAGE, "%u headers Content-Length", g.n_length);
	if (g.n_encoding > 1)
		return err_set(e, ERR_USAGE, "%u headers Transfer-Encoding", g.n_encoding);
	if (g.n_length && g.n_encoding)
		return err_set(e, ERR_USAGE, "both Content-Length and Transfer-Encoding");
	if (g.n_length && !num_u64(g.length, &ret->length))
		return err_set(e, ERR_USAGE, "Content-Length is not a number");
	if (g.n_encoding && (g.encoding.n != 7 || strncasecmp(g.encoding.p, "chunked", 7) != 0))
		return err_set(e, ERR_USAGE, "Transfer-Encoding is not chunked");
	if (g.n_encoding && r->is_old)
		return err_set(e, ERR_USAGE, "Transfer-Encoding in HTTP/1.0");
	ret->is_chunked = g.n_encoding > 0;
	ret->expects = expect.n == 12 && !strncasecmp(expect.p, "100-continue", 12);
	return 0;
}
