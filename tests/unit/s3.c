/* What an object store is told and tells: URLs, keys, listings. Nothing here speaks to one. */
#include "unit.h"

#include "base/io.h"
#include "base/mem.h"
#include "httpc/sha256.h"
#include "store/s3_creds.h"
#include "store/s3_listing.h"
#include "store/s3_url.h"
#include "time/time.h"
#include "xml/xml.h"

static const char *const variables[] = { "AWS_ACCESS_KEY_ID",
					 "AWS_SECRET_ACCESS_KEY",
					 "AWS_SESSION_TOKEN",
					 "AWS_PROFILE",
					 "AWS_SHARED_CREDENTIALS_FILE",
					 "AWS_WEB_IDENTITY_TOKEN_FILE",
					 "AWS_ROLE_ARN",
					 "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
					 "AWS_CONTAINER_CREDENTIALS_FULL_URI",
					 "AWS_CONTAINER_AUTHORIZATION_TOKEN",
					 "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
					 "AWS_ENDPOINT_URL",
					 "AWS_ENDPOINT_URL_S3",
					 "AWS_REGION",
					 "AWS_DEFAULT_REGION" };

static int setup(void **state)
{
	char *folder = new_folder();

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		unsetenv(variables[i]);
	setenv("HOME", folder, 1);
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	remove_folder(*state);
	return 0;
}

/* ---- URLs ---- */

static void object_url(const char *store, const char *name, const char *want)
{
	struct s3_place p;
	struct buf url = { 0 };
	struct err e = { 0 };

	if (s3_place_parse(store, &p, &e) < 0)
		fail_msg("%s", e.msg);
	s3_url_add(&url, &p, name, NULL);
	assert_string_equal(buf_str(&url), want);
	s3_place_release(&p);
	buf_release(&url);
}

static void urls_name_objects(void **state)
{
	(void)state;
	object_url("s3://b/p?endpoint=http://h:1", "t/x", "http://h:1/b/p/t/x");
	object_url("s3://b?endpoint=http://h:1/", "t/x", "http://h:1/b/t/x");
	object_url("s3://b/p/q//?endpoint=http://h:1&path-style=0", "x", "http://b.h:1/p/q/x");
	object_url("s3://b/p", "x", "https://b.s3.us-east-1.amazonaws.com/p/x");
	object_url("s3://b.c/p?region=eu-1", "x", "https://s3.eu-1.amazonaws.com/b.c/p/x");
	object_url("s3://b?endpoint=http%3A%2F%2Fh", NULL, "http://h/b");
	object_url("s3://b?path-style=0", NULL, "https://b.s3.us-east-1.amazonaws.com/");
	/* every byte that a signature may see otherwise is encoded, and '/' is not */
	object_url("s3://b?endpoint=http://h", "a-b_c.d~e/=+()*':@,;&$! %\xc3\xa4",
		   "http://h/b/a-b_c.d~e/%3D%2B%28%29%2A%27%3A%40%2C%3B%26%24%21%20%25%C3%A4");
	setenv("AWS_ENDPOINT_URL", "http://two", 1);
	object_url("s3://b", "x", "http://two/b/x");
	setenv("AWS_ENDPOINT_URL_S3", "http://one", 1);
	setenv("AWS_REGION", "r-1", 1);
	object_url("s3://b", "x", "http://one/b/x");
	object_url("s3://b?endpoint=http://h", "x", "http://h/b/x");
}

