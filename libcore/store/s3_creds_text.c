#include "store/s3_creds_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "json/json.h"
#include "time/time.h"
#include "xml/xml.h"

int s3_creds_check(const struct s3_creds *c, const char *where, struct err *e)
{
	const char *const v[] = { c->key, c->secret, c->token };

	if (!c->key || !c->secret || !*c->key || !*c->secret)
		return err_set(e, ERR_IO, "%s: no access key, or no secret key", where);
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		for (const char *p = v[i]; p && *p; p++)
			if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
				return err_set(e, ERR_IO,
					       "%s: a blank or control character in a key", where);
	return 0;
}

/* ---- a profile of a file ---- */

static void take_line(struct bytes line, struct s3_creds *c)
{
	static const char *const names[] = { "aws_access_key_id", "aws_secret_access_key",
					     "aws_session_token" };
	char **const at[] = { &c->key, &c->secret, &c->token };
	struct bytes name;

	if (!line.n || !memchr(line.p, '=', line.n))
		return;
	bytes_split(&line, '=', &name);
	name = bytes_trim(name);
	line = bytes_trim(line);
	for (size_t i = 0; i < 3; i++) {
		if (!bytes_is(name, names[i]))
			continue;
		free(*at[i]);
		*at[i] = line.n ? strndup(line.p, line.n) : NULL;
	}
}

bool s3_creds_take_profile(struct bytes text, const char *profile, struct s3_creds *c)
{
	bool in = false, found = false;
	struct bytes line;

	while (text.n && bytes_split(&text, '\n', &line)) {
		line = bytes_trim(line);
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (line.p[0] == '[') {
			struct bytes name = bytes_sub(line, 1, line.n);

			while (name.n && name.p[name.n - 1] != ']')
				name.n--;
			name = bytes_trim(bytes_sub(name, 0, name.n ? name.n - 1 : 0));
			in = bytes_is(name, profile);
			found |= in;
		} else if (in) {
			take_line(line, c);
		}
	}
	return found;
}

/* ---- answers ---- */

static char *copy(struct bytes b)
{
	b = bytes_trim(b);
	return b.n ? strndup(b.p, b.n) : NULL;
}

static int take_expiry(struct bytes text, const char *who, struct s3_creds *c, struct err *e)
{
	int64_t ns;

	text = bytes_trim(text);
	if (time_scan_rfc3339(text, &ns) != text.n || text.n == 0)
		return err_set(e, ERR_IO, "%s: expected a time at which the keys expire", who);
	c->expires_s = ns / NS_PER_S;
	return 0;
}

const char s3_creds_of_sts[] = "STS, which changes a web identity into keys,";

struct sts {
	struct s3_creds *c;
	struct buf expires;
};

static int take_sts(const struct xml_at *at, void *data, struct err *e)
{
	static const char credentials[] = "/AssumeRoleWithWebIdentityResponse/"
					  "AssumeRoleWithWebIdentityResult/Credentials/";
	const struct bytes path = bytes_str(at->path);
	struct sts *s = data;
	struct bytes last;

	(void)e;
	if (!at->end || !bytes_starts(path, bytes_str(credentials)))
		return 0;
	last = bytes_sub(path, sizeof(credentials) - 1, path.n);
	if (bytes_is(last, "AccessKeyId") && !s->c->key)
		s->c->key = copy(at->text);
	else if (bytes_is(last, "SecretAccessKey") && !s->c->secret)
		s->c->secret = copy(at->text);
	else if (bytes_is(last, "SessionToken") && !s->c->token)
		s->c->token = copy(at->text);
	else if (bytes_is(last, "Expiration") && !s->expires.n)
		buf_add_bytes(&s->expires, at->text);
	return 0;
}

int s3_creds_take_sts(struct bytes text, struct s3_creds *c, struct err *e)
{
	struct sts s = { .c = c };
	int rc = xml_read(text, take_sts, &s, e);

	if (rc < 0)
		err_wrap(e, "%s", s3_creds_of_sts);
	else
		rc = take_expiry(buf_bytes(&s.expires), s3_creds_of_sts, c, e);
	if (rc == 0)
		rc = s3_creds_check(c, s3_creds_of_sts, e);
	buf_release(&s.expires);
	return rc;
}

const char s3_creds_of_container[] = "the container's credentials";

/* {"AccessKeyId": ..., "SecretAccessKey": ..., "Token": ..., "Expiration": ...} */
int s3_creds_take_json(struct bytes text, struct s3_creds *c, struct err *e)
{
	struct json_at j = json_start(text);
	struct buf name = { 0 }, value = { 0 };
	struct bytes raw;
	bool escaped;
	int rc = 0;

	if (!json_take(&j, '{'))
		return err_set(e, ERR_IO, "%s: expected a JSON object", s3_creds_of_container);
	do {
		buf_reset(&name);
		buf_reset(&value);
		if (!json_string(&j, &raw, &escaped) || !json_unescape(raw, &name) ||
		    !json_take(&j, ':')) {
			rc = err_set(e, ERR_IO, "%s: expected a name", s3_creds_of_container);
			break;
		}
		json_skip_space(&j);
		if (!json_string(&j, &raw, &escaped)) { /* null, as of a token that is none */
			if (!json_value(&j, &raw)) {
				rc = err_set(e, ERR_IO, "%s: expected a value",
					     s3_creds_of_container);
				break;
			}
			continue;
		}
		if (!json_unescape(raw, &value)) {
			rc = err_set(e, ERR_IO, "%s: a bad escape", s3_creds_of_container);
			break;
		}
		if (bytes_is(buf_bytes(&name), "AccessKeyId") && !c->key)
			c->key = copy(buf_bytes(&value));
		else if (bytes_is(buf_bytes(&name), "SecretAccessKey") && !c->secret)
			c->secret = copy(buf_bytes(&value));
		else if (bytes_is(buf_bytes(&name), "Token") && !c->token)
			c->token = copy(buf_bytes(&value));
		else if (bytes_is(buf_bytes(&name), "Expiration"))
			rc = take_expiry(buf_bytes(&value), s3_creds_of_container, c, e);
	} while (rc == 0 && json_take(&j, ','));
	buf_release(&name);
	buf_release(&value);
	return rc < 0 ? -1 : s3_creds_check(c, s3_creds_of_container, e);
}
