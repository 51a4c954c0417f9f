#include "server/config_changes.h"

#include <string.h>

#include "server/config_keys.h"

/* With limits_config, those that a reload takes. */
static bool is_read_anew(const struct key *k)
{
	static const char *const names[] = {
		"runtime_config.file",
		"frontend.max_outstanding_per_tenant",
		"distributor.otlp_config.default_resource_attributes_as_index_labels",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(k->name, names[i]) == 0)
			return true;
	return false;
}

static void add_text(struct buf *out, const char *text)
{
	buf_add_str(out, text ? text : "");
	buf_add_char(out, '\0');
}

static void add_role(struct buf *out, const struct config_role *role)
{
	add_text(out, role->name);
	for (size_t may = 0; may < MAY_COUNT; may++) {
		for (size_t i = 0; i < role->tenants[may].n; i++)
			add_text(out, role->tenants[may].name[i]);
		buf_add_char(out, '\n');
	}
	buf_add_bytes(out, role->matchers);
	buf_add_char(out, '\n');
}

/* All of one, the secret too: equal texts are equal users. */
static void add_user(struct buf *out, const struct config_user *u)
{
	buf_add_char(out, (char)('0' + u->kind));
	add_text(out, u->name);
	add_text(out, u->secret);
	add_text(out, u->tenant);
	for (size_t i = 0; i < u->n_roles; i++)
		add_role(out, u->role[i]);
}

static void tell(const char *file, const char *name, const struct buf *before,
		 const struct buf *now, struct report *r)
{
	struct buf text = { 0 };

	if (!r->say || bytes_eq(buf_bytes(before), buf_bytes(now)))
		return;
	buf_addf(&text, "%s: '%s' has changed: it holds when the daemon is started again", file,
		 name);
	r->say(r->data, REPORT_WARNING, buf_str(&text));
	buf_release(&text);
}

static void empty(struct buf *b)
{
	if (b->cap)
		explicit_bzero(b->p, b->cap);
	buf_reset(b);
}

void config_tell_changes(const struct config *before, const struct config *now, struct report *r)
{
	struct buf was = { 0 }, is = { 0 };

	for (const struct key *k = config_keys; k->name; k++) {
		if (k->type == KEY_OTHER || is_read_anew(k))
			continue;
		key_add_value(k, before, KEY_YAML, &was);
		key_add_value(k, now, KEY_YAML, &is);
		tell(now->file, k->name, &was, &is, r);
		empty(&was);
		empty(&is);
	}
	buf_release(&was);
	buf_release(&is);
}

bool config_user_stays(const struct config_user *u, const struct config_auth *now,
		       const struct config_user **ret)
{
	struct buf was = { 0 }, is = { 0 };
	bool stays = false;

	if (!u) {
		*ret = NULL;
		return now->n_users == 0;
	}
	add_user(&was, u);
	for (size_t i = 0; i < now->n_users && !stays; i++) {
		empty(&is);
		add_user(&is, &now->user[i]);
		stays = bytes_eq(buf_bytes(&was), buf_bytes(&is));
		if (stays)
			*ret = &now->user[i];
	}
	empty(&was);
	empty(&is);
	buf_release(&was);
	buf_release(&is);
	return stays;
}
