/* Content-Type as Go reads it. */
#include "unit.h"

#include "http/media_type.h"

static void takes(const char *value, const char *want)
{
	char type[MEDIA_TYPE_MAX + 1];
	struct err e;

	assert_int_equal(media_type_parse(bytes_str(value), type, &e), 0);
	assert_string_equal(type, want);
}

static void refuses(const char *value, const char *why)
{
	char type[MEDIA_TYPE_MAX + 1];
	struct err e;

	assert_int_equal(media_type_parse(bytes_str(value), type, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_string_equal(e.msg, why);
}

static void types(void **state)
{
	(void)state;
	takes("application/json", "application/json");
	takes(" Application/JSON ; charset=UTF-8", "application/json");
	takes("application/x-protobuf;", "application/x-protobuf");
	takes("text", "text");
	takes("a/b; c=\"d;\\\"e\" ;f=g", "a/b");
}

static void refusals(void **state)
{
	char longer[200];

	(void)state;
	refuses("", "mime: no media type");
	refuses(" ; charset=utf-8", "mime: no media type");
	refuses("/json", "mime: no media type");
	refuses("a b", "mime: expected slash after first token");
	refuses("a/", "mime: expected token after slash");
	refuses("a/b c", "mime: unexpected content after media subtype");
	refuses("a/b; c", "mime: invalid media parameter");
	refuses("a/b; c=", "mime: invalid media parameter");
	refuses("a/b; c=\"d", "mime: invalid media parameter");
	refuses("a/b; c=\"d\\", "mime: invalid media parameter");
	refuses("a/b; c=d e", "mime: invalid media parameter");
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	refuses(longer, "a media type of 199 bytes, at most 127");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(types), cmocka_unit_test(refusals) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
