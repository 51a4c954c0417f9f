#include "store/s3_creds.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "httpc/httpc.h"
#include "store/s3_creds_text.h"
#include "store/s3_url.h"
#include "time/time.h"

enum { FILE_MAX = 1 << 20, TOKEN_MAX = 64 << 10, ASK_TIMEOUT_MS = 10000, ASK_TRIES = 3 };

void s3_creds_release(struct s3_creds *c)
{
	free(c->key);
	free(c->secret);
	free(c->token);
	*c = (struct s3_creds){ 0 };
}

static const char *variable(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* ---- the environment ---- */

/* 1 there are some; 0 none. */
static int from_environment(struct s3_creds *ret, struct err *e)
{
	const char *key = variable("AWS_ACCESS_KEY_ID"), *token = variable("AWS_SESSION_TOKEN");
	const char *secret = variable("AWS_SECRET_ACCESS_KEY");

	if (!key && !secret)
		return 0;
	if (!key || !secret)
		return err_set(e, ERR_IO, "%s is set and %s is not",
			       key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
			       key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	ret->key = strdup(key);
	ret->secret = strdup(secret);
	ret->token = token ? strdup(token) : NULL;
	return s3_creds_check(ret, "the environment", e) < 0 ? -1 : 1;
}

/* ---- a profile of a file ---- */

static int from_file(const char *profile, struct s3_creds *ret, struct err *e)
{
	const char *path = variable("AWS_SHARED_CREDENTIALS_FILE"), *home = variable("HOME");
	const char *chosen = profile ? profile : variable("AWS_PROFILE");
	const char *name = chosen ? chosen : "default";
	struct buf own = { 0 }, text = { 0 }, where = { 0 };
	bool named = path != NULL;
	int rc = 0;

	if (!path) {
		buf_addf(&own, "%s/.aws/credentials", home ? home : "");
		path = buf_str(&own);
	}
	buf_addf(&where, "profile '%s' of '%s'", name, path);
	if (access(path, F_OK) < 0 && !named && !chosen)
		goto out;
	rc = io_read_file(path, FILE_MAX, &text, e);
	if (rc == 0 && !s3_creds_take_profile(buf_bytes(&text), name, ret))
		rc = chosen ? err_set(e, ERR_IO, "'%s' has no profile '%s'", path, name) : 0;
	else if (rc == 0)
		rc = s3_creds_check(ret, buf_str(&where), e) < 0 ? -1 : 1;
out:
	buf_release(&own);
	buf_release(&text);
	buf_release(&where);
	return rc;
}

/* ---- who is asked by HTTP ---- */

static int ask(struct httpc_request *r, const char *who, struct buf *ret_body, struct err *e)
{
	const struct httpc_opts opts = { .timeout_ms = ASK_TIMEOUT_MS, .answer_max = TOKEN_MAX };
	struct httpc_answer a = { 0 };
	struct httpc *h;
	int rc;

	if (httpc_open(&opts, &h, e) < 0)
		return -1;
	for (int i = 0;; i++) {
		rc = httpc_do(h, r, &a, e);
		if (rc == 0 && a.status / 100 == 5)
			rc = err_set(e, ERR_AGAIN, "status %d", a.status);
		if (rc == 0 || e->code != ERR_AGAIN || i + 1 == ASK_TRIES)
			break;
	}
	if (rc < 0)
		err_wrap(e, "%s", who);
	else if (a.status != 200)
		rc = err_set(e, ERR_IO, "%s refuses to give keys: status %d", who, a.status);
	else
		buf_add_bytes(ret_body, buf_bytes(&a.body));
	httpc_answer_release(&a);
	httpc_close(h);
	return rc;
}

static int ask_sts(const char *role, struct bytes token, const char *region, struct s3_creds *ret,
		   struct err *e)
{
	const char *given = variable("AWS_ENDPOINT_URL_STS");
	const char *session = variable("AWS_ROLE_SESSION_NAME");
	struct buf url = { 0 }, form = { 0 }, body = { 0 };
	int rc;

	if (given)
		buf_addf(&url, "%s/", given);
	else
		buf_addf(&url, "https://sts.%s.amazonaws.com/", region);
	s3_query_add(&form, "Action", BYTES_LIT("AssumeRoleWithWebIdentity"));
	s3_query_add(&form, "RoleArn", bytes_str(role));
	s3_query_add(&form, "RoleSessionName", bytes_str(session ? session : "lokid"));
	s3_query_add(&form, "Version", BYTES_LIT("2011-06-15"));
	s3_query_add(&form, "WebIdentityToken", token);

	struct httpc_request r = { .method = "POST",
				   .url = buf_str(&url),
				   .body = buf_bytes(&form),
				   .header = { "Content-Type: application/x-www-form-urlencoded" },
				   .n_headers = 1 };
	rc = ask(&r, s3_creds_of_sts, &body, e);
	if (rc == 0)
		rc = s3_creds_take_sts(buf_bytes(&body), ret, e);
	buf_release(&url);
	buf_release(&form);
	buf_release(&body);
	return rc;
}

static int from_web_identity(const char *region, struct s3_creds *ret, struct err *e)
{
	const char *file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
	const char *role = variable("AWS_ROLE_ARN");
	struct buf token = { 0 };
	int rc;

	if (!file)
		return 0;
	if (!role)
		return err_set(e, ERR_IO,
			       "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not");
	rc = io_read_file(file, TOKEN_MAX, &token, e);
	if (rc < 0)
		err_wrap(e, "AWS_WEB_IDENTITY_TOKEN_FILE");
	else
		rc = ask_sts(role, bytes_trim(buf_bytes(&token)), region, ret, e) < 0 ? -1 : 1;
	buf_release(&token);
	return rc;
}

/* Keys are not asked for in the open, but of this machine. */
static int check_full_uri(const char *uri, struct err *e)
{
	static const char *const hosts[] = { "127.0.0.1",     "localhost",	"[::1]",
					     "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]" };
	const char *rest;

	if (httpc_check_url(uri, NULL) < 0)
		return err_set(e, ERR_IO, "AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL");
	if (strncmp(uri, "https://", 8) == 0)
		return 0;
	rest = uri + strlen("http://");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		size_t n = strlen(hosts[i]);

		if (strncmp(rest, hosts[i], n) == 0 && strchr(":/", rest[n]) != NULL)
			return 0;
	}
	return err_set(e, ERR_IO,
		       "AWS_CONTAINER_CREDENTIALS_FULL_URI: http:// is for this machine alone");
}

static int add_authorization(struct buf *header, struct err *e)
{
	const char *token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	const char *file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	struct buf text = { 0 };

	if (file) {
		if (io_read_file(file, TOKEN_MAX, &text, e) < 0) {
			buf_release(&text);
			return err_wrap(e, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
		}
		buf_addf(header, "Authorization: %.*s", BYTES_ARG(bytes_trim(buf_bytes(&text))));
		buf_release(&text);
	} else if (token) {
		buf_addf(header, "Authorization: %s", token);
	}
	if (header->n && httpc_check_header(buf_str(header), NULL) < 0)
		return err_set(e, ERR_IO, "the container's authorization token is not one line");
	return 0;
}

static int from_container(struct s3_creds *ret, struct err *e)
{
	const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	struct buf url = { 0 }, body = { 0 }, header = { 0 };
	int rc = 0;

	if (!relative && !full)
		return 0;
	if (relative)
		buf_addf(&url, "http://169.254.170.2%s", relative);
	else
		buf_add_str(&url, full);
	if (!relative)
		rc = check_full_uri(full, e);
	if (rc == 0)
		rc = add_authorization(&header, e);
	if (rc == 0) {
		struct httpc_request r = { .method = "GET", .url = buf_str(&url) };

		if (header.n)
			r.header[r.n_headers++] = buf_str(&header);
		rc = ask(&r, s3_creds_of_container, &body, e);
	}
	if (rc == 0)
		rc = s3_creds_take_json(buf_bytes(&body), ret, e);
	buf_release(&url);
	buf_release(&body);
	buf_release(&header);
	return rc < 0 ? -1 : 1;
}

int s3_creds_get(const char *profile, const char *region, struct s3_creds *ret, struct err *e)
{
	struct s3_creds c = { .expires_s = INT64_MAX };
	int rc = profile ? 0 : from_environment(&c, e);

	if (rc == 0 && !profile)
		rc = from_web_identity(region, &c, e);
	if (rc == 0)
		rc = from_file(profile, &c, e);
	if (rc == 0)
		rc = from_container(&c, e);
	if (rc == 0)
		rc = err_set(e, ERR_IO,
			     "no keys for the object store: set AWS_ACCESS_KEY_ID and "
			     "AWS_SECRET_ACCESS_KEY, or see lokid-store(7)");
	if (rc < 0) {
		s3_creds_release(&c);
		return -1;
	}
	*ret = c;
	return 0;
}
