#include "server/config_override.h"

#include "base/buf.h"
#include "base/num.h"

static const char *join(struct config *c, const char *dir, const char *name)
{
	struct buf b = { 0 };
	const char *ret;

	buf_addf(&b, "%s/%s", dir, name);
	buf_add_char(&b, '\0');
	ret = arena_copy(&c->arena, buf_bytes(&b)).p;
	buf_release(&b);
	return ret;
}

void config_set_data(struct config *c, const char *dir)
{
	if (strcmp(c->audit.log_path, join(c, c->data, "audit.log")) == 0)
		c->audit.log_path = join(c, dir, "audit.log");
	c->data = dir;
	c->wal = join(c, dir, "wal");
	c->store = join(c, dir, "store");
}

void config_set_store(struct config *c, const char *dir)
{
	c->store = dir;
}

int config_set_listen(struct config *c, const char *text, struct err *e)
{
	const char *colon = strrchr(text, ':');
	struct bytes port = bytes_str(colon ? colon + 1 : text);
	struct bytes address = bytes_of(text, colon ? (size_t)(colon - text) : 0);
	char *copy;
	uint64_t n;

	if (!num_u64(port, &n) || n > UINT16_MAX)
		return err_set(e, ERR_USAGE, "expected [ADDRESS]:PORT, found '%s'", text);
	if (address.n >= 2 && address.p[0] == '[' && address.p[address.n - 1] == ']')
		address = bytes_sub(address, 1, address.n - 2);
	copy = arena_alloc(&c->arena, address.n + 1);
	memcpy(copy, address.p, address.n);
	copy[address.n] = '\0';
	c->server.address = copy;
	c->server.port = (uint16_t)n;
	return 0;
}
