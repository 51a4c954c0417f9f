#include "ring/addr.h"

#include <string.h>

#include "base/num.h"
#include "ring/ring.h"

enum { PORT_MAX = 65535 };

/* How long "http://" or "https://" is that addr begins with; 0: it begins with neither. */
static size_t scheme_len(struct bytes addr)
{
	static const struct bytes http = { "http://", 7 }, https = { "https://", 8 };

	return bytes_starts(addr, http) ? http.n : bytes_starts(addr, https) ? https.n : 0;
}

static bool is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

static bool is_of_ipv6(char c)
{
	return num_hex_digit(c) >= 0 || c == ':' || c == '.';
}

/* How long the host is that b begins with; 0: there is none. */
static size_t host_len(struct bytes b)
{
	size_t i = 0;

	if (b.n == 0 || b.p[0] != '[') {
		while (i < b.n && is_of_name(b.p[i]))
			i++;
		return i;
	}
	for (i = 1; i < b.n && is_of_ipv6(b.p[i]);)
		i++;
	return i > 1 && i < b.n && b.p[i] == ']' ? i + 1 : 0;
}

/* Behind the host, of which rest is what follows. */
static int check_port(struct bytes addr, struct bytes rest, struct err *e)
{
	const char *slash = memchr(rest.p, '/', rest.n);
	struct bytes port = bytes_sub(rest, 1, (slash ? (size_t)(slash - rest.p) : rest.n) - 1);
	uint64_t n;

	if (!num_u64(port, &n) || n == 0 || n > PORT_MAX)
		return err_set(e, ERR_USAGE,
			       "address '%.*s': port '%.*s': expected a number from 1 to %d",
			       BYTES_ARG(addr), BYTES_ARG(port), PORT_MAX);
	return 0;
}

/* Can this follow a host? Without a scheme there is no path. */
static bool may_follow(struct bytes rest, size_t scheme)
{
	if (rest.n == 0)
		return true;
	if (rest.p[0] != ':' && rest.p[0] != '/')
		return false;
	return !memchr(rest.p, '?', rest.n) && !memchr(rest.p, '#', rest.n) &&
	       (scheme || !memchr(rest.p, '/', rest.n));
}

int ring_addr_check(struct bytes addr, struct err *e)
{
	size_t scheme = scheme_len(addr), n;
	struct bytes rest = bytes_sub(addr, scheme, addr.n);

	/* All who ask for the ring see it, so the message does not show it. */
	if (addr.n && memchr(addr.p, '@', addr.n))
		return err_set(e, ERR_USAGE,
			       "expected HOST:PORT or http://HOST:PORT, without user and password: "
			       "drain has --user-file for these");
	if (ring_check_addr(addr, e) < 0)
		return -1;
	n = host_len(rest);
	rest = bytes_sub(rest, n, rest.n);
	if (n == 0 || !may_follow(rest, scheme))
		return err_set(e, ERR_USAGE,
			       "address '%.*s': expected HOST:PORT, http://HOST:PORT or "
			       "https://HOST:PORT, with an IPv6 address in [ ]",
			       BYTES_ARG(addr));
	if (rest.n == 0 && scheme == 0)
		return err_set(e, ERR_USAGE, "address '%.*s': expected a port, as in %.*s:3100",
			       BYTES_ARG(addr), BYTES_ARG(addr));
	return rest.n && rest.p[0] == ':' ? check_port(addr, rest, e) : 0;
}
