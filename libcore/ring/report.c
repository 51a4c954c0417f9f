#include "ring/report.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"
#include "report/html_page.h"
#include "ring/load.h"
#include "ring/picture.h"
#include "time/time.h"

static void add_line(struct buf *out, struct bytes line)
{
	buf_add_bytes(out, line);
	buf_add_char(out, '\n');
}

void ring_report_columns(const struct ring_report *r, struct table *t,
			 const struct ring_column *columns)
{
	bool people = ring_report_is_for_people(r);

	for (const struct ring_column *c = columns; c->heading || c->member; c++)
		if (people ? c->heading : c->member)
			table_column(t, people ? c->heading : c->member, c->align);
}

/* Texts without their quotes, the rest as it stands there. */
static void add_member(struct table *t, struct bytes object, const char *name)
{
	struct bytes raw = { 0 };
	struct buf text = { 0 };

	if (json_member(object, name, &raw) && raw.n > 1 && raw.p[0] == '"') {
		json_unescape(bytes_sub(raw, 1, raw.n - 2), &text);
		raw = buf_bytes(&text);
	}
	table_add(t, raw);
	buf_release(&text);
}

void ring_report_object(const struct ring_report *r, struct table *t,
			const struct ring_column *columns, struct buf *object)
{
	if (r->format == RING_JSONL) {
		add_line(r->out, buf_bytes(object));
	} else {
		for (const struct ring_column *c = columns; c->heading || c->member; c++)
			if (c->member)
				add_member(t, buf_bytes(object), c->member);
	}
	buf_reset(object);
}

void ring_report_end(const struct ring_report *r, struct table *t,
		     const struct ring_report_around *a)
{
	switch (r->format) {
	case RING_TEXT:
		if (a->before.n) {
			add_line(r->out, a->before);
			buf_add_char(r->out, '\n');
		}
		table_text(t, r->out);
		if (a->after.n) {
			buf_add_char(r->out, '\n');
			add_line(r->out, a->after);
		}
		break;
	case RING_CSV:
		table_csv(t, r->out);
		break;
	case RING_HTML:
		html_page_begin(r->out, a->title);
		if (a->before.n)
			html_page_text(r->out, a->before);
		if (a->picture)
			ring_picture(a->picture, r->out);
		table_html(t, r->out);
		if (a->after.n)
			html_page_text(r->out, a->after);
		html_page_end(r->out);
		break;
	case RING_JSONL:
		break;
	}
	table_release(t);
}

/* "4s ago", in whole seconds. */
static void add_age(struct buf *b, int64_t now_ns, int64_t then_ns)
{
	int64_t age = num_clip((num_wide)now_ns - then_ns) / NS_PER_S * NS_PER_S;

	time_add_duration(b, age < 0 ? -age : age);
	buf_add_str(b, age < 0 ? " ahead" : " ago");
}

/* ---- status ---- */

static void add_status(const struct ring_report *r, const struct ring_instance *in, double owns,
		       struct buf *b)
{
	enum ring_state health = ring_health(&r->view.ring->settings, in, r->view.now_ns);

	buf_add_str(b, "{\"instance\":");
	json_add_quoted(b, in->name);
	buf_add_str(b, ",\"zone\":");
	json_add_quoted(b, in->zone);
	buf_addf(b, ",\"state\":\"%s\",\"health\":\"%s\",\"heartbeat\":\"",
		 ring_state_name(in->state), ring_state_name(health));
	time_add_rfc3339(b, in->heartbeat_ns);
	buf_add_str(b, "\",\"registered\":\"");
	time_add_rfc3339(b, in->registered_ns);
	buf_addf(b, "\",\"tokens\":%zu,\"owns\":%.6f,\"addr\":", in->n_tokens, owns);
	json_add_quoted(b, in->addr);
	buf_add_char(b, '}');
}

static void status_row(const struct ring_report *r, struct table *t, const struct ring_instance *in,
		       double owns)
{
	enum ring_state health = ring_health(&r->view.ring->settings, in, r->view.now_ns);
	struct buf b = { 0 };

	table_add(t, in->name);
	table_add(t, in->zone.n ? in->zone : BYTES_LIT("-"));
	table_add(t, bytes_str(ring_state_name(health)));
	add_age(&b, r->view.now_ns, in->heartbeat_ns);
	table_add(t, buf_bytes(&b));
	table_addf(t, "%zu", in->n_tokens);
	table_addf(t, "%.2f%%", 100 * owns);
	table_add(t, in->addr);
	buf_release(&b);
}

/* By a clock that is wrong: until then it would not be found dead. */
static bool is_ahead(const struct ring_report *r, const struct ring_instance *in)
{
	return in->lease == RING_LEASE_NONE &&
	       in->heartbeat_ns - r->view.now_ns > r->view.ring->settings.heartbeat_timeout_ns;
}

/* What is not as it should be, in words; nothing when all is. */
static void add_faults(const struct ring_report *r, double replicas, struct buf *b)
{
	const struct ring *ring = r->view.ring;
	unsigned want = ring->settings.replication;
	size_t n_unhealthy = 0, n_ahead = 0;
	struct err e;

	for (size_t i = 0; i < ring->n; i++) {
		if (!r->view.is_in[i])
			continue;
		n_unhealthy +=
			ring_health(&ring->settings, &ring->v[i], r->view.now_ns) == RING_UNHEALTHY;
		n_ahead += is_ahead(r, &ring->v[i]);
	}
	if (n_unhealthy)
		buf_addf(b, "%zu UNHEALTHY", n_unhealthy);
	if (n_ahead)
		buf_addf(b, "%s%zu with a heartbeat ahead of the clock", b->n ? "; " : "", n_ahead);
	if (replicas < want - 1e-6)
		buf_addf(b, "%s%.0f of %u replicas", b->n ? "; " : "", replicas, want);
	if (ring_check_zones(&r->view, &e) < 0)
		buf_addf(b, "%s%s", b->n ? "; " : "", e.msg);
}

