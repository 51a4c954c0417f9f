/* Policies as JSON: from what stands in them to statements. */
#include <stdarg.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/verbs.h"
#include "cost/iam.h"
#include "json/tree.h"

enum { WRAPPERS_MAX = 6 }; /* around a document: RoleDetailList, RolePolicyList, PolicyDocument */

struct reader {
	struct iam *p;
	const char *file;
	enum iam_variables variables;
	uint32_t number; /* of the statement that is read; 0: none */
	bool may_lack;	 /* whether the object that is read next needs no policy in it */
	size_t n_documents;
};

static int fail(const struct reader *r, const struct json_node *at, struct err *e, const char *fmt,
		...) PRINTF_LIKE(4, 5);

/* "FILE:LINE:COL: 'Statement[2].Effect': ..." */
static int fail(const struct reader *r, const struct json_node *at, struct err *e, const char *fmt,
		...)
{
	struct buf b = { 0 };
	va_list va;

	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	if (r->number)
		err_set(e, ERR_CORRUPT, "%s:%u:%u: statement %u: %s", r->file, at->line, at->col,
			r->number, buf_str(&b));
	else
		err_set(e, ERR_CORRUPT, "%s:%u:%u: %s", r->file, at->line, at->col, buf_str(&b));
	buf_release(&b);
	return -1;
}

static int check_names(const struct reader *r, const struct json_node *n, const char *const *names,
		       size_t n_names, struct err *e)
{
	for (uint32_t i = 0; i < n->n; i++) {
		struct bytes name = n->item[i].name;
		const char *like;
		char text[64];
		size_t k = 0;

		while (k < n_names && !bytes_is(name, names[k]))
			k++;
		if (k < n_names)
			continue;
		snprintf(text, sizeof(text), "%.*s", BYTES_ARG(name));
		like = cli_most_like(names, n_names, text);
		return fail(r, &n->item[i], e, "unknown element '%.*s'%s%s%s", BYTES_ARG(name),
			    like ? "; did you mean '" : "", like ? like : "", like ? "'?" : "");
	}
	return 0;
}

static int read_glob(const struct reader *r, const struct json_node *n, const char *what,
		     enum iam_variables how, struct iam_glob *ret, struct err *e)
{
	if (n->type != JSON_STRING)
		return fail(r, n, e, "'%s': expected a string, found %s", what,
			    json_type_name(n->type));
	if (n->text.n == 0)
		return fail(r, n, e, "'%s': it is empty", what);
	*ret = iam_glob_of(n->text, how, &r->p->mem);
	return 0;
}

/* One string or a list. */
static int read_globs(const struct reader *r, const struct json_node *n, const char *what,
		      enum iam_variables how, struct iam_globs *ret, struct err *e)
{
	bool list = n->type == JSON_ARRAY;
	size_t count = list ? n->n : 1;
	struct iam_glob *v = arena_zalloc(&r->p->mem, (count + 1) * sizeof(*v));

	if (!list && n->type != JSON_STRING)
		return fail(r, n, e, "'%s': expected a string or a list of strings, found %s", what,
			    json_type_name(n->type));
	if (count == 0)
		return fail(r, n, e, "'%s': the list is empty", what);
	for (size_t i = 0; i < count; i++)
		if (read_glob(r, list ? &n->item[i] : n, what, how, &v[i], e) < 0)
			return -1;
	ret->v = v;
	ret->n = count;
	return 0;
}

/* Name or NotName: exactly one, unless it may be left out. */
static int read_either(const struct reader *r, const struct json_node *st, const char *name,
		       const char *not_name, bool optional, enum iam_variables how,
		       struct iam_globs *ret, struct err *e)
{
	const struct json_node *n = json_tree_get(st, name), *other = json_tree_get(st, not_name);

	*ret = (struct iam_globs){ .is_not = other != NULL };
	if (n && other)
		return fail(r, other, e, "it has '%s' and '%s'", name, not_name);
	if (!n && !other)
		return optional ? 0 : fail(r, st, e, "it lacks '%s'", name);
	return read_globs(r, n ? n : other, n ? name : not_name, how, ret, e);
}

/* Whom a statement of a bucket's own policy is for: everybody, or somebody who may be lokid. */
static bool is_everybody(const struct json_node *n)
{
	const struct json_node *aws = json_tree_get(n, "AWS");

	if (n->type == JSON_STRING)
		return bytes_is(n->text, "*");
	if (!aws)
		return false;
	if (aws->type == JSON_STRING)
		return bytes_is(aws->text, "*");
	for (uint32_t i = 0; aws->type == JSON_ARRAY && i < aws->n; i++)
		if (aws->item[i].type == JSON_STRING && bytes_is(aws->item[i].text, "*"))
			return true;
	return false;
}

/* What s3:prefix is compared with: NULL, the Condition asks for something else too, or in another
 * way. */
