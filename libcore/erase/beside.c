#include "erase/beside.h"

#include "deletes/filter.h"
#include "deletes/merged.h"
#include "deletes/receipt_rows.h"
#include "limits/file.h"
#include "retention/hold.h"
#include "retention/overdue.h"
#include "store/store.h"

static const char *const names[] = { HOLD_OF_STORE, LIMITS_OF_STORE, NULL };

static int check_hold(struct store *s, struct err *e)
{
	struct hold *h = hold_load(NULL, s, e);

	hold_free(h);
	return h ? 0 : -1;
}

static int check_limits(struct store *s, struct err *e)
{
	struct report quiet = { 0 };
	struct limits_set *set = NULL;
	int rc = limits_load(NULL, s, &set, &quiet, e);

	limits_set_drop(set);
	return rc;
}

static int check_query(const struct delete_request *r, struct err *e)
{
	struct delete_filter f;
	int rc = delete_filter_init(&f, r, e);

	delete_filter_release(&f);
	return rc;
}

static int check_request(struct bytes text, struct bytes id, struct err *e)
{
	char name[DELETES_ID_LEN + 1] = { 0 };
	struct delete_request r;
	struct arena mem = { 0 };
	int rc;

	memcpy(name, id.p, DELETES_ID_LEN);
	rc = deletes_parse_text(text, name, &mem, &r, e);
	if (rc == 0)
		rc = check_query(&r, e);
	arena_release(&mem);
	return rc;
}

static int check_merged(struct bytes text, struct bytes id, struct err *e)
{
	struct arena mem = { 0 };
	struct merged m = { 0 };
	int rc = merged_parse_text(text, id, &mem, &m, e);

	for (size_t i = 0; i < m.n && rc == 0; i++)
		if (check_query(&m.v[i], e) < 0)
			rc = err_wrap(e, "request %s", m.v[i].id);
	arena_release(&mem);
	return rc;
}

/* Of a request that is cancelled the name alone counts. */
static const struct {
	size_t max;
	int (*check)(struct bytes text, struct bytes id, struct err *e);
} checks[DELETES_FILES] = { [DELETES_REQUEST] = { DELETES_FILE_MAX, check_request },
			    [DELETES_MERGED] = { MERGED_MAX, check_merged },
			    [DELETES_RECEIPT] = { RECEIPT_MAX, receipt_check } };

static int check_file(struct store *s, const char *name, enum deletes_file what, struct bytes id,
		      struct err *e)
{
	struct buf text = { 0 };
	int rc;

	if (what == DELETES_FILES || !checks[what].check)
		return 0;
	rc = store_get(s, name, checks[what].max, &text, e);
	if (rc == 0)
		rc = checks[what].check(buf_bytes(&text), id, e);
	buf_release(&text);
	return rc;
}

static int check(struct store *s, const char *name, enum fault_kind *ret_kind, void *data,
		 struct err *e)
{
	enum deletes_file what = DELETES_FILES;
	struct bytes id = { 0 };
	int rc;

	(void)data;
	if (strcmp(name, HOLD_OF_STORE) == 0) {
		rc = check_hold(s, e);
	} else if (strcmp(name, LIMITS_OF_STORE) == 0) {
		rc = check_limits(s, e);
	} else {
		what = deletes_parse_path(bytes_str(name), &id);
		rc = check_file(s, name, what, id, e);
	}
	if (rc == 0 || e->code == ERR_NO)
		return 0;
	if (e->code == ERR_IO || e->code == ERR_AGAIN || e->code == ERR_NOMEM)
		return -1;
	fault_cut_path(e, name, NULL);
	fault_cut_path(e, store_path_of(s, name), name);
	e->code = ERR_CORRUPT;
	*ret_kind = what == DELETES_RECEIPT ? FAULT_RECEIPT : FAULT_RULE;
	return 1;
}

int64_t beside_fsck(struct fsck_ask *ask, const struct index_opts *o, struct err *e)
{
	struct overdue overdue;
	int64_t ret = overdue_load(&overdue, o->store.limits, o->store.hold, ask->check.store,
				   o->store.delete_delay_ns, e);

	if (ret < 0 && !o->store.limits && !o->store.hold && e->code != ERR_IO &&
	    e->code != ERR_AGAIN) {
		overdue_release(&overdue); /* check tells */
		ret = 0;
	}
	ask->check.beside = check;
	ask->check.besides = names;
	ask->check.overdue = overdue.limits ? overdue_has : NULL;
	ask->check.overdue_data = &overdue;
	if (ret == 0)
		ret = fsck_ask(ask, e);
	overdue_release(&overdue);
	return ret;
}
