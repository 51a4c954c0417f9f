#include "compact/tier.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/num.h"
#include "compact/inputs.h"
#include "compact/lifecycle.h"
#include "json/json.h"
#include "store/names.h"
#include "store/tenants.h"
#include "time/time.h"

static const int64_t DAY_NS = 24 * 3600 * NS_PER_S;

/* A class that is not named in a listing is this one. */
static const char class_of_new[] = "STANDARD";

/* ---- rules ---- */

static bool is_class(struct bytes text)
{
	if (text.n == 0 || text.n >= STORE_CLASS_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (!(text.p[i] >= 'A' && text.p[i] <= 'Z') &&
		    !(text.p[i] >= '0' && text.p[i] <= '9') && text.p[i] != '_')
			return false;
	return true;
}

static int parse_tier(struct bytes text, struct tiers *t, struct err *e)
{
	struct bytes rest = text, age;
	struct tier *tier = &t->v[t->n];

	if (!bytes_split(&rest, '=', &age) || !rest.p || !is_class(rest))
		return err_set(e, ERR_USAGE,
			       "expected AGE=CLASS as in 30d=STANDARD_IA, found '%.*s'",
			       BYTES_ARG(text));
	if (time_parse_age(age, &tier->age_ns, e) < 0)
		return -1;
	if (tier->age_ns <= (t->n ? t->v[t->n - 1].age_ns : 0))
		return err_set(e, ERR_USAGE, "expected ages above 0 that ascend, found '%.*s'",
			       BYTES_ARG(text));
	memcpy(tier->storage_class, rest.p, rest.n);
	tier->storage_class[rest.n] = '\0';
	t->n++;
	return 0;
}

int tiers_parse(const char *text, struct tiers *ret, struct err *e)
{
	struct bytes rest = bytes_str(text), one;
	struct tiers t = { 0 };

	while (bytes_split(&rest, ',', &one)) {
		if (t.n == TIER_MAX)
			return err_set(e, ERR_USAGE, "expected %d tiers at most", TIER_MAX);
		if (parse_tier(one, &t, e) < 0)
			return -1;
	}
	if (t.n == 0)
		return err_set(e, ERR_USAGE, "expected AGE=CLASS as in 30d=STANDARD_IA");
	*ret = t;
	return 0;
}

const char *tiers_choose(const struct tiers *t, int64_t age_ns, const char *now)
{
	size_t at = 0, want = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->v[i].storage_class, now) == 0)
			at = i + 1;
		if (t->v[i].age_ns <= age_ns)
			want = i + 1;
	}
	return want > at ? t->v[want - 1].storage_class : NULL;
}

/* ---- packs ---- */

/* A pack of which nothing is known but that it is old enough. */
struct candidate {
	int32_t day;
	struct hash128 name;
	uint64_t size;
	const char *to;
	char from[STORE_CLASS_MAX];
};

/* Of one tenant, by day, as a listing gives them. */
struct moving {
	const struct tier_opts *o;
	int64_t now_ns;
	struct candidate *v;
	size_t n, cap;
};

static void add_moved(const struct moving *m, const struct candidate *c, struct bytes tenant,
		      const char *name, struct buf *b)
{
	char day[TIME_DAY_LEN + 1];

	if (!m->o->json) {
		buf_addf(b, "%s/%s %s", store_path(m->o->store), name, c->to);
		return;
	}
	time_day_text(c->day, day);
	buf_addf(b, "{\"tenant\":\"%.*s\",\"day\":\"%s\",\"pack\":", BYTES_ARG(tenant), day);
	json_add_quoted(b, bytes_str(name));
	buf_addf(b, ",\"bytes\":%" PRIu64 ",\"from\":", c->size);
	json_add_quoted(b, bytes_str(c->from));
	buf_add_str(b, ",\"to\":");
	json_add_quoted(b, bytes_str(c->to));
	buf_add_char(b, '}');
}

static int move_named(const struct moving *m, const struct candidate *c, struct bytes tenant,
		      const char *name, struct err *e)
{
	struct buf line = { 0 };
	struct err why;

	if (!m->o->dry_run && store_set_class(m->o->store, name, c->size, c->to, &why) < 0) {
		if (why.code == ERR_NO) /* deleted since it was listed */
			return 0;
		if (why.code != ERR_VERSION && why.code != ERR_LIMIT) {
			*e = why;
			return -1;
		}
		m->o->fault(m->o->data, &why);
		return 0;
	}
	add_moved(m, c, tenant, name, &line);
	return m->o->print(m->o->data, &line, e);
}

static int move_pack(const struct moving *m, const struct candidate *c, struct bytes tenant,
		     struct err *e)
{
	const struct store_name sn = { STORE_PACK, c->day, tenant, c->name };
	struct buf name = { 0 };
	int rc;

	store_name_add(&name, &sn);
	rc = move_named(m, c, tenant, buf_str(&name), e);
	buf_release(&name);
	return rc;
}

