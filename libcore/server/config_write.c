/* The table of keys is in the order of the file: a section's keys stand together. */
#include "server/config_keys.h"
#include "server/config_read.h"

/* How many of the words before the last are the same, and each that is new gets its line. */
static void add_sections(struct buf *out, const char *name, const char *before)
{
	size_t depth = 0, start = 0;

	for (size_t i = 0; name[i]; i++) {
		if (name[i] != '.')
			continue;
		if (strncmp(name, before, i + 1) != 0)
			buf_addf(out, "%*s%.*s:\n", (int)(2 * depth), "", (int)(i - start),
				 name + start);
		depth++;
		start = i + 1;
	}
	buf_addf(out, "%*s%s: ", (int)(2 * depth), "", name + start);
}

static void add_names(struct buf *out, const char *key, const struct key_names *names)
{
	const struct key k = { key, KEY_NAMES, KEY_USED, 0, NULL, NULL };

	if (names->n == 0)
		return;
	buf_addf(out, "      %s: ", key);
	key_add_value(&k, names, KEY_YAML, out);
	buf_add_char(out, '\n');
}

static void add_text(struct buf *out, const char *key, struct bytes text)
{
	if (text.n == 0)
		return;
	buf_addf(out, "      %s: ", key);
	yaml_add_text(out, text);
	buf_add_char(out, '\n');
}

static void add_name(struct buf *out, const char *name)
{
	buf_add_str(out, "    ");
	yaml_add_text(out, bytes_str(name));
	buf_add_str(out, ":\n");
}

static void add_roles(struct buf *out, const struct config_auth *auth)
{
	static const char *const may[] = { "read", "write", "delete", "admin" };

	if (auth->n_roles)
		buf_add_str(out, "  roles:\n");
	for (size_t i = 0; i < auth->n_roles; i++) {
		add_name(out, auth->role[i].name);
		for (size_t k = 0; k < MAY_COUNT; k++)
			add_names(out, may[k], &auth->role[i].tenants[k]);
		add_text(out, "matchers", auth->role[i].matchers);
	}
}

static void add_users(struct buf *out, const struct config_auth *auth, enum config_user_kind kind)
{
	static const char *const sections[] = { "users", "tokens", "certificates" };
	static const char *const secrets[] = { "password", "token", NULL };
	bool any = false;

	for (size_t i = 0; i < auth->n_users; i++) {
		const struct config_user *u = &auth->user[i];

		if (u->kind != kind)
			continue;
		if (!any)
			buf_addf(out, "  %s:\n", sections[kind]);
		any = true;
		add_name(out, u->name);
		if (secrets[kind])
			buf_addf(out, "      %s: <secret>\n", secrets[kind]);
		buf_add_str(out, "      roles: [");
		for (size_t k = 0; k < u->n_roles; k++) {
			buf_add_str(out, k ? ", " : "");
			yaml_add_text(out, bytes_str(u->role[k]->name));
		}
		buf_add_str(out, "]\n");
		if (u->tenant)
			add_text(out, "tenant", bytes_str(u->tenant));
	}
}

static void add_auth(struct buf *out, const struct config_auth *auth)
{
	if (auth->n_users == 0 && auth->n_roles == 0)
		return;
	buf_add_str(out, "auth:\n");
	add_roles(out, auth);
	add_users(out, auth, USER_PASSWORD);
	add_users(out, auth, USER_TOKEN);
	add_users(out, auth, USER_CERTIFICATE);
}

void config_write(const struct config *c, const struct limits_set *limits, struct buf *out)
{
	struct buf overrides = { 0 };
	const char *before = "";

	for (const struct key *k = config_keys; k->name; k++) {
		if (k->type == KEY_OTHER)
			continue;
		add_sections(out, k->name, before);
		key_add_value(k, c, KEY_YAML, out);
		buf_add_char(out, '\n');
		before = k->name;
	}
	add_auth(out, c->auth);
	buf_add_str(out, "limits_config:\n");
	limits_add_yaml(out, limits_of(limits, (struct bytes){ 0 }), "  ");
	limits_add_overrides(&overrides, limits, "  ");
	if (overrides.n)
		buf_addf(out, "overrides:\n%s", buf_str(&overrides));
	buf_release(&overrides);
}
