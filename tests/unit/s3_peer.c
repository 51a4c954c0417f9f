/* Whom a store's name leads to, as a resolver of the test's says. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "store/s3_peer.h"

static const char *answer; /* addresses, blanks between them */
static char asked[128];

static int fake(const char *host, const char *port, s3_address_fn *each, void *data, struct err *e)
{
	struct bytes rest = bytes_str(answer), one;

	snprintf(asked, sizeof(asked), "%s %s", host, port);
	while (rest.n && bytes_split(&rest, ' ', &one)) {
		struct sockaddr_in in = { .sin_family = AF_INET };
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
		struct buf text = { 0 };
		int rc;

		buf_add_bytes(&text, one);
		if (inet_pton(AF_INET, buf_str(&text), &in.sin_addr) == 1) {
			rc = each((const struct sockaddr *)&in, data, e);
		} else {
			assert_int_equal(1, inet_pton(AF_INET6, buf_str(&text), &in6.sin6_addr));
			rc = each((const struct sockaddr *)&in6, data, e);
		}
		buf_release(&text);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static void leads_to(const char *url, const char *addresses, const char *pin)
{
	struct buf address = { 0 }, found = { 0 };
	struct err e = { 0 };

	answer = addresses;
	if (s3_pin(url, fake, &address, &found, &e) < 0)
		fail_msg("%s: %s", url, e.msg);
	assert_string_equal(buf_str(&found), pin);
	buf_release(&address);
	buf_release(&found);
}

static void private_addresses_are_pinned(void **state)
{
	(void)state;
	leads_to("https://s3.example/b", "10.1.2.3", "s3.example:443:10.1.2.3");
	assert_string_equal(asked, "s3.example 443");
	leads_to("http://s3.example/b", "192.168.0.1 10.0.0.1", "s3.example:80:192.168.0.1");
	leads_to("http://h:9000/b/c", "172.31.255.255", "h:9000:172.31.255.255");
	leads_to("http://h:9000", "100.127.0.1", "h:9000:100.127.0.1");
	leads_to("http://h:9000/b", "fd00::1 fe80::1 ::1", "h:9000:[fd00::1]");
	leads_to("http://h:9000/b", "::ffff:10.0.0.1", "h:9000:[::ffff:10.0.0.1]");
	leads_to("http://[::1]:9000/b", "::1", "[::1]:9000:[::1]");
	assert_string_equal(asked, "::1 9000");
}

static void public_addresses_are_refused(void **state)
{
	static const char *const bad[] = {
		"8.8.8.8",	  "10.0.0.1 8.8.8.8", "8.8.8.8 10.0.0.1", "172.32.0.0",
		"172.15.255.255", "192.167.0.1",      "11.0.0.0",	  "0.0.0.0",
		"100.128.0.0",	  "2001:db8::1",      "fd00::1 2a00::1",  "::ffff:8.8.8.8",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct buf address = { 0 }, pin = { 0 };
		struct err e = { 0 };

		answer = bad[i];
		assert_int_equal(-1, s3_pin("https://s3.example/b", fake, &address, &pin, &e));
		assert_int_equal(e.code, ERR_IO);
		assert_non_null(strstr(e.msg, "'s3.example' has the public address"));
		assert_int_equal(address.n + pin.n, 0);
	}
}

static void a_name_without_an_address_is_told(void **state)
{
	struct buf address = { 0 }, pin = { 0 };
	struct err e = { 0 };

	(void)state;
	answer = "";
	assert_int_equal(-1, s3_pin("https://s3.example/b", fake, &address, &pin, &e));
	assert_int_equal(e.code, ERR_AGAIN);
	assert_int_equal(0, s3_pin("http://127.0.0.1:9/b", s3_resolve, &address, &pin, &e));
	assert_string_equal(buf_str(&pin), "127.0.0.1:9:127.0.0.1");
	buf_release(&address);
	buf_release(&pin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_addresses_are_pinned),
		cmocka_unit_test(public_addresses_are_refused),
		cmocka_unit_test(a_name_without_an_address_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
