#include "store/s3_peer.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

/* Networks from which nothing is routed into the world. */
static bool is_private_4(uint32_t a)
{
	static const struct {
		uint32_t net;
		unsigned bits;
	} nets[] = {
		{ 0x0a000000, 8 },  /* 10.0.0.0/8 */
		{ 0xac100000, 12 }, /* 172.16.0.0/12 */
		{ 0xc0a80000, 16 }, /* 192.168.0.0/16 */
		{ 0x7f000000, 8 },  /* this machine */
		{ 0xa9fe0000, 16 }, /* 169.254.0.0/16: this link */
		{ 0x64400000, 10 }, /* 100.64.0.0/10: between a provider and its customers */
	};

	for (size_t i = 0; i < sizeof(nets) / sizeof(*nets); i++)
		if (a >> (32 - nets[i].bits) == nets[i].net >> (32 - nets[i].bits))
			return true;
	return false;
}

static bool is_private_6(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_V4MAPPED(a))
		return is_private_4((uint32_t)a->s6_addr[12] << 24 |
				    (uint32_t)a->s6_addr[13] << 16 | (uint32_t)a->s6_addr[14] << 8 |
				    a->s6_addr[15]);
	return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_LINKLOCAL(a) ||
	       (a->s6_addr[0] & 0xfe) == 0xfc;
}

struct pinning {
	const char *host;
	struct buf *address; /* the first */
};

static int take_address(const struct sockaddr *a, void *data, struct err *e)
{
	struct pinning *p = data;
	char text[INET6_ADDRSTRLEN] = "?";
	bool is_private = false;

	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a;

		is_private = is_private_4(ntohl(in->sin_addr.s_addr));
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	} else if (a->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)a;

		is_private = is_private_6(&in->sin6_addr);
		inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
	}
	if (!is_private)
		return err_set(e, ERR_IO,
			       "'%s' has the public address %s, and only a private one is allowed",
			       p->host, text);
	if (p->address->n == 0)
		buf_add_str(p->address, text);
	return 0;
}

int s3_resolve(const char *host, const char *port, s3_address_fn *each, void *data, struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(host, port, &hints, &list);

	if (rc != 0)
		return err_set(e, ERR_AGAIN, "cannot look up '%s': %s", host, gai_strerror(rc));
	for (const struct addrinfo *a = list; a && rc == 0; a = a->ai_next)
		rc = each(a->ai_addr, data, e);
	freeaddrinfo(list);
	return rc;
}

int s3_pin(const char *url, s3_resolve_fn *resolve, struct buf *ret_address, struct buf *ret_pin,
	   struct err *e)
{
	struct bytes all = bytes_str(strstr(url, "://") + 3), rest = { 0 }, host = { 0 };
	struct buf name = { 0 }, port = { 0 }, address = { 0 };
	struct pinning p = { .address = &address };
	bool is_6 = all.n && all.p[0] == '[';
	int rc;

	bytes_split(&all, '/', &rest);
	if (is_6) { /* "[::1]:9000" */
		rest = bytes_sub(rest, 1, rest.n);
		bytes_split(&rest, ']', &host);
		rest = bytes_sub(rest, 1, rest.n);
	} else {
		bytes_split(&rest, ':', &host);
	}
	buf_add_bytes(&name, host);
	if (rest.n)
		buf_add_bytes(&port, rest);
	else
		buf_add_str(&port, strncmp(url, "https:", 6) == 0 ? "443" : "80");
	p.host = buf_str(&name);
	rc = resolve(p.host, buf_str(&port), take_address, &p, e);
	if (rc == 0 && address.n == 0)
		rc = err_set(e, ERR_AGAIN, "cannot look up '%s': it has no address", p.host);
	if (rc == 0) {
		const bool colons = memchr(address.p, ':', address.n) != NULL;

		buf_add_bytes(ret_address, buf_bytes(&address));
		buf_addf(ret_pin, "%s%s%s:%s:%s%s%s", is_6 ? "[" : "", p.host, is_6 ? "]" : "",
			 buf_str(&port), colons ? "[" : "", buf_str(&address), colons ? "]" : "");
	}
	buf_release(&name);
	buf_release(&port);
	buf_release(&address);
	return rc;
}
