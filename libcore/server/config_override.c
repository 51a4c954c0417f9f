#include "server/config_override.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/num.h"
#include "store/store.h"

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
	c->store_path = join(c, dir, "store");
	config_join_store(c);
}

void config_join_store(struct config *c)
{
	struct buf b = { 0 };

	buf_add_str(&b, c->store_path);
	if (c->store_index)
		buf_addf(&b, " index=%s", c->store_index);
	if (c->store_rules)
		buf_addf(&b, " rules=%s", c->store_rules);
	buf_add_char(&b, '\0');
	c->store = arena_copy(&c->arena, buf_bytes(&b)).p;
	buf_release(&b);
}

void config_set_store(struct config *c, const char *store)
{
	char *path = store_main_path(store);

	c->store = store;
	c->store_path = arena_copy(&c->arena, bytes_of(path, strlen(path) + 1)).p;
	free(path);
	c->store_index = c->store_rules = NULL;
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
