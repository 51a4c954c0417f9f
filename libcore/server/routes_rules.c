/* Rules, as files hold them: listed in Loki's YAML and in Prometheus's JSON. */
#include "server/config.h"
#include "server/route.h"
#include "server/rules.h"
#include "server/server.h"

/* Those that whoever asks may know of. */
static bool read_rules(struct call *c, struct rules *ret)
{
	struct buf folder = { 0 };
	struct err e;
	int rc;

	buf_addf(&folder, "%s/rules", c->server->config->data);
	rc = rules_read(buf_str(&folder), c->tenant, &c->arena, ret, &e);
	if (rc == 0)
		rc = rules_keep_within(ret, c->matchers, &c->arena, &e);
	buf_release(&folder);
	if (rc < 0)
		call_refuse(c, 500, &e);
	return rc == 0;
}

void route_rules(struct call *c)
{
	struct buf text = { 0 };
	struct rules r;
	struct err e;

	if (!read_rules(c, &r))
		return;
	if (rules_add_yaml(&text, &r, c->name, c->name2)) {
		call_answer(c, 200, "application/yaml", buf_bytes(&text));
	} else {
		err_set(&e, ERR_NO, "%s",
			c->name2.n ? "group does not exist" : "no rule groups found");
		call_refuse(c, 404, &e);
	}
	buf_release(&text);
}

void route_prometheus_rules(struct call *c)
{
	struct buf text = { 0 };
	struct rules r;

	if (!read_rules(c, &r))
		return;
	buf_add_str(&text, "{\"status\":\"success\",\"data\":{\"groups\":");
	rules_add_json(&text, &r);
	buf_add_str(&text, "},\"errorType\":\"\",\"error\":\"\"}");
	call_answer_json(c, buf_bytes(&text));
	buf_release(&text);
}

void route_prometheus_alerts(struct call *c)
{
	call_answer_json(c, BYTES_LIT("{\"status\":\"success\",\"data\":{\"alerts\":[]},"
				      "\"errorType\":\"\",\"error\":\"\"}"));
}