/* Those of one day that are read: the others are on their way out, or not committed. */
static int move_read(const struct moving *m, const struct candidate *v, size_t n,
		     const struct day_at *at, const struct day_view *view, struct err *e)
{
	struct hash128 *read = mem_alloc((view->n + 1) * sizeof(*read));
	size_t n_read;
	int rc = 0;

	for (size_t i = 0; i < view->n; i++)
		read[i] = view->pack[i].row.name;
	n_read = hash128_sort(read, view->n);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (hash128_among(read, n_read, &v[i].name))
			rc = move_pack(m, &v[i], at->tenant, e);
	free(read);
	return rc;
}

/* Where an index file is damaged it is not known which packs are read: the day has to wait. */
static int move_day(const struct moving *m, const struct candidate *v, size_t n,
		    struct bytes tenant, struct err *e)
{
	const struct day_at at = { m->o->store, tenant, v->day };
	struct day_view view;
	struct err why;
	int rc = 0;

	if (day_view_load(&view, &at, &why) < 0) {
		if (why.code == ERR_CORRUPT) {
			m->o->fault(m->o->data, &why);
		} else {
			*e = why;
			rc = -1;
		}
	} else if (view.live.n_faults) {
		for (size_t i = 0; i < view.live.n_faults; i++)
			m->o->fault(m->o->data, &view.live.faults[i].err);
	} else {
		rc = move_read(m, v, n, &at, &view, e);
	}
	day_view_release(&view);
	return rc;
}

static int move_days(const struct moving *m, struct bytes tenant, struct err *e)
{
	int rc = 0;

	for (size_t i = 0, end; i < m->n && rc == 0; i = end) {
		for (end = i; end < m->n && m->v[end].day == m->v[i].day;)
			end++;
		rc = move_day(m, m->v + i, end - i, tenant, e);
	}
	return rc;
}

static int see_object(const struct store_object *obj, void *data, struct err *e)
{
	const char *from = obj->storage_class ? obj->storage_class : class_of_new, *to;
	struct moving *m = data;
	struct candidate *c;
	struct store_name sn;

	(void)e;
	if (store_name_parse(bytes_str(obj->name), &sn, NULL) < 0 || sn.kind != STORE_PACK)
		return 0;
	to = tiers_choose(&m->o->tiers, m->now_ns - time_day_start(sn.day + 1), from);
	if (!to)
		return 0;
	mem_grow(&m->v, &m->cap, m->n + 1, sizeof(*m->v));
	c = &m->v[m->n++];
	*c = (struct candidate){ .day = sn.day, .name = sn.hash, .size = obj->size, .to = to };
	snprintf(c->from, sizeof(c->from), "%s", from);
	return 0;
}

static int move_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct moving *m = data;
	struct buf folder = { 0 };
	int rc;

	(void)size;
	m->n = 0;
	store_folder_add_all(&folder, STORE_PACK, bytes_str(name));
	rc = store_list_objects(m->o->store, buf_str(&folder), see_object, m, e);
	buf_release(&folder);
	return rc < 0 ? -1 : move_days(m, bytes_str(name), e);
}

/* ---- rules for the object store ---- */

struct rules {
	const struct tier_opts *o;
	struct buf json;   /* of all */
	struct bytes *xml; /* of each, in mem */
	struct bytes *id;
	size_t n, cap, cap_id;
	struct arena mem;
};

/* What stands before the store's names in the bucket. */
static struct bytes prefix_of(const struct store *s)
{
	static const struct bytes scheme = BYTES_LIT("s3://");
	struct bytes path = bytes_str(store_path(s)), bucket;

	if (!bytes_starts(path, scheme))
		return bytes_of("", 0);
	path = bytes_sub(path, scheme.n, path.n - scheme.n);
	if (!bytes_split(&path, '/', &bucket) || !path.p)
		return bytes_of("", 0);
	return path;
}

static void add_json(struct rules *r, struct bytes id, struct bytes prefix)
{
	buf_addf(&r->json, "%s    {\"ID\": ", r->n ? ",\n" : "");
	json_add_quoted(&r->json, id);
	buf_add_str(&r->json, ", \"Status\": \"Enabled\", \"Filter\": {\"Prefix\": ");
	json_add_quoted(&r->json, prefix);
	buf_add_str(&r->json, "}, \"Transitions\": [");
	for (size_t i = 0; i < r->o->tiers.n; i++)
		buf_addf(&r->json, "%s{\"Days\": %lld, \"StorageClass\": \"%s\"}", i ? ", " : "",
			 (long long)(r->o->tiers.v[i].age_ns / DAY_NS),
			 r->o->tiers.v[i].storage_class);
	buf_add_str(&r->json, "]}");
}