static const struct json_node *listing_of(const struct json_node *condition, bool *ret_like,
					  bool *ret_is_not)
{
	static const struct {
		const char *name;
		bool like, is_not;
	} operators[] = {
		{ "StringLike", true, false },
		{ "StringEquals", false, false },
		{ "StringNotLike", true, true },
		{ "StringNotEquals", false, true },
	};
	const struct json_node *op = condition->n == 1 ? &condition->item[0] : NULL;

	if (!op || op->type != JSON_OBJECT || op->n != 1 ||
	    !bytes_is(op->item[0].name, "s3:prefix"))
		return NULL;
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
		if (bytes_is(op->name, operators[i].name)) {
			*ret_like = operators[i].like;
			*ret_is_not = operators[i].is_not;
			return &op->item[0];
		}
	return NULL;
}

/* Without wildcards a pattern is what it says; an empty one stands for itself. False: it is none
 * that could be followed. */
static bool read_listing(const struct reader *r, const struct json_node *n, bool like,
			 struct iam_globs *ret)
{
	bool list = n->type == JSON_ARRAY;
	size_t count = list ? n->n : 1;
	struct iam_glob *v = arena_zalloc(&r->p->mem, (count + 1) * sizeof(*v));

	for (size_t i = 0; i < count; i++) {
		const struct json_node *one = list ? &n->item[i] : n;

		if (one->type != JSON_STRING)
			return false;
		for (size_t k = 0; !like && k < one->text.n; k++)
			if (strchr("*?$", one->text.p[k]))
				return false;
		v[i] = iam_glob_of(one->text, r->variables, &r->p->mem);
	}
	ret->v = v;
	ret->n = count;
	return count > 0;
}

static int read_conditions(const struct reader *r, const struct json_node *st,
			   struct iam_statement *ret, struct err *e)
{
	const struct json_node *who = json_tree_get(st, "Principal"),
			       *not_who = json_tree_get(st, "NotPrincipal"),
			       *if_what = json_tree_get(st, "Condition");
	bool like = false;

	if (if_what && if_what->type != JSON_OBJECT)
		return fail(r, if_what, e, "'Condition': expected an object, found %s",
			    json_type_name(if_what->type));
	ret->depends_on = if_what && if_what->n	      ? "its Condition"
			  : not_who		      ? "its NotPrincipal"
			  : who && !is_everybody(who) ? "its Principal"
						      : NULL;
	if (if_what && !not_who && (!who || is_everybody(who))) {
		const struct json_node *n = listing_of(if_what, &like, &ret->listing.is_not);

		ret->has_listing = n && read_listing(r, n, like, &ret->listing);
	}
	return 0;
}

static int read_effect(const struct reader *r, const struct json_node *st, bool *ret_allows,
		       struct err *e)
{
	const struct json_node *n = json_tree_get(st, "Effect");

	if (!n)
		return fail(r, st, e, "it lacks 'Effect'");
	if (n->type != JSON_STRING || (!bytes_is(n->text, "Allow") && !bytes_is(n->text, "Deny")))
		return fail(r, n, e, "'Effect': expected Allow or Deny, found %s%.*s%s",
			    n->type == JSON_STRING ? "'" : "",
			    n->type == JSON_STRING ? (int)n->text.n : 0,
			    n->type == JSON_STRING ? n->text.p : "",
			    n->type == JSON_STRING ? "'" : json_type_name(n->type));
	*ret_allows = bytes_is(n->text, "Allow");
	return 0;
}

static int read_statement(struct reader *r, const struct json_node *st, struct err *e)
{
	static const char *const names[] = { "Sid",	     "Effect",	    "Principal",
					     "NotPrincipal", "Action",	    "NotAction",
					     "Resource",     "NotResource", "Condition" };
	struct iam_statement s = { .file = r->file, .line = st->line, .number = ++r->number };
	const struct json_node *sid = json_tree_get(st, "Sid");
	bool trusts;

	if (st->type != JSON_OBJECT)
		return fail(r, st, e, "expected an object, found %s", json_type_name(st->type));
	if (check_names(r, st, names, sizeof(names) / sizeof(*names), e) < 0)
		return -1;
	if (sid && sid->type != JSON_STRING)
		return fail(r, sid, e, "'Sid': expected a string, found %s",
			    json_type_name(sid->type));
	if (sid)
		s.sid = sid->text;
	/* Who may take a role on is said without a resource. */
	trusts = json_tree_get(st, "Principal") || json_tree_get(st, "NotPrincipal");
	if (read_effect(r, st, &s.allows, e) < 0 ||
	    read_either(r, st, "Action", "NotAction", false, IAM_NO_VARIABLES, &s.action, e) < 0 ||
	    read_either(r, st, "Resource", "NotResource", trusts, r->variables, &s.resource, e) <
		    0 ||
	    read_conditions(r, st, &s, e) < 0)
		return -1;
	mem_grow(&r->p->v, &r->p->cap, r->p->n + 1, sizeof(*r->p->v));
	r->p->v[r->p->n++] = s;
	return 0;
}

static int read_version(struct reader *r, const struct json_node *doc, struct err *e)
{
	const struct json_node *n = json_tree_get(doc, "Version");

	r->variables = IAM_NO_VARIABLES; /* 2008-10-17 is what no version means */
	if (!n)
		return 0;
	if (n->type != JSON_STRING ||
	    (!bytes_is(n->text, "2012-10-17") && !bytes_is(n->text, "2008-10-17")))
		return fail(r, n, e, "'Version': expected \"2012-10-17\" or \"2008-10-17\"");
	if (bytes_is(n->text, "2012-10-17"))
		r->variables = IAM_VARIABLES;
	return 0;
}

