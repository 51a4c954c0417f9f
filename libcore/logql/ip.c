/* ip("..."): one address, a range of two, or a CIDR, of IPv4 or IPv6. */
#include <arpa/inet.h>

#include "base/num.h"
#include "labels/quote.h"
#include "logql/detail.h"

/* An address of either family; its length in bytes, or 0. */
static unsigned parse_addr(struct bytes text, unsigned char ret[16])
{
	char s[INET6_ADDRSTRLEN];

	if (text.n == 0 || text.n >= sizeof(s))
		return 0;
	memcpy(s, text.p, text.n);
	s[text.n] = '\0';
	if (inet_pton(AF_INET, s, ret) == 1)
		return 4;
	return inet_pton(AF_INET6, s, ret) == 1 ? 16 : 0;
}

/* Clears the bits behind the first n_bits of first, and sets them in last. */
static void apply_mask(struct logql_ip *ip, unsigned n_bits)
{
	memcpy(ip->last, ip->first, sizeof(ip->last));
	for (unsigned i = 0; i < ip->addr_len; i++) {
		unsigned keep = n_bits >= 8 * (i + 1) ? 8 : n_bits <= 8 * i ? 0 : n_bits - 8 * i;
		unsigned char host = (unsigned char)(0xffu >> keep);

		ip->first[i] &= (unsigned char)~host;
		ip->last[i] |= host;
	}
}

static bool parse_ip(struct bytes text, struct logql_ip *ip)
{
	const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	const char *dash = text.n ? memchr(text.p, '-', text.n) : NULL;
	const char *cut = slash ? slash : dash;
	size_t n = cut ? (size_t)(cut - text.p) : text.n;
	struct bytes rest = bytes_sub(text, n + 1, text.n);
	uint64_t n_bits;

	ip->addr_len = parse_addr(bytes_sub(text, 0, n), ip->first);
	if (ip->addr_len == 0)
		return false;
	if (slash) {
		if (rest.n > 1 && rest.p[0] == '0') /* Go's netip refuses it */
			return false;
		if (!num_u64(rest, &n_bits) || n_bits > ip->addr_len * 8)
			return false;
		apply_mask(ip, (unsigned)n_bits);
		return true;
	}
	if (dash)
		return parse_addr(rest, ip->last) == ip->addr_len &&
		       memcmp(ip->first, ip->last, ip->addr_len) <= 0;
	memcpy(ip->last, ip->first, sizeof(ip->last));
	return true;
}

int detail_ip(struct arena *a, struct bytes text, struct logql_ip **ret, struct err *e)
{
	struct logql_ip *ip = arena_zalloc(a, sizeof(*ip));
	struct buf quoted = { 0 };

	ip->text = text;
	if (parse_ip(text, ip)) {
		*ret = ip;
		return 0;
	}
	quote_add(&quoted, text);
	err_set(e, ERR_QUERY, "ip: invalid pattern: %s", buf_str(&quoted));
	buf_release(&quoted);
	return -1;
}