static void add_xml(const struct rules *r, struct bytes id, struct bytes prefix, struct buf *b)
{
	buf_add_str(b, "<Rule><ID>");
	lifecycle_add_text(b, id);
	buf_add_str(b, "</ID><Filter><Prefix>");
	lifecycle_add_text(b, prefix);
	buf_add_str(b, "</Prefix></Filter><Status>Enabled</Status>");
	for (size_t i = 0; i < r->o->tiers.n; i++)
		buf_addf(
			b,
			"<Transition><Days>%lld</Days><StorageClass>%s</StorageClass></Transition>",
			(long long)(r->o->tiers.v[i].age_ns / DAY_NS),
			r->o->tiers.v[i].storage_class);
	buf_add_str(b, "</Rule>");
}

/* Called after what it is about, so that stores in one bucket have rules of their own. */
static int add_rule(const char *tenant, uint64_t size, void *data, struct err *e)
{
	struct rules *r = data;
	struct bytes before = prefix_of(r->o->store), prefix;
	struct buf id = { 0 }, xml = { 0 };
	int rc = 0;

	(void)size;
	buf_add_str(&id, "lokid ");
	prefix.n = id.n;
	buf_add_bytes(&id, before);
	if (before.n)
		buf_add_char(&id, '/');
	store_folder_add_all(&id, STORE_PACK, bytes_str(tenant));
	if (id.n > LIFECYCLE_ID_MAX)
		rc = err_set(e, ERR_LIMIT, "'%s' is too long for the name of a rule", buf_str(&id));
	prefix = bytes_sub(buf_bytes(&id), prefix.n, id.n);
	add_json(r, buf_bytes(&id), prefix);
	add_xml(r, buf_bytes(&id), prefix, &xml);
	mem_grow(&r->xml, &r->cap, r->n + 1, sizeof(*r->xml));
	mem_grow(&r->id, &r->cap_id, r->n + 1, sizeof(*r->id));
	r->id[r->n] = arena_copy(&r->mem, buf_bytes(&id));
	r->xml[r->n++] = arena_copy(&r->mem, buf_bytes(&xml));
	buf_release(&id);
	buf_release(&xml);
	return rc;
}

static int print_json(struct rules *r, struct err *e)
{
	struct buf b = { 0 };

	buf_addf(&b, "{\"Rules\": [\n%s%s", buf_str(&r->json), r->n ? "\n]}" : "]}");
	return r->o->print(r->o->data, &b, e);
}

static int tell_rules(const struct rules *r, size_t others, struct err *e)
{
	struct buf b = { 0 };
	int rc = 0;

	for (size_t i = 0; i < r->n && rc == 0; i++) {
		buf_addf(&b, "set rule '%.*s'", BYTES_ARG(r->id[i]));
		rc = r->o->print(r->o->data, &b, e);
	}
	buf_addf(&b, "%zu %s", others, num_word(others, "other rule stays", "other rules stay"));
	if (rc == 0)
		rc = r->o->print(r->o->data, &b, e);
	buf_release(&b);
	return rc;
}

static int write_rules(const struct rules *r, struct err *e)
{
	struct store *s = r->o->store;
	struct buf old = { 0 }, text = { 0 };
	size_t others;
	int rc = store_get_rules(s, &old, e);

	if (rc == 0)
		rc = lifecycle_merge(buf_bytes(&old), r->xml, r->n, &text, &others, e);
	if (rc == 0)
		rc = store_put_rules(s, buf_bytes(&text), e);
	if (rc == 0)
		rc = tell_rules(r, others, e);
	buf_release(&old);
	buf_release(&text);
	return rc;
}

static int set_rules(const struct tier_opts *o, struct err *e)
{
	struct rules r = { .o = o };
	int rc = 0;

	for (size_t i = 0; i < o->tiers.n && rc == 0; i++)
		if (o->tiers.v[i].age_ns % DAY_NS != 0)
			rc = err_set(e, ERR_USAGE,
				     "option '--lifecycle': rules of an object store count in "
				     "whole days");
	if (rc == 0)
		rc = store_each_tenant(o->store, o->tenant, add_rule, &r, e);
	if (rc == 0 && o->dry_run)
		rc = print_json(&r, e);
	else if (rc == 0 && r.n > 0)
		rc = write_rules(&r, e);
	buf_release(&r.json);
	free(r.xml);
	free(r.id);
	arena_release(&r.mem);
	return rc;
}

int tier_store(const struct tier_opts *o, struct err *e)
{
	struct moving m = { .o = o };
	int rc;

	if (o->lifecycle && o->dry_run)
		return set_rules(o, e);
	if (!store_has_classes(o->store))
		return err_set(e, ERR_USAGE, "'%s' is a folder, which has no storage classes",
			       store_path(o->store));
	if (o->lifecycle)
		return set_rules(o, e);
	if (store_now(o->store, "", &m.now_ns, e) < 0)
		return -1;
	rc = store_each_tenant(o->store, o->tenant, move_tenant, &m, e);
	free(m.v);
	return rc;
}