static int read_document(struct reader *r, const struct json_node *doc, struct err *e)
{
	static const char *const names[] = { "Version", "Id", "Statement" };
	const struct json_node *st = json_tree_get(doc, "Statement");
	int rc = 0;

	r->number = 0;
	r->n_documents++;
	if (check_names(r, doc, names, sizeof(names) / sizeof(*names), e) < 0 ||
	    read_version(r, doc, e) < 0)
		return -1;
	if (st->type != JSON_ARRAY && st->type != JSON_OBJECT)
		return fail(r, st, e, "'Statement': expected an object or a list, found %s",
			    json_type_name(st->type));
	if (st->type == JSON_OBJECT)
		return read_statement(r, st, e);
	for (uint32_t i = 0; i < st->n && rc == 0; i++)
		rc = read_statement(r, &st->item[i], e);
	return rc;
}

static int read_any(struct reader *r, const struct json_node *n, unsigned depth, struct err *e);

/* What AWS's command line prints that is an object or a list: first what has documents in it. */
static const char *const known[] = {
	"PolicyVersion",	   "PolicyDocument", "Document",
	"RolePolicyList",	   "UserPolicyList", "GroupPolicyList",
	"PolicyVersionList",	   "UserDetailList", "GroupDetailList",
	"RoleDetailList",	   "Policies",	     "AssumeRolePolicyDocument",
	"AttachedManagedPolicies", "GroupList",	     "InstanceProfileList",
	"PermissionsBoundary",	   "RoleLastUsed",   "Tags"
};
/* Of VERSIONS that which is in effect; in DETAILS of a user, say, there may be no document. */
enum { VERSIONS = 6, DETAILS = 7, WRAPPERS = 11, KNOWN = sizeof(known) / sizeof(*known) };

/* Of the versions of a policy only the default one is in effect. */
static int read_versions(struct reader *r, const struct json_node *list, unsigned depth,
			 struct err *e)
{
	if (list->type != JSON_ARRAY)
		return read_any(r, list, depth, e);
	for (uint32_t i = 0; i < list->n; i++) {
		const struct json_node *is = json_tree_get(&list->item[i], "IsDefaultVersion");

		if ((!is || is->type != JSON_BOOL || !bytes_is(is->text, "false")) &&
		    read_any(r, &list->item[i], depth + 1, e) < 0)
			return -1;
	}
	return 0;
}

/* All documents in an object that AWS's command line prints, and nothing that looks like one. */
static int read_wrapped(struct reader *r, const struct json_node *n, unsigned depth, struct err *e)
{
	bool found = r->may_lack;

	for (uint32_t i = 0; i < n->n; i++) {
		const struct json_node *in = &n->item[i];
		size_t k = 0;

		while (k < WRAPPERS && !bytes_is(in->name, known[k]))
			k++;
		if (k == WRAPPERS)
			continue;
		found = true;
		r->may_lack = k >= DETAILS;
		if ((k == VERSIONS ? read_versions : read_any)(r, in, depth + 1, e) < 0)
			return -1;
	}
	for (uint32_t i = 0; found && i < n->n; i++) {
		const struct json_node one = { .n = 1, .item = &n->item[i] };

		r->number = 0;
		if ((one.item->type == JSON_OBJECT || one.item->type == JSON_ARRAY) &&
		    check_names(r, &one, known, KNOWN, e) < 0)
			return -1;
	}
	return found ? 0 : fail(r, n, e, "it lacks 'Statement'");
}

static int read_any(struct reader *r, const struct json_node *n, unsigned depth, struct err *e)
{
	const bool may_lack = r->may_lack;
	int rc = 0;

	r->number = 0;
	if (n->type == JSON_ARRAY && depth < WRAPPERS_MAX) {
		for (uint32_t i = 0; i < n->n && rc == 0; i++) {
			r->may_lack = may_lack;
			rc = read_any(r, &n->item[i], depth + 1, e);
		}
		return rc;
	}
	if (n->type != JSON_OBJECT)
		return fail(r, n, e, "expected a policy, which is an object, found %s",
			    json_type_name(n->type));
	if (json_tree_get(n, "Statement"))
		return read_document(r, n, e);
	return depth < WRAPPERS_MAX ? read_wrapped(r, n, depth, e)
				    : fail(r, n, e, "it lacks 'Statement'");
}

int iam_add(struct iam *p, struct bytes text, const char *file, struct err *e)
{
	struct reader r = { .p = p, .file = file };
	struct json_node root;
	size_t n_before = p->n;

	if (json_tree_parse(text, file, &p->mem, &root, e) < 0)
		return -1;
	if (read_any(&r, &root, 0, e) == 0) {
		if (r.n_documents)
			return 0;
		err_set(e, ERR_CORRUPT, "%s: there is no policy in it", file);
	}
	p->n = n_before;
	return -1;
}