static void urls_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *url, *why;
	} bad[] = {
		{ "s3://", "BUCKET" },
		{ "s3:///p", "BUCKET" },
		{ "s3://b c/p", "bucket" },
		{ "s3://b/../p", "'..'" },
		{ "s3://b/a//p", "nothing between" },
		{ "s3://b?endpoint=h:1", "endpoint" },
		{ "s3://b?endpoint=ftp://h", "endpoint" },
		{ "s3://b?endpoint=http://h/p", "host and a port alone" },
		{ "s3://b?endpoint=http://u:p@h", "seen by all" },
		{ "s3://b?endpoint=", "no value" },
		{ "s3://b?region=a%20b", "blank" },
		{ "s3://b?region=a%2Fb", "region" },
		{ "s3://b?region=a%0", "two hexadecimal digits" },
		{ "s3://b?secret=x", "keys are not for URLs" },
		{ "s3://b?path-style=yes", "1 or 0" },
		{ "s3://b?sse=rot13", "AES256" },
		{ "s3://b?tries=0", "1 to 100" },
		{ "s3://b?timeout=0s", "1s to 24h" },
		{ "s3://b?timeout=soon", "timeout" },
		{ "s3://b?lock-expiry=48h", "1s to 24h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct s3_place p;
		struct err e = { 0 };

		assert_int_equal(-1, s3_place_parse(bad[i].url, &p, &e));
		assert_int_equal(e.code, ERR_USAGE);
		if (!strstr(e.msg, bad[i].why))
			fail_msg("%s: %s", bad[i].url, e.msg);
		assert_null(strstr(e.msg, "u:p@"));
	}
}

static void queries_are_canonical(void **state)
{
	struct buf q = { 0 }, back = { 0 };

	(void)state;
	s3_query_add(&q, "continuation-token", BYTES_LIT("YWJj=="));
	s3_query_add(&q, "delimiter", BYTES_LIT("/"));
	s3_query_add(&q, "prefix", BYTES_LIT("a b/+"));
	s3_query_add(&q, "uploads", BYTES_LIT(""));
	assert_string_equal(
		buf_str(&q),
		"continuation-token=YWJj%3D%3D&delimiter=%2F&prefix=a%20b%2F%2B&uploads=");
	assert_true(s3_decode(&back, BYTES_LIT("a%20b+%2b%C3%a4"), S3_QUERY));
	assert_string_equal(buf_str(&back), "a b +\xc3\xa4");
	assert_false(s3_decode(&back, BYTES_LIT("%2"), S3_QUERY));
	assert_false(s3_decode(&back, BYTES_LIT("%zz"), S3_QUERY));
	buf_release(&q);
	buf_release(&back);
}

