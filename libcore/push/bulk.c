/* Elasticsearch's _bulk: lines by two, what to do and with what. */
#include "push/json_in.h"
#include "push/records_in.h"

static const char *const actions[] = { [PUSH_CREATE] = "create",
				       [PUSH_INDEX] = "index",
				       [PUSH_UPDATE] = "update",
				       [PUSH_DELETE] = "delete" };

enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

/* {"_index": "x", ...} */
static int read_target(struct json_in *in, struct arena *a, struct bytes *ret_index)
{
	struct bytes name, value;

	if (!json_take(&in->j, '{'))
		return json_in_bad(in, "an object behind the action");
	if (json_take(&in->j, '}'))
		return 0;
	do {
		if (!json_in_string(in, a, &name) || !json_take(&in->j, ':'))
			return json_in_bad(in, "\"name\":");
		if (bytes_is(name, "_index") && json_in_string(in, a, ret_index))
			continue;
		if (!json_in_any(in, &value))
			return json_in_bad(in, "a value");
	} while (json_take(&in->j, ','));
	return json_take(&in->j, '}') ? 0 : json_in_bad(in, ", or }");
}

static int read_action(struct records *r, struct bytes line, struct err *e)
{
	struct json_in in = json_in_init(line, e);
	struct arena *a = &r->target;
	struct bytes name = { 0 };
	unsigned i = 0;

	if (r->action_line.n && bytes_eq(line, r->action_line))
		return 0;
	arena_reset(a);
	r->action_line = r->index = (struct bytes){ 0 };
	if (!json_take(&in.j, '{') || !json_in_string(&in, a, &name) || !json_take(&in.j, ':'))
		return json_in_bad(&in, "{\"create\":{}} or another action");
	while (i < ACTIONS && !bytes_is(name, actions[i]))
		i++;
	if (i == ACTIONS)
		return err_set(
			e, ERR_USAGE,
			"expected create, index, update or delete as the action, found '%.*s'",
			BYTES_ARG(bytes_sub(name, 0, 40)));
	r->action = (enum push_action)i;
	if (read_target(&in, a, &r->index) < 0)
		return -1;
	if (!json_take(&in.j, '}'))
		return json_in_bad(&in, "} behind the action");
	if (json_in_end(&in) < 0)
		return -1;
	r->action_line = line;
	return 0;
}

/* An action and its record; *ret_more is false at the body's end. */
static int read_pair(struct records *r, bool *ret_more, struct err *e)
{
	enum push_action action;
	struct bytes line;
	struct err why;

	*ret_more = records_line(r, &line);
	if (!*ret_more)
		return 0;
	if (read_action(r, line, e) < 0)
		return err_wrap(e, "line %zu", r->n_lines);
	action = r->action;
	if (action != PUSH_DELETE && !records_line(r, &line))
		return err_set(e, ERR_USAGE, "line %zu: expected a record behind '%s'", r->n_lines,
			       actions[action]);
	if (r->watch && r->watch->begin(r->watch->data, action, e) < 0)
		return -1;
	if (action == PUSH_CREATE || action == PUSH_INDEX)
		return records_give(r, line, r->index, e);
	err_set(&why, ERR_USAGE, "%s is not supported: entries never change", actions[action]);
	return records_bad(r, &why, e);
}

int push_bulk(struct bytes body, const struct push_fields *fields, int64_t now_ns,
	      const struct push_watch *watch, const struct push_sink *sink, struct arena *a,
	      struct err *e)
{
	return records_each(&(struct records){ body, 0, fields, now_ns, watch, sink, .a = a },
			    read_pair, e);
}
