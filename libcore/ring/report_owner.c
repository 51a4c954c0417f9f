#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"
#include "ring/explain.h"
#include "ring/report.h"

static void row(const struct ring_report *r, struct table *t, const struct ring_step *s)
{
	const struct ring_instance *in = &r->view.ring->v[s->who];
	bool reads = s->verdict == RING_OWNS || s->verdict == RING_READ_ONLY;
	struct buf why = { 0 };

	ring_add_verdict(&why, &r->view, s);
	table_add(t, in->name);
	table_add(t, in->zone.n ? in->zone : BYTES_LIT("-"));
	table_addf(t, "%u", s->token);
	table_add(t, bytes_str(s->verdict == RING_OWNS ? "yes" : "no"));
	table_add(t, bytes_str(reads ? "yes" : "no"));
	table_add(t, bytes_str(s->in_loki ? "yes" : "no"));
	table_add(t, buf_bytes(&why));
	buf_release(&why);
}

static void add_step(const struct ring_report *r, const struct ring_step *s, struct buf *b)
{
	const struct ring_instance *in = &r->view.ring->v[s->who];
	bool reads = s->verdict == RING_OWNS || s->verdict == RING_READ_ONLY;
	struct buf why = { 0 };

	ring_add_verdict(&why, &r->view, s);
	buf_add_str(b, "{\"instance\":");
	json_add_quoted(b, in->name);
	buf_add_str(b, ",\"zone\":");
	json_add_quoted(b, in->zone);
	buf_addf(b, ",\"token\":%u,\"write\":%s,\"read\":%s,\"loki\":%s,\"why\":", s->token,
		 s->verdict == RING_OWNS ? "true" : "false", reads ? "true" : "false",
		 s->in_loki ? "true" : "false");
	json_add_quoted(b, buf_bytes(&why));
	buf_add_str(b, ",\"addr\":");
	json_add_quoted(b, in->addr);
	buf_add_char(b, '}');
	buf_release(&why);
}

static void add_quorum(const struct ring_report *r, size_t owners, struct buf *b)
{
	unsigned want = r->view.ring->settings.replication, quorum = ring_quorum(want);

	buf_addf(b, "%zu of %u owner%s; a write counts when %u %s it", owners, want,
		 num_plural(want), quorum, quorum == 1 ? "has" : "have");
	if (owners >= quorum)
		buf_addf(b, ": %zu may fail", owners - quorum);
}

static int judge(const struct ring_report *r, size_t owners, struct err *e)
{
	if (ring_check_quorum(r->view.ring, owners, e) < 0)
		return -1;
	return ring_check_zones(&r->view, e);
}

int ring_report_owner(const struct ring_report *r, struct bytes tenant, const struct labels *labels,
		      struct err *e)
{
	static const struct ring_column columns[] = {
		{ "INSTANCE", TABLE_LEFT, "instance" },
		{ "ZONE", TABLE_LEFT, "zone" },
		{ "TOKEN", TABLE_RIGHT, "token" },
		{ "WRITE", TABLE_LEFT, "write" },
		{ "READ", TABLE_LEFT, "read" },
		{ "LOKI", TABLE_LEFT, "loki" },
		{ "WHY", TABLE_LEFT, "why" },
		{ NULL, TABLE_LEFT, "addr" },
		{ 0 },
	};
	struct buf text = { 0 }, before = { 0 }, after = { 0 }, object = { 0 };
	struct ring_walk w = { 0 };
	struct table t = { 0 };
	uint32_t token;
	size_t owners;

	labels_add_text(&text, labels);
	token = ring_token_of(tenant, buf_bytes(&text));
	ring_explain(&r->view, token, &w);
	buf_addf(&before, "tenant %.*s, stream %s: position %u", BYTES_ARG(tenant), buf_str(&text),
		 token);
	ring_report_columns(r, &t, columns);
	for (size_t i = 0; i < w.n; i++) {
		if (ring_report_is_for_people(r)) {
			row(r, &t, &w.v[i]);
			continue;
		}
		add_step(r, &w.v[i], &object);
		ring_report_object(r, &t, columns, &object);
	}
	owners = w.owners.n;
	add_quorum(r, owners, &after);
	ring_report_end(r, &t,
			&(struct ring_report_around){ .title = "Owners of a stream",
						      .before = buf_bytes(&before),
						      .after = buf_bytes(&after) });
	ring_walk_release(&w);
	buf_release(&text);
	buf_release(&before);
	buf_release(&after);
	buf_release(&object);
	return judge(r, owners, e);
}