static void hashes_are_those_of_the_standard(void **state)
{
	char hex[SHA256_HEX + 1];
	struct err e;

	(void)state;
	assert_int_equal(0, sha256_hex((struct bytes){ 0 }, hex, &e));
	assert_string_equal(hex,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(0, sha256_hex(BYTES_LIT("abc"), hex, &e));
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* ---- keys ---- */

static void write_text(const char *folder, const char *name, const char *text)
{
	struct buf path = { 0 };
	struct err e;

	buf_addf(&path, "%s/%s", folder, name);
	assert_int_equal(0, file_replace_bytes(buf_str(&path), bytes_str(text), &e));
	buf_release(&path);
}

static void keys_are(const char *profile, const char *key, const char *secret, const char *token)
{
	struct s3_creds c = { 0 };
	struct err e = { 0 };

	if (s3_creds_get(profile, "us-east-1", &c, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(c.key, key);
	assert_string_equal(c.secret, secret);
	assert_int_equal(!!c.token, !!token);
	if (token)
		assert_string_equal(c.token, token);
	assert_true(c.expires_s == INT64_MAX);
	s3_creds_release(&c);
}

static void no_keys(const char *profile, const char *why)
{
	struct s3_creds c = { 0 };
	struct err e = { 0 };

	assert_int_equal(-1, s3_creds_get(profile, "us-east-1", &c, &e));
	assert_int_equal(e.code, ERR_IO);
	if (!strstr(e.msg, why))
		fail_msg("expected '%s': %s", why, e.msg);
	assert_null(strstr(e.msg, "hidden"));
}

static void keys_come_from_the_environment(void **state)
{
	(void)state;
	no_keys(NULL, "AWS_ACCESS_KEY_ID");
	setenv("AWS_ACCESS_KEY_ID", "me", 1);
	no_keys(NULL, "AWS_SECRET_ACCESS_KEY is not");
	setenv("AWS_SECRET_ACCESS_KEY", "hidden", 1);
	keys_are(NULL, "me", "hidden", NULL);
	setenv("AWS_SESSION_TOKEN", "hidden too", 1);
	no_keys(NULL, "blank");
	setenv("AWS_SESSION_TOKEN", "hidden+token", 1);
	keys_are(NULL, "me", "hidden", "hidden+token");
	unsetenv("AWS_ACCESS_KEY_ID");
	no_keys(NULL, "AWS_ACCESS_KEY_ID is not");
}

static void keys_come_from_a_profile(void **state)
{
	const char *folder = *state;
	struct buf path = { 0 };
	struct err e;

	buf_addf(&path, "%s/.aws", folder);
	assert_int_equal(0, io_mkdirs(buf_str(&path), &e));
	write_text(
		folder, ".aws/credentials",
		"# a comment\n[default]\naws_access_key_id = d\naws_secret_access_key=hidden=d\r\n"
		"\n[ other ]\n; another\naws_access_key_id=o\naws_secret_access_key = hidden\n"
		"aws_session_token = t\nregion = x\nnonsense\n[empty]\n[half]\n"
		"aws_access_key_id=h");
	keys_are(NULL, "d", "hidden=d", NULL);
	keys_are("other", "o", "hidden", "t");
	no_keys("empty", "profile 'empty'");
	no_keys("half", "profile 'half'");
	no_keys("none", "no profile 'none'");
	setenv("AWS_PROFILE", "other", 1);
	keys_are(NULL, "o", "hidden", "t");
	setenv("AWS_PROFILE", "none", 1);
	no_keys(NULL, "no profile 'none'");
	setenv("AWS_ACCESS_KEY_ID", "e", 1); /* goes before AWS_PROFILE, and not before the URL */
	setenv("AWS_SECRET_ACCESS_KEY", "hidden", 1);
	keys_are(NULL, "e", "hidden", NULL);
	keys_are("other", "o", "hidden", "t");
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
	no_keys(NULL, "/nonexistent/credentials");
	buf_release(&path);
}

static void who_is_asked_for_keys_is_checked(void **state)
{
	(void)state;
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/token", 1);
	no_keys(NULL, "AWS_ROLE_ARN is not");
	setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/x", 1);
	no_keys(NULL, "AWS_WEB_IDENTITY_TOKEN_FILE");
	unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/keys", 1);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hidden", 1);
	no_keys(NULL, "this machine alone");
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1.example.com/keys", 1);
	no_keys(NULL, "this machine alone");
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/keys", 1);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hidden\r\nX: y", 1);
	no_keys(NULL, "authorization token");
}

/* ---- listings ---- */

#define PAGE(s) "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"u\">" s "</ListBucketResult>"
#define ROOT(s) PAGE("<IsTruncated>false</IsTruncated>" s)
#define OBJECT(k)                                                                         \
	"<Contents><Key>" k "</Key><LastModified>2026-01-15T10:00:00.500Z</LastModified>" \
	"<ETag>&quot;x&quot;</ETag><Size>7</Size></Contents>"

static void listings_are_read(void **state)
{
	struct s3_listing l = { 0 };
	struct err e = { 0 };
	int64_t ns;

	(void)state;
	assert_int_equal(
		0, s3_listing_parse(
			   &l,
			   BYTES_LIT(ROOT("<Name>b</Name><Prefix>Contents/Key</Prefix>"
					  "<IsTruncated>true</IsTruncated>" OBJECT("a%20b/&lt;x")
						  OBJECT("z+") "<NextContinuationToken>n+==<"
							       "/NextContinuationToken>"
							       "<EncodingType>url</EncodingType>"
							       "<CommonPrefixes><Prefix>f%2Fg/"
							       "</Prefix></CommonPrefixes>")),
			   &e));
	assert_int_equal(l.n_objects, 2);
	assert_true(bytes_is(l.object[0].key, "a b/<x"));
	assert_true(bytes_is(l.object[1].key, "z "));
	assert_int_equal(l.object[0].size, 7);
	assert_int_equal(time_scan_rfc3339(BYTES_LIT("2026-01-15T10:00:00Z"), &ns), 20);
	assert_true(l.object[0].date_ns == ns); /* whole seconds */
	assert_int_equal(l.n_folders, 1);
	assert_true(bytes_is(l.folder[0].key, "f/g/"));
	assert_true(l.truncated);
	assert_true(bytes_is(l.token, "n+=="));
	s3_listing_reset(&l);
	assert_int_equal(0, s3_listing_parse(&l, BYTES_LIT(ROOT(OBJECT("a%20+"))), &e));
	assert_true(bytes_is(l.object[0].key, "a%20+")); /* who did not encode is not decoded */
	assert_false(l.truncated);
	s3_listing_reset(&l);
	assert_int_equal(
		0, s3_listing_parse(&l,
				    BYTES_LIT("<a:ListMultipartUploadsResult xmlns:a='u'>"
					      "<a:Upload><a:Key>k</a:Key><a:UploadId>u</a:UploadId>"
					      "<a:Initiated>2026-01-15T10:00:00Z</a:Initiated>"
					      "</a:Upload><a:IsTruncated>false</a:IsTruncated>"
					      "</a:ListMultipartUploadsResult>"),
				    &e));
	assert_int_equal(l.n_uploads, 1);
	assert_true(bytes_is(l.upload[0].upload_id, "u"));
	assert_true(l.upload[0].date_ns == ns);
	s3_listing_release(&l);
}

static void listings_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"OK",
		"<html><body>Welcome</body></html>",
		"<Error><Code>SlowDown</Code></Error>",
		"<ListBucketResult>",
		ROOT("<Contents></Contents>"),
		ROOT("<Contents><Key>a</Key><Size>7</Size></Contents>"),
		ROOT("<Contents><Key>a</Key><Size>-7</Size></Contents>"),
		ROOT("<Contents><Key>a</Key><Size>99999999999999999999</Size></Contents>"),
		ROOT("<Contents><LastModified>soon</LastModified></Contents>"),
		ROOT("<Upload><Key>k</Key></Upload>"),
		ROOT("<CommonPrefixes><Prefix>a</Prefix></CommonPrefixes>"),
		ROOT("<CommonPrefixes></CommonPrefixes>"),
		ROOT("<IsTruncated>true</IsTruncated>"),
		ROOT("<IsTruncated>TRUE</IsTruncated>"),
		ROOT("<IsTruncated></IsTruncated>"),
		PAGE(OBJECT("a")),
		ROOT("<EncodingType>url</EncodingType>" OBJECT("a%2")),
		ROOT("<Contents>" OBJECT("a") "</Contents>"),
		"<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" ROOT("&b;"),
		ROOT("&unknown;"),
		ROOT("\xff\xfe"),
	};
	struct s3_listing l = { 0 };
	struct buf deep = { 0 };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		s3_listing_reset(&l);
		if (s3_listing_parse(&l, bytes_str(bad[i]), &e) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	buf_add_str(&deep, "<ListBucketResult>");
	for (int i = 0; i < 100000; i++)
		buf_add_str(&deep, "<a>");
	s3_listing_reset(&l);
	assert_int_equal(-1, s3_listing_parse(&l, buf_bytes(&deep), &e));
	assert_non_null(strstr(e.msg, "too deep"));
	buf_release(&deep);
	s3_listing_release(&l);
}

static int note_texts(const struct xml_at *at, void *data, struct err *e)
{
	(void)e;
	buf_addf(data, "%s%s=%.*s ", at->end ? "" : "+", at->path, BYTES_ARG(at->text));
	return 0;
}

static void xml_gives_each_element_its_own_text(void **state)
{
	struct buf b = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(0, xml_read(BYTES_LIT("<a>1<b>2&amp;</b>3<x:c xmlns:x='u'/></a>"),
				     note_texts, &b, &e));
	assert_string_equal(buf_str(&b), "+/a= +/a/b= /a/b=2& +/a/c= /a/c= /a=13 ");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(urls_name_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(urls_that_are_none_are_refused, setup, teardown),
		cmocka_unit_test(queries_are_canonical),
		cmocka_unit_test(hashes_are_those_of_the_standard),
		cmocka_unit_test_setup_teardown(keys_come_from_the_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_come_from_a_profile, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_asked_for_keys_is_checked, setup, teardown),
		cmocka_unit_test(listings_are_read),
		cmocka_unit_test(listings_that_are_none_are_refused),
		cmocka_unit_test(xml_gives_each_element_its_own_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
