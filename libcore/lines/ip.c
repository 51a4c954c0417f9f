#include "lines/ip.h"

#include <arpa/inet.h>
#include <ctype.h>

static bool in_range(const struct logql_ip *ip, struct bytes text)
{
	char z[INET6_ADDRSTRLEN + 1];
	unsigned char addr[16];

	if (text.n == 0 || text.n >= sizeof(z))
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	if (inet_pton(ip->addr_len == 4 ? AF_INET : AF_INET6, z, addr) != 1)
		return false;
	return memcmp(addr, ip->first, ip->addr_len) >= 0 &&
	       memcmp(addr, ip->last, ip->addr_len) <= 0;
}

static bool v4_may_begin(const char *p, size_t n)
{
	return n > 3 && isdigit((unsigned char)p[0]) && (p[1] == '.' || p[2] == '.' || p[3] == '.');
}

static bool v6_may_begin(const char *p, size_t n)
{
	size_t hex = 0;

	if (n <= 4)
		return false;
	if (p[0] == ':')
		return p[1] == ':' && isxdigit((unsigned char)p[2]);
	while (hex < 4 && isxdigit((unsigned char)p[hex]))
		hex++;
	return hex && p[hex] == ':';
}

bool ip_in_text(const struct logql_ip *ip, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		const char *p = text.p + i;
		size_t left = text.n - i, n = 0;

		if (v4_may_begin(p, left)) {
			while (n < left && (isdigit((unsigned char)p[n]) || p[n] == '.'))
				n++;
		} else if (v6_may_begin(p, left)) {
			while (n < left &&
			       (isxdigit((unsigned char)p[n]) || p[n] == ':' || p[n] == '.'))
				n++;
		} else {
			continue;
		}
		if (in_range(ip, bytes_of(p, n)))
			return true;
		i += n;
	}
	return false;
}