/* Zones that somebody gave, and that mean nothing. */
static bool has_idle_zones(const struct ring_report *r)
{
	const struct ring *ring = r->view.ring;

	for (size_t i = 0; !ring->settings.zone_awareness && i < ring->n; i++)
		if (r->view.is_in[i] && ring->v[i].zone.n)
			return true;
	return false;
}

static void status_summary(const struct ring_report *r, double replicas, const double *load,
			   struct buf *b)
{
	const struct ring *ring = r->view.ring;
	size_t n[RING_STATES + 1] = { 0 }, all = 0;
	double most = 0, mean;

	for (size_t i = 0; i < ring->n; i++) {
		if (!r->view.is_in[i])
			continue;
		all++;
		n[ring_health(&ring->settings, &ring->v[i], r->view.now_ns)]++;
		if (load[i] > most)
			most = load[i];
	}
	mean = n[RING_ACTIVE] ? replicas / (double)n[RING_ACTIVE] : 0;
	buf_addf(b, "%zu instance%s", all, num_plural(all));
	for (int i = 0; i <= RING_STATES; i++)
		if (n[i])
			buf_addf(b, ", %zu %s", n[i], ring_state_name((enum ring_state)i));
	buf_add_str(b, "; ");
	ring_add_replicas(b, &r->view);
	if (has_idle_zones(r))
		buf_add_str(b, ", which may lie in one zone: there is no zone awareness");
	if (mean > 0)
		buf_addf(b, "; the fullest owns %.1f%% more than the mean",
			 100 * (most / mean - 1));
}

int ring_report_status(const struct ring_report *r, struct err *e)
{
	static const struct ring_column columns[] = {
		{ "INSTANCE", TABLE_LEFT, "instance" },	  { "ZONE", TABLE_LEFT, "zone" },
		{ "STATE", TABLE_LEFT, "state" },	  { NULL, TABLE_LEFT, "health" },
		{ "HEARTBEAT", TABLE_LEFT, "heartbeat" }, { NULL, TABLE_LEFT, "registered" },
		{ "TOKENS", TABLE_RIGHT, "tokens" },	  { "OWNS", TABLE_RIGHT, "owns" },
		{ "ADDRESS", TABLE_LEFT, "addr" },	  { 0 },
	};
	const struct ring *ring = r->view.ring;
	double *load = mem_alloc(ring->n * sizeof(*load)), replicas;
	struct buf faults = { 0 }, summary = { 0 }, object = { 0 };
	struct table t = { 0 };
	int rc = 0;

	ring_report_columns(r, &t, columns);
	replicas = ring_loads(&r->view, load);
	for (size_t i = 0; i < ring->n; i++) {
		double owns = replicas > 0 ? load[i] / replicas : 0;

		if (!r->view.is_in[i])
			continue;
		if (ring_report_is_for_people(r)) {
			status_row(r, &t, &ring->v[i], owns);
			continue;
		}
		add_status(r, &ring->v[i], owns, &object);
		ring_report_object(r, &t, columns, &object);
	}
	status_summary(r, replicas, load, &summary);
	ring_report_end(r, &t,
			&(struct ring_report_around){ .title = "Ring",
						      .after = buf_bytes(&summary),
						      .picture = &r->view });
	add_faults(r, replicas, &faults);
	if (faults.n)
		rc = err_set(e, ERR_NO, "%s", buf_str(&faults));
	buf_release(&faults);
	buf_release(&summary);
	buf_release(&object);
	free(load);
	return rc;
}

/* ---- tokens ---- */

int ring_report_tokens(const struct ring_report *r, struct bytes name, struct err *e)
{
	static const struct ring_column columns[] = {
		{ "TOKEN", TABLE_RIGHT, "token" },
		{ "POSITIONS", TABLE_RIGHT, "positions" },
		{ "INSTANCE", TABLE_LEFT, "instance" },
		{ "ZONE", TABLE_LEFT, "zone" },
		{ 0 },
	};
	const struct ring_view *v = &r->view;
	const struct ring_instance *only = NULL;
	struct buf object = { 0 };
	struct table t = { 0 };

	if (name.n) {
		only = ring_find_or_hint(v->ring, name, e);
		if (!only)
			return -1;
	}
	ring_report_columns(r, &t, columns);
	for (size_t i = 0; i < v->n; i++) {
		const struct ring_instance *in = &v->ring->v[v->point[i].who];

		if (only && in != only)
			continue;
		if (!ring_report_is_for_people(r)) {
			buf_addf(&object, "{\"token\":%u,\"positions\":%llu,\"instance\":",
				 v->point[i].token, (unsigned long long)ring_view_width(v, i));
			json_add_quoted(&object, in->name);
			buf_add_str(&object, ",\"zone\":");
			json_add_quoted(&object, in->zone);
			buf_add_char(&object, '}');
			ring_report_object(r, &t, columns, &object);
			continue;
		}
		table_addf(&t, "%u", v->point[i].token);
		table_addf(&t, "%llu", (unsigned long long)ring_view_width(v, i));
		table_add(&t, in->name);
		table_add(&t, in->zone.n ? in->zone : BYTES_LIT("-"));
	}
	ring_report_end(r, &t, &(struct ring_report_around){ .title = "Tokens of the ring" });
	buf_release(&object);
	return 0;
}
